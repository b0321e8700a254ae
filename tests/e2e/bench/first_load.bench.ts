// What a first visit waits for: the frame's paint before the wasm, the list, and what moves.
import { type Page } from "@playwright/test";
import { expect, signIn, test } from "../platform.ts";
import { percentile, tell } from "./figure.ts";

const VISITS = 5;

test("a first visit", async ({ page, browser, platform }) => {
  await platform.api("POST", "/workspaces/", { name: "First" });
  await platform.api("POST", "/workspaces/first/projects/", { name: "Shop" });
  for (const name of ["cart", "catalog", "checkout"]) {
    await platform.api("POST", "/workspaces/first/projects/shop/services/", { name, image: "shop:1", port: 8080 });
  }
  await signIn(page, platform);
  const storageState = await page.context().storageState();

  const paints: number[] = [];
  const shifts: number[] = [];
  for (let visit = 0; visit < VISITS; visit += 1) {
    const context = await browser.newContext({ storageState, viewport: { width: 1440, height: 900 } });
    const fresh = await context.newPage();
    await fresh.addInitScript(() => {
      const shifted = { total: 0 };
      Object.assign(window, { shifted });
      new PerformanceObserver((list) => {
        for (const entry of list.getEntries()) shifted.total += (entry as unknown as { value: number }).value;
      }).observe({ type: "layout-shift", buffered: true });
    });
    // The wasm sets out when the page has painted: the first paint is the static frame's.
    await fresh.route("**/*_bg.wasm", async (route) => {
      paints.push(await firstPaint(fresh));
      await route.continue();
    });
    await fresh.goto(`${platform.url}/o/first/p/shop/e/production`);
    await expect(fresh.getByRole("link", { name: "checkout" })).toBeVisible();
    shifts.push(await fresh.evaluate(() => (window as unknown as { shifted: { total: number } }).shifted.total));
    await context.close();
  }
  tell("first_paint_without_wasm_ms", percentile(paints, 0.5));
  tell("layout_shift", Math.max(...shifts), { atMost: 0 });
});

/** Milliseconds until the page's first paint, as soon as there was one. */
async function firstPaint(page: Page): Promise<number> {
  const painted = await page.waitForFunction(() => performance.getEntriesByName("first-contentful-paint")[0]?.startTime);
  return painted.jsonValue() as Promise<number>;
}
