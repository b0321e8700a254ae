// Charts of series that are known to the last digit: an hour of one service, with a gap, a spike, a
// release and a crash.
import { type Locator, type Page } from "@playwright/test";
import { expect, type Platform, signIn } from "./platform.ts";

export type Point = [string, number];
export type Series = { status: "success"; unit: string; step: number; points: Point[] } | { status: "error"; message: string };

const SERVICES = "/workspaces/charted/projects/shop/services/";
export const SERVICE = "/o/charted/p/shop/e/production/s/cart";
export const METRICS = /\/services\/cart\/metrics\b/;
export const EVENTS = /\/services\/cart\/events\b/;
/** 2026-04-22 14:00:00 UTC, and an hour of points from then on. */
export const START = Date.UTC(2026, 3, 22, 14);
export const HOUR = "start=2026-04-22T14:00:00Z&end=2026-04-22T15:00:00Z";

export const at = (second: number) => new Date(START + second * 1_000).toISOString().replace(".000", "");

/** A point every 5 seconds, with a gap of five minutes and one spike. */
export const points = (value: (place: number) => number): Point[] =>
  Array.from({ length: 720 }, (_, place) => [at(place * 5), value(place)] as Point).filter((_, place) => place < 300 || place >= 360);

export const success = (unit: string, points: Point[]): Series => ({ status: "success", unit, step: 5, points });

export const SERIES: Record<string, Series> = {
  cpu_usage: success("cores", points((place) => (place === 500 ? 0.98 : 0.25 + Math.sin(place / 40) / 10))),
  memory_usage: success("bytes", points((place) => 400 * 1024 * 1024 + place * 65_536)),
  request_rate: success("requests per second", points((place) => 40 + (place % 7))),
  error_rate: { status: "error", message: "The samples of errors can't be read." },
  latency_p95: success("seconds", []),
};

/** The services whose charts are looked at. */
export async function fill(platform: Platform): Promise<void> {
  const known = await platform.api<{ slug: string }[]>("GET", "/orgs/");
  if (known.some(({ slug }) => slug === "charted")) return;
  await platform.api("POST", "/workspaces/", { name: "Charted" });
  await platform.api("POST", "/workspaces/charted/projects/", { name: "Shop" });
  await platform.api("POST", SERVICES, { name: "cart", image: "shop:1", port: 8080, instances: 2, domains: ["charted.localhost"] });
  await platform.api("POST", SERVICES, { name: "worker", image: "shop:1", port: 8080 });
  await platform.api("POST", SERVICES, { name: "paused", image: "shop:1", port: 8080, instances: 0 });
  await platform.api("POST", "/orgs/charted/projects/shop/envs/production/services/", { name: "described", platform: "wind", image: "shop:1" });
}

/** The tab with series that are known to the last digit. */
export async function open(page: Page, platform: Platform, query = HOUR): Promise<void> {
  await fill(platform);
  await page.route(METRICS, (route) => route.fulfill({ json: SERIES }));
  await page.route(EVENTS, (route) =>
    route.fulfill({
      json: {
        events: [
          { id: "2", kind: "crashed", timestamp: at(2_500), message: "web.1 ended with exit code 137.", release_version: 88 },
          { id: "1", kind: "deployed", timestamp: at(2_400), message: "v88 was deployed.", release_version: 88 },
        ],
      },
    }),
  );
  await signIn(page, platform);
  await page.goto(`${platform.url}${SERVICE}/metrics?${query}`);
  await expect(cpu(page)).toBeVisible();
  await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
}

export const chart = (page: Page, name: string) => page.getByRole("application", { name, exact: true });
export const cpu = (page: Page) => chart(page, "CPU");
export const panel = (page: Page, name: string) => page.getByRole("region", { name, exact: true });

/** Drags over a chart, from one share of its width to another. */
export async function drag(page: Page, on: Locator, from: number, to: number): Promise<void> {
  const box = await on.boundingBox();
  if (!box) throw new Error("the chart is not there");
  const place = (share: number) => box.x + 44 + (box.width - 54) * share;
  await page.mouse.move(place(from), box.y + 80);
  await page.mouse.down();
  await page.mouse.move(place((from + to) / 2), box.y + 90);
  await page.mouse.move(place(to), box.y + 80);
  await page.mouse.up();
}
