// The requests of a service: they come in through ingress, and are followed, filtered and looked into.
import { readFileSync } from "node:fs";
import { AxeBuilder } from "@axe-core/playwright";
import { type Page } from "@playwright/test";
import { cutReplies } from "../cut.ts";
import { expect, Platform, signIn, test as base } from "../platform.ts";
import { visit } from "../traffic.ts";

const AT = "/workspaces/acme/projects/shop/services/";
const HOST = "web.localhost";
const PAGE = "/o/acme/p/shop/e/production/s/web/requests";

const test = base.extend<{ shop: Platform }>({
  shop: async ({ page }, use) => {
    const shop = await Platform.start("simulated");
    await shop.api("POST", "/workspaces/", { name: "Acme" });
    await shop.api("POST", "/workspaces/acme/projects/", { name: "Shop" });
    await shop.api("POST", AT, { name: "web", image: "shop:1", port: 8080, domains: [HOST] });
    await shop.api("POST", AT, { name: "worker", image: "shop:1" });
    const state = async () => (await shop.api<{ data: { state: string } }>("GET", `${AT}web/status`)).data.state;
    await expect.poll(state).toBe("running");
    await signIn(page, shop);
    await use(shop);
    await shop.remove();
  },
});

const table = (page: Page) => page.getByRole("table", { name: "Requests" });
const rows = (page: Page) => table(page).getByRole("button");
const details = (page: Page) => page.getByRole("region", { name: "Request", exact: true });
const totals = (page: Page) => page.getByRole("region", { name: "Totals of what is shown" });
const calls = "**/access-logs?**";

/** Requests for these paths, one after another: what is simulated answers none of them, and ingress says 503. */
async function ask(shop: Platform, ...paths: string[]): Promise<void> {
  for (const path of paths) expect(await visit(shop.ingress, HOST, path)).toBe(503);
}

/** A request as a platform tells it. */
const told = (path: string, more: object = {}) => ({
  timestamp: new Date().toISOString(), method: "GET", path, host: HOST, status: 200, duration_ms: 12, bytes_in: 0,
  bytes_out: 3, client: "192.0.2.1", instance: "web.0", request_id: "r-1", ...more,
});

/** Answers for the platform. */
const answer = (page: Page, reply: object) => page.route(calls, (route) => route.fulfill({ json: reply }));

test("they are listed as they come, and stay where they are while one is read", async ({ page, shop }) => {
  await page.goto(shop.url + PAGE);
  await expect(page.getByText("No requests in this window")).toBeVisible();

  await ask(shop, "/first", "/second?a=b");
  await expect(rows(page)).toHaveText([/\/second\?a=b/, /\/first/]);
  await expect(page.getByText("2 requests, live")).toBeVisible();
  await expect(totals(page).getByRole("listitem").filter({ hasText: /: [1-9]/ }).first()).toBeAttached();
  await expect(totals(page)).toContainText(/5xx.*2.*100 %/s);

  await rows(page).last().click();
  await expect(details(page)).toContainText("/first");
  await expect(details(page)).toContainText("none: ingress answered itself");
  await ask(shop, "/third", "/fourth");
  await expect(page.getByRole("button", { name: "2 new requests" })).toBeVisible();
  await expect(rows(page)).toHaveCount(2);

  await page.getByRole("button", { name: "2 new requests" }).click();
  await expect(rows(page)).toHaveText([/\/fourth/, /\/third/, /\/second/, /\/first/]);
  await expect(details(page)).toContainText("/first");
  await page.keyboard.press("Escape");
  await expect(details(page)).toBeHidden();
});

test("a filter is in the address, and the platform is asked", async ({ page, shop }) => {
  await ask(shop, "/api/cart", "/api/cart/1", "/about");
  await visit(shop.ingress, HOST, "/api/cart", { method: "POST", body: "three" });
  await page.goto(shop.url + PAGE);
  await expect(rows(page)).toHaveCount(4);

  const asked = page.waitForRequest((request) => request.url().includes("path_contains=%2Fapi"));
  await page.keyboard.press("/");
  await page.keyboard.type("/api");
  await asked;
  await expect(page).toHaveURL(/[?&]path=%2Fapi/);
  await expect(rows(page)).toHaveCount(3);
  await page.getByLabel("Method", { exact: true }).selectOption("POST");
  await expect(page).toHaveURL(/[?&]method=POST/);
  await expect(rows(page)).toHaveCount(1);
  await expect(table(page).getByRole("row").nth(1)).toContainText("POST");

  await page.reload();
  await expect(rows(page)).toHaveCount(1);
  await expect(page.getByRole("searchbox")).toHaveValue("/api");

  await page.getByRole("group", { name: "Class of status" }).getByRole("button", { name: "4xx" }).click();
  await expect(page.getByText("No request of this window fits the filter")).toBeVisible();
  await expect(page).toHaveURL(/[?&]status=4xx/);
  await page.getByRole("button", { name: "Clear the filter" }).click();
  await expect(rows(page)).toHaveCount(4);
});

test("what can't be asked for is said at its field", async ({ page, shop }) => {
  await ask(shop, "/one");
  await page.goto(`${shop.url}${PAGE}?status=6xx`);
  await expect(page.getByText("The filter can't be asked for")).toBeVisible();
  const status = page.getByRole("textbox", { name: "Status", exact: true });
  await expect(status).toHaveAccessibleDescription("A status is between 100 and 599, or a class like 5xx.");
  await status.fill("503, 404");
  await expect(rows(page)).toHaveCount(1);
  await page.getByRole("searchbox").fill("x".repeat(10_240));
  await expect(page.getByRole("searchbox")).toHaveAccessibleDescription("A filter holds at most 4 KiB.");
  await page.getByRole("searchbox").fill("");
  await expect(rows(page)).toHaveCount(1);
});

test("what a platform refuses is said at its field, too", async ({ page, shop }) => {
  const errors = { path_contains: ["Paths are not searched here."] };
  await page.route(/path_contains/, (route) => route.fulfill({ status: 422, json: { status: 422, message: "No.", code: "validation", errors } }));
  await page.goto(`${shop.url}${PAGE}?path=x`);
  await expect(page.getByRole("searchbox")).toHaveAccessibleDescription("Paths are not searched here.");
});

test("by its keys, and to the logs of a moment", async ({ page, shop }) => {
  await ask(shop, "/one", "/two", "/three");
  await page.goto(shop.url + PAGE);
  await expect(rows(page)).toHaveCount(3);
  await page.keyboard.press("j");
  await page.keyboard.press("j");
  await expect(rows(page).nth(1)).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(details(page)).toBeFocused();
  await expect(details(page)).toContainText("/two");
  await page.keyboard.press("k");
  await expect(details(page)).toContainText("/three");
  await page.keyboard.press("Escape");
  await expect(details(page)).toBeHidden();
  await expect(rows(page).first()).toBeFocused();
  await page.keyboard.press("Enter");
  await expect(details(page).getByRole("button", { name: "Copy request id" })).toBeVisible();

  for (const [name, tab] of [["Logs", "logs"], ["Metrics", "metrics"]]) {
    const link = details(page).getByRole("link", { name: `${name} around this moment` });
    const href = new URL((await link.getAttribute("href")) ?? "", shop.url);
    expect(href.pathname).toMatch(new RegExp(`/s/web/${tab}$`));
    const [start, end] = ["start", "end"].map((name) => Date.parse(href.searchParams.get(name) ?? ""));
    expect(end - start).toBeGreaterThanOrEqual(60_000);
    expect(end - start).toBeLessThan(65_000);
  }
  await details(page).getByRole("link", { name: "Logs around this moment" }).click();
  await expect(page).toHaveURL(/\/s\/web\/logs\?start=/);
});

test("older requests are loaded page by page, none twice and none left out", async ({ page, shop }) => {
  const paths = Array.from({ length: 12 }, (_, number) => `/${number}`);
  await ask(shop, ...paths);
  const smaller = (url: string) => url.replace(/limit=(\d+)/, (_, limit) => `limit=${Number(limit) - 9_995}`);
  await page.route(calls, (route) => route.continue({ url: smaller(route.request().url()) }));
  const closed = `?end=${new Date(Date.now() + 60_000).toISOString()}`;
  await page.goto(shop.url + PAGE + closed);
  await expect(page.getByText("newest 5 requests")).toBeVisible();
  await page.getByRole("button", { name: "Load older" }).first().click();
  await expect(rows(page)).toHaveCount(10);
  await page.getByRole("button", { name: "Load older" }).last().click();
  await expect(rows(page)).toHaveText(paths.reverse().map((path) => new RegExp(`${path}$`)));
  await expect(page.getByRole("button", { name: "Load older" })).toHaveCount(0);
});

test("a platform without places in its log is paged by instants", async ({ page, shop }) => {
  // A window that is over: what is held stays.
  const [begun, end] = [Date.now() - 120_000, new Date(Date.now() - 60_000).toISOString()];
  const log = Array.from({ length: 12 }, (_, number) => told(`/${number}`, { timestamp: new Date(begun + Math.floor(number / 4) * 1_000).toISOString() }));
  await page.route(calls, async (route) => {
    const query = new URL(route.request().url()).searchParams;
    const [start, end] = [query.get("start") ?? "0000", query.get("end") ?? "9999"];
    // The millisecond that begins a nanosecond later is the same to this log.
    const found = log.filter(({ timestamp }) => timestamp >= start && timestamp.replace("Z", "") <= end.replace("Z", ""));
    const limit = query.get("limit") === "10000" ? 5 : 7;
    await route.fulfill({ json: { rows: found.slice(-limit).reverse(), truncated: found.length > limit } });
  });
  await page.goto(`${shop.url}${PAGE}?end=${end}`);
  await expect(rows(page)).toHaveCount(5);
  const older = page.getByRole("button", { name: "Load older" });
  await expect(async () => {
    // It is gone with the last page.
    if ((await older.count()) > 0) await older.first().click({ timeout: 1_000 });
    await expect(rows(page)).toHaveCount(12, { timeout: 1_000 });
  }).toPass();
  await expect(older).toHaveCount(0);
});

test("paths of strangers are text", async ({ page, shop }) => {
  const path = `/<img src=x onerror="document.title='owned'">\u202Egpj.exe?${"long".repeat(1_024)}`;
  await answer(page, { rows: [told(path, { host: "\u0000<b>host</b>", request_id: "\u202Eid" })], truncated: false });
  await page.goto(shop.url + PAGE);
  await expect(rows(page)).toContainText('<img src=x onerror="document.title=\'owned\'">\\u{202E}gpj.exe');
  await expect(table(page)).toContainText("\\u{0000}<b>host</b>");
  await rows(page).click();
  await expect(details(page)).toContainText("\\u{202E}id");
  for (const width of [1440, 390]) {
    await page.setViewportSize({ width, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)).toBe(false);
    const box = await details(page).boundingBox();
    expect(box && box.x >= 0 && box.x + box.width <= width).toBe(true);
  }
  expect(await page.title()).not.toContain("owned");
});

test("all that is loaded is saved as CSV", async ({ page, shop }) => {
  const timestamp = new Date().toISOString();
  await answer(page, { rows: [told('/a,"b"', { timestamp, request_id: "=1+1" }), told("/c", { timestamp })], truncated: false });
  await page.goto(shop.url + PAGE);
  await expect(rows(page)).toHaveCount(2);
  const saved = page.waitForEvent("download");
  await page.getByRole("button", { name: "CSV" }).click();
  expect((await saved).suggestedFilename()).toBe("web-requests.csv");
  const text = readFileSync(await (await saved).path(), "utf8").split("\r\n");
  expect(text[0]).toBe("time,method,status,path,host,duration_ms,bytes_in,bytes_out,client,instance,request_id");
  expect(text[1]).toMatch(/^[^,]+Z,GET,200,"\/a,""b""",web\.localhost,12,0,3,192\.0\.2\.1,web\.0,"'=1\+1"$/);
  expect(text).toHaveLength(4);
});

test("without a domain, paused, and after failures it says so", async ({ page, shop }) => {
  await page.goto(shop.url + PAGE.replace("web", "worker"));
  await expect(page.getByText("worker has no domain")).toBeVisible();
  await page.getByRole("main").getByRole("link", { name: "Settings" }).last().click();
  await expect(page).toHaveURL(/\/s\/worker\/settings/);

  await shop.api("POST", `${AT}web/scale`, { instances: 0 });
  await page.goto(shop.url + PAGE);
  await expect(page.getByText("web is paused")).toBeVisible();
  await ask(shop, "/while-paused");
  await expect(rows(page)).toHaveCount(1);

  await page.route(calls, (route) => route.abort());
  await expect(page.getByText(/^stale since/).first()).toBeVisible({ timeout: 30_000 });
  await expect(rows(page)).toHaveCount(1);
  await page.reload();
  await expect(page.getByRole("button", { name: "Try again" })).toBeVisible();
  await page.unroute(calls);
  await page.getByRole("button", { name: "Try again" }).click();
  await expect(rows(page)).toHaveCount(1);
});

test("a window to come, one that is refused, one of more than a year", async ({ page, shop }) => {
  await ask(shop, "/one");
  await page.goto(`${shop.url}${PAGE}?start=2100-01-01T00:00:00Z&end=2100-01-02T00:00:00Z`);
  await expect(page.getByText("No requests in this window")).toBeVisible();
  await expect(page.getByText("This window is still to come.")).toBeVisible();

  let asked = 0;
  page.on("request", (request) => {
    if (request.url().includes("/access-logs?")) asked += 1;
  });
  await page.goto("about:blank");
  await page.clock.install();
  asked = 0;
  await page.goto(`${shop.url}${PAGE}?start=2026-01-02T00:00:00Z&end=2026-01-01T00:00:00Z`);
  await expect(page.getByRole("alert")).toHaveText(/The start must be before the end\./);
  // Longer than any pause after a failure.
  await page.clock.fastForward(120_000);
  await page.waitForLoadState("networkidle");
  expect(asked).toBe(1);
  await Promise.all([page.waitForResponse(/\/access-logs\?/), page.getByRole("button", { name: "Try again" }).click()]);
  expect(asked).toBe(2);

  const year = new Date(Date.now() - 400 * 86_400_000).toISOString();
  await page.goto(`${shop.url}${PAGE}?start=${year}`);
  await expect(rows(page)).toHaveText([/\/one/]);
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("a reply that is cut off half-way leaves what is there, and is told", async ({ page, shop }) => {
  await ask(shop, "/one");
  await page.goto(shop.url + PAGE);
  await expect(rows(page)).toHaveText([/\/one/]);
  const mend = await cutReplies(page, calls, '{"rows":[{"timestamp":"2026-04-22T15:30:00Z","method":"GET","path":"/half');
  await expect(page.locator(".fresh.stale")).toBeVisible();
  await expect(rows(page)).toHaveText([/\/one/]);
  await mend();
  await ask(shop, "/two");
  await page.getByRole("region", { name: "Requests", exact: true }).getByRole("button", { name: "Refresh" }).click();
  await expect(rows(page)).toHaveText([/\/two/, /\/one/]);
  await expect(page.locator(".fresh.stale")).toBeHidden();
});

test("the same under a workspace, and on a phone", async ({ page, shop }) => {
  await ask(shop, "/one");
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${shop.url}/w/acme/p/shop/s/web/requests`);
  await expect(rows(page)).toHaveCount(1);
  await expect(table(page).getByRole("columnheader")).toHaveText(["Time", "Status", "Path", "Duration"]);
  await expect(rows(page)).toContainText(/GET\s*\/one/);
  await rows(page).click();
  await expect(details(page)).toBeInViewport();
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
});

test("50,000 requests scroll without an empty frame", async ({ page, shop }) => {
  const begun = Date.now();
  const log = Array.from({ length: 50_000 }, (_, number) => told(`/item/${number}`, { timestamp: new Date(begun - number).toISOString() }));
  await answer(page, { rows: log, truncated: true });
  await page.goto(`${shop.url}${PAGE}?end=${new Date(begun + 1_000).toISOString()}`);
  await expect(table(page)).toHaveAttribute("aria-rowcount", "50001");
  await expect(page.getByRole("button", { name: "Load older" }).first()).toHaveAccessibleDescription(/No more requests can be held/);
  const empty = await page.evaluate(async () => {
    let empty = 0;
    for (let step = 0; step < 60; step += 1) {
      scrollBy(0, 900);
      await new Promise((done) => requestAnimationFrame(done));
      const row = document.elementFromPoint(innerWidth / 2, innerHeight / 2)?.closest("tr");
      if (!row || row.classList.contains("gap")) empty += 1;
    }
    return empty;
  });
  expect(empty).toBe(0);
});
