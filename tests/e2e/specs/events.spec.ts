// What happened to a service, and what its release changed: told as it happens, with links that lead there.
import { AxeBuilder } from "@axe-core/playwright";
import { type Page } from "@playwright/test";
import { expect, type Platform, signIn, test } from "../platform.ts";

const SERVICES = "/workspaces/told/projects/shop/services";
const PAGE = "/o/told/p/shop/e/production/s/cart";

const axe = async (page: Page) => expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

async function fill(platform: Platform): Promise<void> {
  const known = await platform.api<{ slug: string }[]>("GET", "/orgs/");
  if (known.some(({ slug }) => slug === "told")) return;
  await platform.api("POST", "/workspaces/", { name: "Told" });
  await platform.api("POST", "/workspaces/told/projects/", { name: "Shop" });
  await platform.api("POST", `${SERVICES}/`, { name: "cart", image: "registry.example/team/cart:1", port: 8080, domains: ["told.localhost"] });
}

const panel = (page: Page, title: string) => page.locator("section.panel").filter({ has: page.getByRole("heading", { name: title }) });

test.beforeEach(async ({ page, platform }) => {
  await fill(platform);
  await signIn(page, platform);
});

test("what happens to a service is told as it happens", async ({ page, platform }) => {
  await page.goto(`${platform.url}${PAGE}/overview`);
  const feed = panel(page, "Last events");
  await expect(feed.getByRole("listitem").filter({ hasText: "Release v1 was deployed." })).toBeVisible();
  await expect(feed.getByRole("listitem").filter({ hasText: "The service was described." })).toContainText("harness");

  await page.getByRole("button", { name: "Scale" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Instances").fill("3");
  await dialog.getByRole("button", { name: "Scale" }).click();
  const scaled = feed.getByRole("listitem").filter({ hasText: "Instances: web 1 → 3." });
  await expect(scaled).toBeVisible();
  // Who, and exactly when on hover.
  await expect(scaled).toContainText("e2e");
  await expect(scaled.locator("time")).toHaveAttribute("title", /^\d{4}-\d{2}-\d{2} \d{2}:\d{2}:\d{2}/);

  // What fails over and over is one line.
  await platform.api("PATCH", `${SERVICES}/cart`, { image: "registry.example/team/cart:crash" });
  const crashed = feed.getByRole("listitem").filter({ hasText: "Crashed" });
  await expect(feed.getByRole("listitem").filter({ hasText: "Deploy failed" })).toBeVisible({ timeout: 60_000 });
  await expect(crashed.first()).toContainText(/web\.\d crashed/);
  await axe(page);

  await feed.getByRole("link", { name: "v1" }).last().click();
  await expect(page).toHaveURL(/\/releases\?release=1$/);
  await expect(page.getByRole("heading", { name: "Release v1" })).toBeVisible();
});

test("many events are shown a few at first", async ({ page, platform }) => {
  for (let count = 0; count < 10; count += 1) {
    await platform.api("POST", `${SERVICES}/cart/config`, { name: "COUNT", value: `${count}` });
  }
  await page.goto(`${platform.url}${PAGE}/overview`);
  const feed = panel(page, "Last events");
  await expect(feed.getByRole("listitem")).toHaveCount(8);
  await expect(feed.getByRole("listitem").first()).toContainText("The variable COUNT changed.");
  await feed.getByRole("button", { name: /more$/ }).click();
  await expect(feed.getByRole("listitem").filter({ hasText: "The service was described." })).toBeVisible();
  // A value is in none of them.
  await expect(feed).not.toContainText(/COUNT=/);
});

test("a platform that tells no events has no such panel", async ({ page, platform }) => {
  await page.route(/\/services\/cart\/events/, (route) =>
    route.fulfill({ status: 404, contentType: "application/json", body: '{"status":404,"message":"There is no such address.","code":"not_found"}' }),
  );
  await page.goto(`${platform.url}${PAGE}/overview`);
  await expect(page.getByRole("heading", { name: "Description" })).toBeVisible();
  await expect(page.getByRole("heading", { name: "Last events" })).toHaveCount(0);
});

/** Half an hour before and after, in which errors became many. */
const WORSE = {
  release: 2,
  state: "worse",
  sentence:
    "Since v2, 30 min against the 30 min of v1 before: errors 0.2 % → 3.1 % (4 of 2,010 before, 62 of 2,004 after; Fisher's exact test, p < 0.001), p95 120 → 118 ms (no difference seen), memory +3 %, 2 restarts (before: 0).",
  previous: 1,
  serves: true,
  before: { start: "2026-04-22T15:00:00Z", end: "2026-04-22T15:30:00Z", release: 1, counted: true, requests: 2010, errors: 4, latency_p95: 0.12, memory: 200e6 },
  after: { start: "2026-04-22T15:31:00Z", end: "2026-04-22T16:01:00Z", release: 2, counted: true, requests: 2004, errors: 62, latency_p95: 0.118, memory: 206e6, restarts: 2 },
  errors: { finding: "worse", test: "fisher_exact", p_value: 1e-14 },
  latency: { finding: "none_seen", test: "quantile", p_value: 0.6 },
  restarts: { finding: "too_little", test: "binomial", p_value: 0.5 },
};

test("what a release changed is said in words, with its figures", async ({ page, platform }) => {
  await page.goto(`${platform.url}${PAGE}/releases?release=1`);
  const first = panel(page, "What v1 changed");
  await expect(first).toContainText("Nothing to compare with");
  await expect(first).toContainText("v1 is the first release that served");

  await page.route(/\/releases\/\d+\/verdict/, (route) =>
    route.fulfill({ status: 200, contentType: "application/json", body: JSON.stringify(WORSE) }),
  );
  await page.goto(`${platform.url}${PAGE}/overview`);
  const running = panel(page, "What v1 changed");
  await expect(running).toContainText("Worse than before");
  await expect(running).toContainText(WORSE.sentence);
  await axe(page);

  await running.getByRole("link", { name: "Figures" }).click();
  const figures = panel(page, "What v1 changed").getByRole("table");
  await expect(figures.getByRole("row", { name: /^Errors/ })).toContainText("62, 3.1 %");
  await expect(figures.getByRole("row", { name: /^Errors/ })).toContainText("Fisher's exact test, p < 0.001");
  await axe(page);
});
