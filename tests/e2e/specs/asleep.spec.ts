// A tab that nobody looks at for an hour: it asks nothing, and is up to date at once when it is seen
// again, with the window moved on.
import { type Page } from "@playwright/test";
import { fill, METRICS, SERVICE } from "../charts.ts";
import { expect, signIn, test } from "../platform.ts";
import { visit } from "../traffic.ts";

const HOUR = 3_600_000;

/** Hides the tab, or shows it, as the browser would. */
const look = (page: Page, isSeen: boolean) =>
  page.evaluate((isSeen) => {
    Object.defineProperty(document, "visibilityState", { configurable: true, value: isSeen ? "visible" : "hidden" });
    Object.defineProperty(document, "hidden", { configurable: true, value: !isSeen });
    document.dispatchEvent(new Event("visibilitychange", { bubbles: true }));
  }, isSeen);

const TABS = [
  { tab: "metrics", asked: METRICS, shows: (page: Page) => expect(page.getByRole("region", { name: "CPU" })).toContainText(/max\d/) },
  { tab: "logs", asked: /\/services\/cart\/logs\b/, shows: (page: Page) => expect(page.getByText(/lines? loaded, live/)).toBeVisible() },
  { tab: "requests", asked: /\/services\/cart\/access-logs\b/, shows: (page: Page) => expect(page.getByRole("table", { name: "Requests" })).toBeVisible() },
];

for (const { tab, asked, shows } of TABS) {
  test(`${tab} after an hour`, async ({ page, platform }) => {
    await fill(platform);
    // Until ingress knows the host it answers 404.
    await expect.poll(() => visit(platform.ingress, "charted.localhost", "/")).toBe(503);
    const service = "/orgs/charted/projects/shop/envs/production/services/cart";
    type Metrics = { cpu_usage: { points: unknown[] } };
    await expect.poll(async () => (await platform.api<Metrics>("GET", `${service}/metrics`)).cpu_usage.points.length, { timeout: 60_000 }).toBeGreaterThan(0);
    await page.clock.install();
    await signIn(page, platform);
    await page.goto(`${platform.url}${SERVICE}/${tab}`);
    await shows(page);

    await look(page, false);
    // What was under way may still land.
    await page.waitForLoadState("networkidle");
    let times = 0;
    page.on("request", (request) => {
      if (asked.test(request.url())) times += 1;
    });
    await page.clock.fastForward(HOUR);
    await page.waitForLoadState("networkidle");
    expect(times, "nobody looks").toBe(0);

    const [answer] = await Promise.all([page.waitForResponse(asked), look(page, true)]);
    expect(answer.status()).toBe(200);
    await expect(page.locator(".fresh").first()).toHaveText(/^now/);
    await expect(page.locator(".fresh.stale")).toHaveCount(0);
    expect(times, "once, not once for each time that was missed").toBe(1);
  });
}
