// 10,000 services in one environment: the list over HTTP, and the table in the browser.
import { type Page } from "@playwright/test";
import { expect, type Platform, signIn, test } from "../platform.ts";
import { percentile, scriptSeconds, tell } from "./figure.ts";

const SERVICES = 10_000;
const AT_ONCE = 16;
const LISTS = 100;
/** So many times the filter is typed: what else the machine does must not decide. */
const ROUNDS = 5;
const LIST = "/orgs/many/projects/shop/envs/production/services/";

test("10,000 services", async ({ page, platform }) => {
  await platform.api("POST", "/workspaces/", { name: "Many" });
  await platform.api("POST", "/workspaces/many/projects/", { name: "Shop" });
  await createAll(platform);
  await expect
    .poll(async () => (await platform.api<{ status?: { state: string } }[]>("GET", LIST)).filter((one) => one.status?.state === "running").length, {
      timeout: 600_000,
      intervals: [5_000],
    })
    .toBe(SERVICES);

  const took = await times(LISTS, () => platform.read(LIST));
  tell("list_10000_services_p50_ms", percentile(took, 0.5), "at most 60");
  const glances = await times(LISTS, () => platform.read("/orgs/many/overview"));
  tell("overview_10000_services_p50_ms", percentile(glances, 0.5), "at most 60");

  await signIn(page, platform);
  await page.goto(`${platform.url}/o/many/p/shop/e/production`);
  await expect(page.getByText(/^10,?000 services/).first()).toBeVisible();

  const scripts = await medians(ROUNDS, () => keystrokes(page, "web-4711"));
  tell("table_10000_filter_script_p50_ms", percentile(scripts, 0.5), "at most 16");
  tell("table_10000_filter_script_worst_ms", Math.max(...scripts), "at most 16");
  tell("table_10000_frames_without_rows", await emptyFrames(page), "0");
});

async function createAll(platform: Platform): Promise<void> {
  const numbers = Array.from({ length: SERVICES }, (_, number) => number).values();
  const worker = async () => {
    for (const number of numbers) {
      const body = { name: `web-${number}`, image: "shop:1", port: 8080 };
      await platform.api("POST", "/workspaces/many/projects/shop/services/", body);
    }
  };
  await Promise.all(Array.from({ length: AT_ONCE }, worker));
}

/** Milliseconds that each of so many calls takes. */
async function times(count: number, call: () => Promise<unknown>): Promise<number[]> {
  const took: number[] = [];
  for (let number = 0; number < count; number += 1) {
    const started = performance.now();
    await call();
    took.push(performance.now() - started);
  }
  return took;
}

/** The median of each place over so many rows of figures. */
async function medians(count: number, row: () => Promise<number[]>): Promise<number[]> {
  const rows: number[][] = [];
  while (rows.length < count) rows.push(await row());
  return rows[0].map((_, place) => percentile(rows.map((figures) => figures[place]), 0.5));
}

/** Milliseconds of script that each key of a text costs in the filter, which is empty again then. */
async function keystrokes(page: Page, text: string): Promise<number[]> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  await page.getByRole("searchbox").focus();
  const costs: number[] = [];
  for (const key of text) {
    const before = await scriptSeconds(session);
    await page.keyboard.press(key);
    await nextFrames(page);
    costs.push((await scriptSeconds(session)) * 1_000 - before * 1_000);
  }
  await page.getByRole("searchbox").fill("");
  await expect(page.getByRole("table")).toHaveAttribute("aria-rowcount", `${SERVICES + 1}`);
  return costs;
}

async function nextFrames(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/** Frames of a quick scroll in which the middle of the window shows no row. */
async function emptyFrames(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const frame = () => new Promise((done) => requestAnimationFrame(done));
    let empty = 0;
    for (let step = 0; step < 300; step += 1) {
      scrollBy(0, 900);
      await frame();
      const row = document.elementFromPoint(innerWidth / 2, innerHeight / 2)?.closest("tr");
      if (!row || row.classList.contains("gap")) empty += 1;
    }
    return empty;
  });
}
