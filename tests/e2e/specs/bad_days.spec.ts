// What can go wrong around the page: no network, a platform that dies, replies that are none, a name
// that is taken, a fault of the console itself.
import { type Page } from "@playwright/test";
import { expect, type Platform, signIn, test as base } from "../platform.ts";

const PRODUCTION = "/o/acme/p/shop/e/production";
const SERVICES = "/workspaces/acme/projects/shop/services/";

/** A platform of its own: some tests end it. */
const test = base.extend<{ own: Platform }>({
  own: async ({ page }, use) => {
    const { Platform } = await import("../platform.ts");
    const own = await Platform.start("simulated");
    await own.api("POST", "/workspaces/", { name: "Acme" });
    await own.api("POST", "/workspaces/acme/projects/", { name: "Shop" });
    await own.api("POST", SERVICES, { name: "cart", image: "shop:1", port: 8080 });
    await signIn(page, own);
    await page.goto(own.url + PRODUCTION);
    await expect(page.getByRole("link", { name: "cart" })).toBeVisible();
    await use(own);
    await own.remove();
  },
});

const stale = (page: Page) => page.getByText(/^stale since/);

test("offline, what was known stays, and the page goes on by itself", async ({ page, context, own }) => {
  await context.setOffline(true);
  await expect(page.getByText("You are offline.")).toBeVisible();
  await expect(stale(page)).toBeVisible({ timeout: 30_000 });
  await expect(page.getByRole("link", { name: "cart" })).toBeVisible();
  await own.api("POST", SERVICES, { name: "meanwhile", image: "shop:1", port: 8080 });
  await context.setOffline(false);
  await expect(page.getByText("You are offline.")).toBeHidden();
  await expect(page.getByRole("link", { name: "meanwhile" })).toBeVisible({ timeout: 70_000 });
  await expect(stale(page)).toBeHidden();
});

test("a platform that is killed loses nothing it had promised", async ({ page, own }) => {
  await own.api("POST", SERVICES, { name: "promised", image: "shop:1", port: 8080 });
  await own.kill();
  await expect(stale(page)).toBeVisible({ timeout: 30_000 });
  await own.revive();
  await expect(page.getByRole("link", { name: "promised" })).toBeVisible({ timeout: 70_000 });
  await expect(stale(page)).toBeHidden();
});

test("a service that somebody else deletes is said to be gone", async ({ page, own }) => {
  await own.api("POST", SERVICES, { name: "doomed", image: "shop:1", port: 8080 });
  for (const tab of ["overview", "metrics"]) {
    await page.goto(`${own.url}${PRODUCTION}/s/doomed/${tab}`);
    await expect(page.getByRole("heading", { level: 1 })).toContainText("doomed");
  }
  await expect(page.getByRole("region", { name: "CPU" })).toContainText(/max\d/, { timeout: 60_000 });
  await own.api("DELETE", `${SERVICES}doomed`);
  await expect(page.getByText("This service was deleted.")).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/^gone since/).first()).toBeVisible({ timeout: 60_000 });
  await expect(page.getByText(/^stale since/)).toHaveCount(0);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("doomed");
});

test("a reply that is none is told, and asked for again", async ({ page, own }) => {
  const services = /\/envs\/production\/services\/?$/;
  await page.route(services, (route) => route.fulfill({ status: 200, contentType: "application/json", body: '{"not":"a list"}' }));
  await page.goto(own.url + PRODUCTION);
  const alert = page.getByRole("alert");
  await expect(alert).toBeVisible();
  await expect(alert).not.toBeEmpty();
  await page.unroute(services);
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("link", { name: "cart" })).toBeVisible();
});

type Fault = { name: string; reply: { status: number; headers?: Record<string, string>; body: string }; words: RegExp };
const json = { "content-type": "application/json" };
const FAULTS: Fault[] = [
  { name: "500 with a reason", reply: { status: 500, headers: json, body: '{"message":"It broke here.","request_id":"r-7"}' }, words: /It broke here\./ },
  { name: "500 without any", reply: { status: 500, body: "" }, words: /500/ },
  { name: "502 of a proxy", reply: { status: 502, headers: { "content-type": "text/html" }, body: "<h1>Bad Gateway</h1>" }, words: /on the way/ },
  { name: "503 for a while", reply: { status: 503, headers: { ...json, "retry-after": "1" }, body: '{"message":"The engine is away. It is asked again.","code":"engine_unavailable"}' }, words: /The engine is away\./ },
  { name: "200 with a page", reply: { status: 200, headers: { "content-type": "text/html" }, body: "<!doctype html>" }, words: /could not be read/ },
  { name: "200 with nothing", reply: { status: 200, headers: json, body: "" }, words: /could not be read/ },
  { name: "200 with JSON of something else", reply: { status: 200, headers: json, body: '{"surprise":[]}' }, words: /could not be read/ },
  { name: "200 that is cut short", reply: { status: 200, headers: json, body: '[{"id":"1","name":"ca' }, words: /could not be read/ },
];

test("every kind of bad reply is told, leaves what was there, and is got over", async ({ page, own }) => {
  const lists = (url: URL) => /\/services\/?$/.test(url.pathname);
  for (const { name, reply, words } of FAULTS) {
    await test.step(name, async () => {
      // At the first load there is nothing to leave: the page says what failed and offers another attempt.
      await page.route(lists, (route) => route.fulfill(reply));
      await page.goto(own.url + PRODUCTION);
      await expect(page.getByRole("alert").filter({ hasText: words })).toBeVisible();
      await page.unroute(lists);
      await page.getByRole("button", { name: "Try again" }).click();
      await expect(page.getByRole("link", { name: "cart" })).toBeVisible();
      // Later the last that was known stays.
      await page.route(lists, (route) => route.fulfill(reply));
      await expect(stale(page)).toBeVisible({ timeout: 30_000 });
      await expect(page.getByRole("link", { name: "cart" })).toBeVisible();
      await page.unroute(lists);
      await page.getByRole("button", { name: "Refresh" }).first().click();
      await expect(stale(page)).toBeHidden();
    });
  }
});

test("a platform that never answers is given up after half a minute", async ({ page, own }) => {
  await page.route((url) => /\/services\/?$/.test(url.pathname), () => {});
  await page.goto(own.url + PRODUCTION);
  await expect(page.getByText("The platform did not answer within 30 seconds. Try again.")).toBeVisible({ timeout: 45_000 });
});

test("a browser that reads no body in parts reads it whole", async ({ page, own }) => {
  await page.addInitScript("delete window.ReadableStreamBYOBReader");
  await page.goto(own.url + PRODUCTION);
  await expect(page.getByRole("link", { name: "cart" })).toBeVisible();
  expect(await page.evaluate("typeof ReadableStreamBYOBReader")).toBe("undefined");
});

test("a part of the console that does not arrive is fetched again", async ({ page, own }) => {
  const part = /\/part-form-[0-9a-f]+\.wasm$/;
  await page.route(part, (route) => route.abort());
  await page.goto(`${own.url}${PRODUCTION}/services/new`);
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("did not arrive");
  await page.unroute(part);
  await alert.getByRole("button", { name: "Try again" }).click();
  await expect(page.getByRole("heading", { name: "New service" })).toBeVisible();
});

test("a name that is taken is said at its field", async ({ page, own }) => {
  await page.goto(`${own.url}/w/acme/p/shop/services/new`);
  await page.getByLabel("Name", { exact: true }).first().fill("cart");
  await page.getByLabel("Image", { exact: true }).fill("shop:1");
  await page.getByLabel("Port", { exact: true }).fill("8080");
  await page.getByRole("button", { name: "Create service" }).click();
  await expect(page.getByLabel("Name", { exact: true }).first()).toHaveAttribute("aria-invalid", "true");
  await expect(page.getByRole("heading", { name: "New service" })).toBeVisible();
});

test("an image that does not exist, and one that does not run, say so on the page", async ({ page, own }) => {
  for (const [name, image, words] of [["lost", "shop:missing", /the image shop:missing was not found/], ["crashing", "shop:crash", /ended with exit code 1/]] as const) {
    await own.api("POST", SERVICES, { name, image, port: 8080 });
    await page.goto(`${own.url}${PRODUCTION}/s/${name}/overview`);
    await expect(page.getByText(words).first()).toBeVisible({ timeout: 60_000 });
    await expect(page.getByText("Down", { exact: true }).first()).toBeVisible({ timeout: 60_000 });
  }
});

test("a state that this console does not know is shown as it is", async ({ page, own }) => {
  await page.route(/\/envs\/production\/services\/?$/, async (route) => {
    const answer = await route.fetch();
    const services = (await answer.json()) as { status: { state: string } }[];
    for (const service of services) service.status.state = "hibernating";
    await route.fulfill({ response: answer, json: services });
  });
  await page.goto(own.url + PRODUCTION);
  await expect(page.getByText("hibernating")).toBeVisible();
});

test("the page of a proxy in the place of a reply is told in words", async ({ page, own }) => {
  await page.route(/\/envs\/production\/services\/?$/, (route) =>
    route.fulfill({ status: 502, contentType: "text/html", body: "<html><h1>502 Bad Gateway</h1></html>" }),
  );
  await page.goto(own.url + PRODUCTION);
  const alert = page.getByRole("alert");
  await expect(alert).toContainText("502");
  await expect(alert).not.toContainText("<h1>");
});

test("a fault of the console itself is shown, with a way on", async ({ page, own, problems }) => {
  // A browser that refuses its history is one that the router does not expect.
  await page.evaluate(() => Object.defineProperty(window, "history", { get: () => { throw new Error("refused"); } }));
  await page.getByRole("link", { name: "cart" }).click();
  const screen = page.getByRole("alertdialog");
  await expect(screen).toContainText("This page has stopped");
  await expect(screen).toContainText("What runs on the platform goes on");
  await expect(screen.getByRole("button", { name: "Copy details" })).toBeVisible();
  expect(problems.join("\n")).toContain("panicked");
  problems.length = 0;
  await screen.getByRole("button", { name: "Reload" }).click();
  await expect(page.getByRole("link", { name: "cart" })).toBeVisible();
  expect(own.engine).toBe("simulated");
});

test("who leaves while a change is being saved is asked only if it was not", async ({ page, own }) => {
  const settings = `${own.url}${PRODUCTION}/s/cart/settings`;
  const question = page.getByRole("dialog", { name: "Leave without saving?" });
  let answer = () => {};
  let refusal: { status: number; contentType: string; body: string } | undefined;
  await page.route(/\/services\/cart$/, async (route) => {
    if (route.request().method() !== "PATCH") return route.fallback();
    await new Promise<void>((resolve) => (answer = resolve));
    return refusal ? route.fulfill(refusal) : route.continue();
  });
  const saveAndLeave = async (port: string) => {
    const [saving] = await Promise.all([
      page.waitForRequest((request) => request.method() === "PATCH"),
      page.getByLabel("Port", { exact: true }).fill(port).then(() => page.getByRole("button", { name: "Save changes" }).click()),
    ]);
    await page.getByRole("link", { name: "Overview" }).last().click();
    await expect(question).toBeHidden();
    await expect(page).toHaveURL(settings);
    answer();
    await saving.response();
  };

  await page.goto(settings);
  refusal = { status: 500, contentType: "application/json", body: '{"status":500,"message":"The disk is full.","code":"internal"}' };
  await saveAndLeave("8081");
  await expect(question).toBeVisible();
  await question.getByRole("button", { name: "Cancel" }).click();
  await expect(page.getByText("The disk is full.")).toBeVisible();

  refusal = undefined;
  await saveAndLeave("8082");
  await expect(page).toHaveURL(/\/s\/cart(\/overview)?$/);
  await expect(question).toBeHidden();
  expect(await own.api("GET", `${SERVICES}cart`)).toMatchObject({ data: { port: 8082 } });
});
