// An org, a project and an environment at a glance: counts, what needs attention, what runs where, and
// what happened, for somebody who only looks.
import { type Locator, type Page } from "@playwright/test";
import { expect, type Platform, signIn, test as base } from "../platform.ts";

const ORG = "/o/glance";
const SHOP = `${ORG}/p/shop`;
const PRODUCTION = `${SHOP}/e/production`;
const SERVICES = "/workspaces/glance/projects/shop/services/";

/** A platform of its own with two projects, in which one service is down and one deploy has failed. */
const test = base.extend<object, { glance: Platform }>({
  glance: [
    async ({}, use) => {
      const { Platform } = await import("../platform.ts");
      const own = await Platform.start("simulated");
      await own.api("POST", "/workspaces/", { name: "Glance" });
      for (const name of ["Shop", "Blog"]) await own.api("POST", "/workspaces/glance/projects/", { name });
      await own.api("POST", "/orgs/glance/projects/shop/envs/", { name: "Staging", env_type: "staging" });
      await own.api("POST", SERVICES, { name: "cart", image: "shop:1", port: 8080 });
      await own.api("POST", SERVICES, { name: "jobs", image: "shop:crash", port: 8080 });
      await own.api("POST", "/workspaces/glance/projects/blog/services/", { name: "pages", image: "blog:1", port: 8080 });
      type Overview = { services: { state: string; count: number }[]; attention: unknown[] };
      const running = async () => {
        const { services } = await own.api<Overview>("GET", "/orgs/glance/overview");
        return services.map(({ state, count }) => `${count} ${state}`).join(", ");
      };
      await expect.poll(running, { timeout: 60_000 }).toBe("1 down, 2 running");
      await own.api("PATCH", "/workspaces/glance/projects/blog/services/pages", { image: "blog:missing" });
      const told = async () => (await own.api<Overview>("GET", "/orgs/glance/overview")).attention.length;
      await expect.poll(told, { timeout: 60_000 }).toBe(2);
      await use(own);
      await own.remove();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  page: async ({ page, glance }, use) => {
    await signIn(page, glance);
    await use(page);
  },
});

/** The framed part of a page with this title. */
const panel = (page: Page, title: string | RegExp): Locator =>
  page.locator("section").filter({ has: page.getByRole("heading", { level: 2, name: title }) });
const attention = (page: Page) => panel(page, /^Needs attention/);
const lines = (page: Page) => attention(page).getByRole("listitem");
const grid = (page: Page) => page.getByRole("table").filter({ has: page.getByRole("columnheader", { name: "Project" }) });
/** On a phone it is a card, and the table has no head. */
const project = (page: Page, name: string): Locator => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });

test("an organisation is the first page, and says what needs attention first", async ({ page, glance }) => {
  await page.goto(glance.url);
  await expect(page).toHaveURL(`${glance.url}${ORG}`);
  await expect(page.getByText("3 services: 1 down, 2 running")).toBeVisible();
  await expect(lines(page)).toHaveCount(2);
  await expect(lines(page).nth(0)).toContainText("Down");
  await expect(lines(page).nth(0)).toContainText("shop / production");
  await expect(lines(page).nth(0)).toContainText("exit code 1");
  await expect(lines(page).nth(1)).toContainText("Deploy failed");
  await expect(lines(page).nth(1)).toContainText("v2: ");

  await lines(page).getByRole("link", { name: "pages" }).click();
  await expect(page).toHaveURL(/\/p\/blog\/e\/production\/s\/pages\/releases\?release=2/);
  await page.goBack();
  await lines(page).getByRole("link", { name: "jobs" }).focus();
  await page.keyboard.press("Enter");
  await expect(page).toHaveURL(`${glance.url}${PRODUCTION}/s/jobs/overview`);
});

test("the grid leads from a project's environment to its services", async ({ page, glance }) => {
  await page.goto(glance.url + ORG);
  const shop = project(page, "Shop");
  await expect(shop.getByRole("cell").nth(0)).toContainText("Down");
  await expect(shop.getByRole("cell").nth(0)).toContainText("1 of 2");
  await expect(shop.getByRole("cell").nth(0)).toContainText(/jobs v1 failed, .* ago, harness|jobs v1 failed, now, harness/);
  await expect(shop.getByRole("cell").nth(1)).toContainText("No services");
  await expect(project(page, "Blog").getByRole("cell").nth(0)).toContainText("Running");

  await shop.getByRole("link", { name: /shop \/ production/ }).click();
  await expect(page).toHaveURL(`${glance.url}${PRODUCTION}/overview`);
  await expect(page.getByRole("heading", { level: 1 })).toHaveText("Overview");
  await expect(page.getByText("2 services: 1 down, 1 running").first()).toBeVisible();
  await expect(lines(page)).toHaveCount(1);
  const rail = page.getByRole("navigation", { name: "Projects and environments" });
  await expect(rail.getByRole("link", { name: "Overview" })).toHaveAttribute("aria-current", "page");
  await page.getByRole("main").getByRole("link", { name: "Services" }).click();
  await expect(page).toHaveURL(`${glance.url}${PRODUCTION}`);
});

test("a project shows its environments side by side", async ({ page, glance }) => {
  await page.goto(glance.url + SHOP);
  await expect(page.getByText("2 services: 1 down, 1 running").first()).toBeVisible();
  const production = panel(page, "Production");
  await expect(production.getByRole("link", { name: "jobs v1" })).toBeVisible();
  await expect(production).toContainText("by harness");
  await expect(panel(page, "Staging")).toContainText("Nothing runs here yet");
  await production.getByRole("link", { name: "Overview" }).click();
  await expect(page).toHaveURL(`${glance.url}${PRODUCTION}/overview`);
});

test("what changes shows by itself, and an empty organisation says what it is", async ({ page, glance }) => {
  await glance.api("POST", "/orgs/", { name: "Nobody" });
  await page.goto(`${glance.url}/o/nobody`);
  await expect(page.getByRole("heading", { name: "No project yet" })).toBeVisible();
  await page.getByRole("main").getByRole("button", { name: "New project" }).click();
  await expect(page.getByRole("dialog")).toBeVisible();
  await page.keyboard.press("Escape");
  await glance.api("POST", "/orgs/nobody/projects/", { name: "First" });
  await expect(project(page, "First")).toBeVisible({ timeout: 30_000 });
  await expect(attention(page)).toContainText("No service here yet");
});

test("a failure is told once, asked for again, and later ones leave what was known", async ({ page, glance }) => {
  const overview = /\/orgs\/glance\/overview$/;
  await page.route(overview, (route) => route.fulfill({ status: 500, contentType: "application/json", body: "{}" }));
  await page.goto(glance.url + ORG);
  const alert = page.getByRole("main").getByRole("alert");
  await expect(alert).toHaveCount(1);
  await page.unroute(overview);
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(lines(page)).toHaveCount(2);
  await page.route(overview, (route) => route.abort());
  await expect(attention(page).getByText(/^stale since/)).toBeVisible({ timeout: 30_000 });
  await expect(lines(page)).toHaveCount(2);
});

/** What a platform with many projects would say, of which far too much needs attention. */
function huge(projects: number): object {
  const environments = ["production", "staging", "development", "preview", "demo"];
  const names = Array.from({ length: projects }, (_, number) => `project-${String(number).padStart(3, "0")}`);
  const created = new Date(Date.now() - 3_600_000).toISOString();
  return {
    services: [{ state: "down", count: 200 }, { state: "running", count: projects * 50 - 200 }],
    more_attention: 100,
    attention: Array.from({ length: 100 }, (_, number) => ({
      concern: "down", project: names[0], environment: "production", service: `service-${number}`, name: `service-${number}`,
      since: created, why: "web.0: it ended with exit code 137, out of memory; next attempt in 12 s",
    })),
    cells: names.flatMap((name) =>
      environments.map((environment) => ({
        project: name, project_name: name, environment, environment_name: environment, env_type: environment, protected: false,
        state: "running", services: [{ state: "running", count: 10 }],
        deployment: { service: "api", name: "api", release: 14, state: "complete", created, by: "admin key" },
      })),
    ),
  };
}

test("a hundred projects stay readable, on a phone too", async ({ page, glance }) => {
  const body = JSON.stringify(huge(100));
  await page.route(/\/orgs\/glance\/overview$/, (route) => route.fulfill({ status: 200, contentType: "application/json", body }));
  await page.goto(glance.url + ORG);
  await expect(page.getByText("5,000 services: 200 down, 4,800 running")).toBeVisible();
  await expect(page.getByRole("heading", { name: "Needs attention · 200" })).toBeVisible();
  await expect(lines(page)).toHaveCount(6);
  await page.getByRole("button", { name: "Show all 100" }).click();
  await expect(lines(page)).toHaveCount(100);
  await expect(attention(page)).toContainText("100 more reasons");
  await page.getByRole("button", { name: "Show fewer" }).click();
  await expect(lines(page)).toHaveCount(6);

  await expect(grid(page).getByRole("row")).toHaveCount(101);
  await page.getByRole("searchbox", { name: "Filter projects" }).fill("042");
  await expect(grid(page).getByRole("row")).toHaveCount(2);
  await expect(page).toHaveURL(/q=042/);
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(project(page, "project-042")).toContainText("development");
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
});
