// Two tabs, a page that is replaced under an open tab, clocks that are wrong, and a platform that asks for
// patience.
import { expect, Platform, signIn, test as base } from "../platform.ts";

const PRODUCTION = "/o/acme/p/shop/e/production";
const SERVICES = "/orgs/acme/projects/shop/envs/production/services";

const test = base.extend<{ acme: Platform }>({
  acme: async ({ page }, use) => {
    const acme = await Platform.start("simulated");
    await acme.api("POST", "/orgs/", { name: "Acme" });
    await acme.api("POST", "/orgs/acme/projects/", { name: "Shop" });
    await acme.api("POST", `${SERVICES}/`, { name: "api", image: "shop:1", port: 8080, platform: "wind" });
    await signIn(page, acme);
    await use(acme);
    await acme.remove();
  },
});

test("what is signed out in one tab is signed out in the other, and what was typed there stays", async ({ page, context, acme }) => {
  const other = await context.newPage();
  await other.goto(`${acme.url}${PRODUCTION}/services/new`);
  await other.getByLabel("Name", { exact: true }).first().fill("Half filled");
  await other.getByLabel("Image", { exact: true }).fill("shop:1");
  await page.goto(acme.url + PRODUCTION);
  await page.getByRole("button", { name: "Account" }).click();
  await page.getByRole("button", { name: "Sign out", exact: true }).click();
  await expect(page).toHaveURL(/\/connect/);

  await other.getByRole("button", { name: "Create only" }).click();
  await expect(other).toHaveURL(/\/connect/);
  // The other tab signs in again, which is this one's session as well.
  await other.getByLabel("Key", { exact: true }).fill(acme.key());
  await other.getByRole("button", { name: "Sign in" }).click();
  await expect(other.getByLabel("Name", { exact: true }).first()).toHaveValue("Half filled");
  await other.getByRole("button", { name: "Create only" }).click();
  await expect(other.getByRole("heading", { level: 1, name: "Half filled" })).toBeVisible();
  await page.goto(acme.url + PRODUCTION);
  await expect(page.getByRole("link", { name: "Half filled" })).toBeVisible();
});

test("what one tab changed is not overwritten by the other", async ({ page, context, acme }) => {
  const other = await context.newPage();
  const config = `${acme.url}${PRODUCTION}/s/api/config`;
  const add = async (tab: typeof page, name: string, value: string) => {
    await tab.goto(config);
    await tab.getByRole("button", { name: "Add variable" }).first().click();
    await tab.getByRole("dialog").getByLabel("Name", { exact: true }).fill(name);
    await tab.getByRole("dialog").getByLabel("Value", { exact: true }).fill(value);
    await tab.getByRole("dialog").getByRole("button", { name: "Keep as pending" }).click();
  };
  await add(page, "MODE", "mine");
  await add(other, "MODE", "theirs");
  for (const tab of [other, page]) {
    await tab.getByRole("button", { name: /Review/ }).first().click();
    await tab.getByRole("dialog", { name: "Review changes" }).getByRole("button", { name: "Save changes" }).click();
    if (tab === other) await expect(tab.getByText(/^Saved/)).toBeVisible();
  }
  await expect(page.getByText(/changed meanwhile|Others changed|was changed/).first()).toBeVisible();
  const [saved] = await acme.api<{ value: string }[]>("GET", `${SERVICES}/api/config`);
  expect(saved.value).toBe("theirs");

  // The same of a service's description.
  await page.goto(`${acme.url}${PRODUCTION}/s/api/settings`);
  await page.getByLabel("Port", { exact: true }).fill("9090");
  await acme.api("PATCH", `${SERVICES}/api`, { port: 7070 });
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("Somebody else changed it meanwhile. What they changed is taken in")).toBeVisible();
  expect((await acme.api<{ port: number }>("GET", `${SERVICES}/api`)).port).toBe(7070);
  await expect(page.getByLabel("Port", { exact: true })).toHaveValue("9090");
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText(/^Saved\./)).toBeVisible();
  expect((await acme.api<{ port: number }>("GET", `${SERVICES}/api`)).port).toBe(9090);
});

test("what another admin changed meanwhile of an environment or of a person is taken in", async ({ page, acme }) => {
  const taken = page.getByText("Somebody else changed it meanwhile. What they changed is taken in");
  const project = "/orgs/acme/projects/shop";
  await page.goto(`${acme.url}/o/acme/p/shop`);
  await page.getByRole("button", { name: "Settings of Production" }).click();
  const settings = page.getByRole("dialog", { name: "Settings of Production" });
  await settings.getByRole("button", { name: /^Protected/ }).click();
  await acme.api("PATCH", `${project}/envs/production`, { auto_deploy_branch: "main" });
  await settings.getByRole("button", { name: "Save changes" }).click();
  await expect(taken).toBeVisible();
  await expect(settings.getByLabel("Deployed branch")).toHaveValue("main");
  await settings.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("Production is changed.")).toBeVisible();
  const environment = await acme.api("GET", `${project}/envs/production`);
  expect(environment).toMatchObject({ protected: true, auto_deploy_branch: "main" });

  const { token } = await acme.api<{ token: string }>("POST", "/orgs/acme/invitations", { name: "Ada", role: "viewer" });
  const joined = await fetch(`${acme.url}/api/v1/auth/session`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token }),
  });
  expect(joined.ok).toBe(true);
  const [{ id }] = await acme.api<{ id: string }[]>("GET", "/orgs/acme/people");
  await page.goto(`${acme.url}/o/acme/people`);
  await page.getByRole("button", { name: "Change what Ada may do" }).click();
  const roles = page.getByRole("dialog", { name: "What Ada may do" });
  await roles.getByRole("button", { name: "Add a role" }).click();
  const second = roles.getByRole("group", { name: "Role 2" });
  await second.getByLabel("Role", { exact: true }).selectOption("member");
  await second.getByLabel("In", { exact: true }).selectOption("shop");
  // Between, she is made an admin: that is not undone unseen.
  await acme.api("PATCH", `/orgs/acme/people/${id}`, { grants: [{ role: "admin" }] });
  await roles.getByRole("button", { name: "Save" }).click();
  await expect(taken).toBeVisible();
  const grants = async () => (await acme.api<{ grants: { role: string }[] }>("GET", `/orgs/acme/people/${id}`)).grants;
  expect((await grants()).map((grant) => grant.role)).toEqual(["admin"]);
  await roles.getByRole("button", { name: "Save" }).click();
  await expect(page.getByText("What Ada may do is changed, at once.")).toBeVisible();
  expect((await grants()).map((grant) => grant.role).sort()).toEqual(["member", "viewer"]);
});

test("a new version of the console is offered, and a part of the old one that is gone leads to it", async ({ page, acme, problems }) => {
  const html = await (await fetch(acme.url)).text();
  const own = /console-([0-9a-f]+)_bg\.wasm/.exec(html)?.[1];
  expect(own).toBeTruthy();
  let isReplaced = false;
  const replaced = (text: string) => text.replaceAll(own!, "0123456789abcdef");
  // The page that was there first is open; whoever asks for its parts finds none any more.
  await page.route(/\/part-[^/]+\.wasm/, (route) => (isReplaced ? route.fulfill({ status: 404 }) : route.fallback()));
  await page.route((url) => url.pathname === "/", async (route) => {
    const reply = await route.fetch();
    const text = await reply.text();
    return route.fulfill({ response: reply, body: isReplaced && route.request().resourceType() === "fetch" ? replaced(text) : text });
  });
  isReplaced = true;
  await page.goto(acme.url + PRODUCTION);
  await expect(page.getByRole("link", { name: "api", exact: true })).toBeVisible();
  const offer = page.getByText("A new version of this console is there.");
  await page.getByRole("link", { name: "api", exact: true }).click();
  await expect(offer).toBeVisible({ timeout: 30_000 });
  expect(problems.splice(0).filter((problem) => !problem.includes("HTTP status code is not ok"))).toEqual([]);
  await page.getByRole("button", { name: "Reload", exact: true }).click();
  isReplaced = false;
  await expect(page.getByRole("heading", { level: 1, name: "api" })).toBeVisible();
  await expect(offer).toHaveCount(0);
});

for (const hours of [1, -1]) {
  test(`a browser whose clock is ${hours} h off tells ages as they are`, async ({ page, acme }) => {
    await acme.api("POST", `${SERVICES}/api/deploy`, {});
    await page.clock.install({ time: Date.now() + hours * 3_600_000 });
    await page.goto(`${acme.url}${PRODUCTION}/s/api/overview`);
    const strip = page.getByRole("region", { name: "From image to deployment" });
    await expect(strip).toContainText(/just now|now|\d+ s ago/, { timeout: 30_000 });
    await expect(page.getByText(/\b1 h ago|in 1 h|59 min ago|in 59 min/)).toHaveCount(0);
    // What is offered for a time range ends now by the platform's clock as well.
    await page.goto(`${acme.url}${PRODUCTION}/s/api/logs`);
    await expect(page.getByRole("heading", { level: 1, name: "api" })).toBeVisible();
  });
}

test("a platform that asks for patience is not asked again before", async ({ page, acme }) => {
  const asked: number[] = [];
  await page.route((url) => url.pathname.endsWith("/services/") || url.pathname.endsWith("/services"), (route) => {
    if (asked.length >= 2) return route.fallback();
    asked.push(Date.now());
    return route.fulfill({
      status: 429,
      headers: { "Retry-After": "7" },
      json: { status: 429, code: "too_many_requests", message: "Too many requests." },
    });
  });
  await page.goto(acme.url + PRODUCTION);
  await expect(page.getByText("Too many requests. Try again in 7 s.")).toBeVisible();
  await expect(page.getByRole("link", { name: "api", exact: true })).toBeVisible({ timeout: 30_000 });
  expect(asked).toHaveLength(2);
  expect(asked[1] - asked[0]).toBeGreaterThanOrEqual(7_000);
});
