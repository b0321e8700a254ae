// Five series of 100,000 points on a canvas of 900 × 300: the console's chart, uPlot, and canvas calls
// by hand, which are the limit, in turns on one page. What is timed is the script and the painting of
// its pixels; the data is in each one's memory before.
import { readFileSync } from "node:fs";
import { join, resolve } from "node:path";
import { expect, test } from "@playwright/test";
import { percentile, tell } from "./figure.ts";

const ROUNDS = 21;
const WAYS = ["console", "uplot", "by_hand"] as const;
type Way = (typeof WAYS)[number];
type Took = { first: number; zoom: number };

const here = import.meta.dirname;
const built = process.env.PILOTHOUSE_CHART ?? resolve(here, "../../../target/chart-bench");
const files: Record<string, [string, string]> = {
  "/": [join(here, "chart.html"), "text/html"],
  "/chart.js": [join(built, "chart.js"), "text/javascript"],
  "/chart_bg.wasm": [join(built, "chart_bg.wasm"), "application/wasm"],
  "/uplot.js": [join(here, "../node_modules/uplot/dist/uPlot.iife.min.js"), "text/javascript"],
};

test("5 series of 100,000 points", async ({ page }) => {
  await page.route("http://bench.invalid/**", async (route) => {
    const file = files[new URL(route.request().url()).pathname];
    if (!file) return route.fulfill({ status: 404 });
    return route.fulfill({ body: readFileSync(file[0]), contentType: file[1] });
  });
  await page.goto("http://bench.invalid/");
  await expect(page.getByText("ready")).toBeVisible();

  const took: Record<Way, Took[]> = { console: [], uplot: [], by_hand: [] };
  // The first round is for the compilers.
  for (let round = 0; round <= ROUNDS; round += 1) {
    for (let turn = 0; turn < WAYS.length; turn += 1) {
      const way = WAYS[(turn + round) % WAYS.length];
      const times = await page.evaluate((way) => (window as unknown as { measure(way: string): Promise<Took> }).measure(way), way);
      if (round > 0) took[way].push(times);
    }
  }
  for (const part of ["first", "zoom"] as const) {
    const median = (way: Way) => percentile(took[way].map((times) => times[part]), 0.5);
    for (const way of WAYS) tell(`chart_500000_points_${part}_${way}_ms`, median(way));
    tell(`chart_500000_points_${part}_of_uplot`, median("console") / median("uplot"), { atMost: 0.55 });
    tell(`chart_500000_points_${part}_of_by_hand`, median("console") / median("by_hand"), { atMost: 1.15 });
  }
});
