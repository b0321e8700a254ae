// The charts of a service: on one axis that the address holds, by pointer and by keyboard, as numbers
// and as files, and what they say where there is no line.
import { readFileSync } from "node:fs";
import { type Page } from "@playwright/test";
import { chart, cpu, drag, fill, METRICS, open, panel, type Point, SERIES, type Series, SERVICE, START } from "../charts.ts";
import { cutReplies } from "../cut.ts";
import { expect, signIn, test } from "../platform.ts";
import { visit } from "../traffic.ts";

test.use({ timezoneId: "UTC" });

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
  await expect(span).toContainText(/Selected: (Apr 22|2026-04-22) 14:30:/);
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
  await expect(told).toHaveText(/(Apr 22|2026-04-22) 14:00:00: 0\.25 cores/);
  await page.keyboard.press("ArrowRight");
  await expect(told).toHaveText(/ 14:00:05: 0\.25/);
  await page.keyboard.press("End");
  await expect(told).toHaveText(/ 14:59:55: /);
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
  // An answer that another poll gives up has no body.
  await expect(async () => {
    const [answer] = await Promise.all([page.waitForResponse(METRICS), page.getByRole("button", { name: "Refresh" }).first().click()]);
    const { cpu_usage } = (await answer.json()) as { cpu_usage: { points: Point[] } };
    const greatest = Math.max(...cpu_usage.points.map(([, value]) => value));
    await expect(panel(page, "CPU")).toContainText(`max${Number(greatest.toPrecision(3))}`, { timeout: 3_000 });
  }).toPass();
});

test("what came through the domain is what the charts, the file and the list count", async ({ page, platform }) => {
  await fill(platform);
  const host = "counted.localhost";
  await platform.api("POST", "/workspaces/charted/projects/shop/services/", { name: "counted", image: "shop:1", port: 8080, domains: [host] });
  const rates = async () => {
    const path = "/orgs/charted/projects/shop/envs/production/services/counted/metrics?since=900&step=5";
    const { request_rate } = await platform.api<{ request_rate: Extract<Series, { status: "success" }> }>("GET", path);
    return request_rate.points.map(([, rate]) => rate * request_rate.step);
  };
  // The first point of a platform that has just begun may be of less than a step.
  await expect.poll(async () => (await rates()).length, { timeout: 60_000 }).toBeGreaterThan(0);
  // Until ingress knows the host it answers 404; its instances are simulated, and answer nothing.
  await expect.poll(() => visit(platform.ingress, host, "/first")).toBe(503);
  const more = 60;
  for (let sent = 0; sent < more; sent += 1) expect(await visit(platform.ingress, host, `/more/${sent}`)).toBe(503);
  const rows = async () => (await platform.api<{ rows: unknown[] }>("GET", "/orgs/charted/projects/shop/envs/production/services/counted/access-logs")).rows.length;
  const all = await rows();
  expect(all).toBeGreaterThan(more);
  const count = async () => Math.round((await rates()).reduce((sum, one) => sum + one, 0));
  await expect.poll(count, { timeout: 60_000 }).toBe(all);

  await signIn(page, platform);
  const address = `${platform.url}${SERVICE.replace("cart", "counted")}`;
  await page.goto(`${address}/metrics?window=15m`);
  await expect(panel(page, "Errors")).toContainText(/max\d/);
  const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV", exact: true }).click()]);
  const [head, ...lines] = readFileSync(await saved.path(), "utf8").trim().split("\r\n");
  for (const name of ["request_rate", "error_rate"]) {
    const column = head.split(",").indexOf(name);
    const sum = lines.reduce((sum, line) => sum + Number(line.split(",")[column]) * 5, 0);
    // A tick comes a few milliseconds early or late.
    expect(Math.abs(sum - all), name).toBeLessThan(all * 0.01);
  }
  await page.getByRole("link", { name: "Requests", exact: true }).click();
  await expect(page.getByRole("table", { name: "Requests" })).toHaveAttribute("aria-rowcount", `${all + 1}`);
});

test("a reply that is cut off half-way leaves the lines, and is told", async ({ page, platform }) => {
  await open(page, platform, "window=1h");
  await page.unroute(METRICS);
  const mend = await cutReplies(page, METRICS, '{"cpu_usage":{"status":"success","unit":"cores","step":5,"points":[["2026');
  await expect(panel(page, "CPU").locator(".fresh.stale")).toBeVisible();
  await mend();
  await page.getByRole("button", { name: "Refresh" }).first().click();
  await expect(page.locator(".fresh.stale")).toHaveCount(0);
});

test("tabs without a window keep that of the others", async ({ page, platform }) => {
  await open(page, platform);
  const tabs = page.getByRole("navigation", { name: "Service" });
  await tabs.getByRole("link", { name: "Releases" }).click();
  await expect(page).toHaveURL(/\/releases$/);
  await tabs.getByRole("link", { name: "Requests" }).click();
  await expect(page).toHaveURL(/\/requests\?start=2026-04-22T14%3A00%3A00Z&end=2026-04-22T15%3A00%3A00Z$/);
});

test.describe("far from UTC", () => {
  test.use({ timezoneId: "Asia/Tokyo" });

  test("the top bar and the charts tell the same time", async ({ page, platform }) => {
    await open(page, platform);
    const range = page.getByRole("button", { name: "Choose a time range" });
    const words = /(Apr 22|2026-04-22) 23:00:00 – (Apr 23|2026-04-23) 00:00:00/;
    await expect(range).toContainText(words);
    await expect(page.locator(".window-words")).toContainText(words);
    await cpu(page).focus();
    await page.keyboard.press("End");
    await expect(panel(page, "CPU")).toContainText(/(Apr 22|2026-04-22) 23:59:55/);
  });
});
