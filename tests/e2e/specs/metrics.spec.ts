// The charts of a service: on one axis that the address holds, by pointer and by keyboard, as numbers
// and as files, and what they say where there is no line.
import { readFileSync } from "node:fs";
import { type Locator, type Page } from "@playwright/test";
import { expect, type Platform, signIn, test } from "../platform.ts";

type Point = [string, number];
type Series = { status: "success"; unit: string; step: number; points: Point[] } | { status: "error"; message: string };

const SERVICES = "/workspaces/charted/projects/shop/services/";
const SERVICE = "/o/charted/p/shop/e/production/s/cart";
const METRICS = /\/services\/cart\/metrics\b/;
const EVENTS = /\/services\/cart\/events\b/;
/** 2026-04-22 14:00:00 UTC, and an hour of points from then on. */
const START = Date.UTC(2026, 3, 22, 14);
const HOUR = "start=2026-04-22T14:00:00Z&end=2026-04-22T15:00:00Z";

const at = (second: number) => new Date(START + second * 1_000).toISOString().replace(".000", "");

/** A point every 5 seconds, with a gap of five minutes and one spike. */
const points = (value: (place: number) => number): Point[] =>
  Array.from({ length: 720 }, (_, place) => [at(place * 5), value(place)] as Point).filter((_, place) => place < 300 || place >= 360);

const success = (unit: string, points: Point[]): Series => ({ status: "success", unit, step: 5, points });

const SERIES: Record<string, Series> = {
  cpu_usage: success("cores", points((place) => (place === 500 ? 0.98 : 0.25 + Math.sin(place / 40) / 10))),
  memory_usage: success("bytes", points((place) => 400 * 1024 * 1024 + place * 65_536)),
  request_rate: success("requests per second", points((place) => 40 + (place % 7))),
  error_rate: { status: "error", message: "The samples of errors can't be read." },
  latency_p95: success("seconds", []),
};

test.use({ timezoneId: "UTC" });

async function fill(platform: Platform): Promise<void> {
  const known = await platform.api<{ slug: string }[]>("GET", "/orgs/");
  if (known.some(({ slug }) => slug === "charted")) return;
  await platform.api("POST", "/workspaces/", { name: "Charted" });
  await platform.api("POST", "/workspaces/charted/projects/", { name: "Shop" });
  await platform.api("POST", SERVICES, { name: "cart", image: "shop:1", port: 8080, instances: 2, domains: ["charted.localhost"] });
  await platform.api("POST", SERVICES, { name: "worker", image: "shop:1", port: 8080 });
}

/** The tab with series that are known to the last digit. */
async function open(page: Page, platform: Platform, query = HOUR): Promise<void> {
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

const chart = (page: Page, name: string) => page.getByRole("application", { name, exact: true });
const cpu = (page: Page) => chart(page, "CPU");
const panel = (page: Page, name: string) => page.getByRole("region", { name, exact: true });

async function drag(page: Page, on: Locator, from: number, to: number): Promise<void> {
  const box = await on.boundingBox();
  if (!box) throw new Error("the chart is not there");
  const place = (share: number) => box.x + 44 + (box.width - 54) * share;
  await page.mouse.move(place(from), box.y + 80);
  await page.mouse.down();
  await page.mouse.move(place((from + to) / 2), box.y + 90);
  await page.mouse.move(place(to), box.y + 80);
  await page.mouse.up();
}

const window = (page: Page) => {
  const { searchParams } = new URL(page.url());
  return ["start", "end"].map((name) => (Date.parse(searchParams.get(name) ?? "") - START) / 1_000) as [number, number];
};

test("each chart tells its figures, or its own error", async ({ page, platform }) => {
  await open(page, platform);
  await expect(panel(page, "CPU")).toContainText("max0.98");
  await expect(panel(page, "Memory")).toContainText("MiB");
  await expect(panel(page, "Errors")).toContainText("The samples of errors can't be read.");
  await expect(panel(page, "Latency")).toContainText("It did not exist yet in this window.");
  await expect(cpu(page)).toHaveAttribute("aria-description", /^Between .* One gap, in which nothing was measured\./);
  await expect(panel(page, "Span")).toContainText("web.1 ended with exit code 137.");
  await expect(panel(page, "Span")).toContainText("v88 was deployed.");
});

test("a drag zooms, each zoom is a step back, and a double click takes it", async ({ page, platform }) => {
  await open(page, platform);
  await drag(page, cpu(page), 0.25, 0.5);
  await expect(page).not.toHaveURL(/end=2026-04-22T15:00:00Z/);
  const [start, end] = window(page);
  expect(Math.abs(start - 900)).toBeLessThan(30);
  expect(Math.abs(end - 1_800)).toBeLessThan(30);
  // What is fetched anew resets no zoom.
  const fetched = page.waitForResponse(METRICS);
  await page.getByRole("button", { name: "Refresh" }).first().click();
  await fetched;
  await expect(panel(page, "CPU")).toContainText("max");
  expect(window(page)).toEqual([start, end]);

  await drag(page, cpu(page), 0.1, 0.9);
  await expect.poll(() => window(page)[0]).toBeGreaterThan(start);
  await page.goBack();
  await expect.poll(() => window(page)).toEqual([start, end]);
  await cpu(page).dblclick();
  await expect.poll(() => window(page)).toEqual([0, 3_600]);
  // Nothing here was zoomed any more: a window that a link brought gives way to the usual one.
  await cpu(page).dblclick();
  await expect(page).not.toHaveURL(/start=/);
  await page.goBack();
  await expect.poll(() => window(page)).toEqual([0, 3_600]);
});

test("a selected span leads to its logs and requests", async ({ page, platform }) => {
  await open(page, platform);
  await page.keyboard.down("Shift");
  await drag(page, chart(page, "Memory"), 0.5, 0.75);
  await page.keyboard.up("Shift");
  const span = panel(page, "Span");
  await expect(span).toContainText("Selected: 2026-04-22 14:30:");
  expect(window(page)).toEqual([0, 3_600]);
  for (const name of ["Logs of this span", "Requests of this span"]) {
    await expect(span.getByRole("link", { name })).toHaveAttribute("href", /\?start=2026-04-22T14%3A(29|30)%3A\d\dZ&end=2026-04-22T14%3A(44|45)%3A\d\dZ$/);
  }
  await span.getByRole("button", { name: "Zoom" }).click();
  await expect.poll(() => Math.abs(window(page)[0] - 1_800)).toBeLessThan(30);
  await span.getByRole("link", { name: "Logs of this span" }).click();
  await expect(page).toHaveURL(/\/logs\?start=2026-04-22T14/);
});

test("the keyboard reads the values, selects, zooms and goes back", async ({ page, platform }) => {
  await open(page, platform);
  await cpu(page).focus();
  const told = page.locator("[aria-live=polite]").filter({ hasText: "cores" });
  await page.keyboard.press("Home");
  await expect(told).toHaveText("14:00:00: 0.25 cores");
  await page.keyboard.press("ArrowRight");
  await expect(told).toHaveText(/^14:00:05: 0\.25/);
  await page.keyboard.press("End");
  await expect(told).toHaveText(/^14:59:55: /);
  await page.keyboard.press("Shift+PageUp");
  await expect(panel(page, "Span")).toContainText("Selected:");
  await page.keyboard.press("Enter");
  await expect.poll(() => window(page)[0]).toBeGreaterThan(3_000);
  await page.keyboard.press("Backspace");
  await expect.poll(() => window(page)).toEqual([0, 3_600]);
});

test("the numbers as a table, and as a file", async ({ page, platform }) => {
  await open(page, platform);
  await page.getByRole("button", { name: "Table", exact: true }).click();
  await expect(page).toHaveURL(/view=table/);
  const table = page.getByRole("table", { name: "Metrics" });
  await expect(table).toHaveAttribute("aria-rowcount", "661");
  const first = table.getByRole("row").nth(1);
  await expect(first).toContainText("14:59:55");
  await expect(first).toContainText("45 /s");

  const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV", exact: true }).click()]);
  expect(saved.suggestedFilename()).toBe("cart-metrics.csv");
  const [head, ...rows] = readFileSync(await saved.path(), "utf8").trim().split("\r\n");
  expect(head).toBe("time,cpu_usage,memory_usage,request_rate,latency_p95");
  const column = (name: string) => (SERIES[name] as Extract<Series, { status: "success" }>).points;
  expect(rows.length).toBe(660);
  rows.forEach((row, place) => {
    const [time, ...values] = row.split(",");
    expect(Date.parse(time)).toBe(Date.parse(column("cpu_usage")[place][0]));
    // Numbers are read to the last digit but one.
    ["cpu_usage", "memory_usage", "request_rate"].forEach((name, at) => expect(Number(values[at])).toBeCloseTo(column(name)[place][1], 12));
    expect(values[3]).toBe("");
  });
});

test("a chart as a picture", async ({ page, platform }) => {
  await open(page, platform);
  await page.getByRole("button", { name: "Save CPU" }).click();
  const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "As PNG" }).click()]);
  expect(saved.suggestedFilename()).toBe("cart-cpu_usage.png");
  expect([...readFileSync(await saved.path()).subarray(1, 4)].map((byte) => String.fromCharCode(byte)).join("")).toBe("PNG");
});

test("a window to come, one that is refused, one of a year", async ({ page, platform }) => {
  await fill(platform);
  await signIn(page, platform);
  await page.goto(`${platform.url}${SERVICE}/metrics?start=2100-01-01T00:00:00Z&end=2100-01-02T00:00:00Z`);
  await expect(panel(page, "CPU")).toContainText("This window is still to come.");
  await page.goto(`${platform.url}${SERVICE}/metrics?start=2026-01-02T00:00:00Z&end=2026-01-01T00:00:00Z`);
  await expect(page.getByRole("alert")).toContainText("The start must be before the end.");
  const year = new Date(Date.now() - 365 * 86_400_000).toISOString();
  await page.goto(`${platform.url}${SERVICE}/metrics?start=${year}`);
  await expect(panel(page, "CPU")).toContainText(/max\d/, { timeout: 60_000 });
});

test("a service without a domain needs one for what comes through it", async ({ page, platform }) => {
  await fill(platform);
  await signIn(page, platform);
  await page.goto(`${platform.url}${SERVICE.replace("cart", "worker")}/metrics`);
  await expect(panel(page, "Requests")).toContainText("Requests are counted at a domain.");
  await panel(page, "Requests").getByRole("link", { name: "Add a domain in Settings" }).click();
  await expect(page).toHaveURL(/\/s\/worker\/settings$/);
});

test("what the platform measures is drawn as it comes", async ({ page, platform }) => {
  await fill(platform);
  await signIn(page, platform);
  await page.goto(`${platform.url}${SERVICE}/metrics?window=15m`);
  await expect(panel(page, "CPU")).toContainText(/now\d/, { timeout: 60_000 });
  const [answer] = await Promise.all([page.waitForResponse(METRICS), page.getByRole("button", { name: "Refresh" }).first().click()]);
  const { cpu_usage } = (await answer.json()) as { cpu_usage: { points: Point[] } };
  const greatest = Math.max(...cpu_usage.points.map(([, value]) => value));
  await expect(panel(page, "CPU")).toContainText(`max${Number(greatest.toPrecision(3))}`);
});
