// "Copy as curl": what a terminal gets is what the page would send, without the key.
import { spawnSync } from "node:child_process";
import { type Page, type Request } from "@playwright/test";
import { clipboard } from "../clipboard.ts";
import { expect, type Platform, signIn, test } from "../platform.ts";

const SERVICES = "/orgs/terminal/projects/shop/envs/production/services";
const PAGE = "/o/terminal/p/shop/e/production";

test.describe.configure({ mode: "parallel" });

test.beforeEach(async ({ platform, context, page }) => {
  const known = await platform.api<{ slug: string }[]>("GET", "/orgs/");
  if (!known.some(({ slug }) => slug === "terminal")) {
    await platform.api("POST", "/orgs/", { name: "Terminal" });
    await platform.api("POST", "/orgs/terminal/projects/", { name: "Shop" });
  }
  await context.grantPermissions(["clipboard-write"]);
  await signIn(page, platform);
});

/** Presses the button that copies, and gives what it copied. */
async function copied(page: Page, within = page.locator("body")): Promise<string> {
  await within.getByRole("button", { name: "Copy as curl" }).click();
  await expect(within.getByRole("button", { name: "Copied" })).toBeVisible();
  return clipboard(page);
}

/** Runs commands in a shell, with a key in its environment. */
function run(commands: string, platform: Platform): string {
  const shell = spawnSync("sh", ["-ec", commands], {
    encoding: "utf8",
    env: { ...process.env, PILOTHOUSE_KEY: platform.key("terminal") },
  });
  expect(shell.status, shell.stderr).toBe(0);
  return shell.stdout;
}

/** What a command says, as the page's own request would say it. */
function told(command: string) {
  return {
    method: /-X (\w+)/.exec(command)?.[1] ?? "GET",
    url: /'(https?:[^']*)'/.exec(command)?.[1],
    revision: /-H 'If-Match: (.*)'/.exec(command)?.[1],
    // The quotes of a shell are not those of the request.
    body: /--data-raw '(.*)'$/s.exec(command)?.[1].replaceAll(`'\\''`, "'") ?? null,
  };
}

/** The request that a press sends. */
async function sent(page: Page, press: () => Promise<void>): Promise<Request> {
  const [request] = await Promise.all([page.waitForRequest((request) => request.method() !== "GET"), press()]);
  return request;
}

async function isSentSo(page: Page, command: string, press: () => Promise<void>): Promise<void> {
  const request = await sent(page, press);
  expect(told(command)).toEqual({
    method: request.method(),
    url: request.url(),
    revision: request.headers()["if-match"],
    body: request.postData(),
  });
}

test("a service that a terminal creates and deploys, from the form", async ({ page, platform }) => {
  await page.goto(`${platform.url}${PAGE}/services/new`);
  // An empty form has nothing to copy, and says what is missing.
  await page.getByRole("button", { name: "Copy as curl" }).click();
  await expect(page.locator("[aria-invalid=true]").first()).toBeVisible();
  await page.getByLabel("Name", { exact: true }).fill("From a Terminal");
  await page.getByLabel("Image", { exact: true }).fill("shop:1");
  const commands = await copied(page);
  expect(commands).not.toMatch(/ph_\w+/);
  expect(commands.match(/^curl/gm)).toHaveLength(2);
  run(commands, platform);
  await expect
    .poll(async () => (await platform.api<{ name: string; latest_release?: object }>("GET", `${SERVICES}/from-a-terminal`)).latest_release)
    .toBeTruthy();
});

test("each action of a service is sent as it is copied", async ({ page, platform }) => {
  await platform.api("POST", SERVICES, { name: "acts", platform: "wind", image: "shop:1" });
  await platform.api("POST", `${SERVICES}/acts/deploy`, {});
  await page.goto(`${platform.url}${PAGE}/s/acts/overview`);
  await expect(page.getByText("1 of 1 ready").first()).toBeVisible();
  const dialog = page.getByRole("dialog");

  await page.getByRole("button", { name: "Scale", exact: true }).click();
  await dialog.getByLabel("Instances").fill("2");
  await isSentSo(page, await copied(page, dialog), () => dialog.getByRole("button", { name: "Scale", exact: true }).click());
  await expect(page.getByText("2 of 2 ready").first()).toBeVisible();

  await page.getByRole("button", { name: "Deploy", exact: true }).first().click();
  await dialog.getByLabel("Why").fill("it's time");
  await isSentSo(page, await copied(page, dialog), () => dialog.getByRole("button", { name: "Deploy", exact: true }).click());
  await expect(dialog).toBeHidden();

  await page.getByRole("button", { name: "Restart", exact: true }).click();
  const restart = await copied(page, dialog);
  await isSentSo(page, restart, () => dialog.getByRole("button", { name: "Restart", exact: true }).click());

  await page.goto(`${platform.url}${PAGE}/s/acts/settings`);
  await page.getByRole("button", { name: "Delete service" }).click();
  expect(told(await copied(page, dialog))).toMatchObject({ method: "DELETE", body: null });
});

test("each place is made as it is copied", async ({ page, platform }) => {
  const dialog = page.getByRole("dialog");
  const places = [
    { path: "/?all=yes", opens: "New organisation", makes: "Create organisation" },
    { path: "/o/terminal", opens: "New project", makes: "Create project" },
    { path: "/o/terminal/p/shop", opens: "New environment", makes: "Create environment" },
  ];
  for (const { path, opens, makes } of places) {
    await page.goto(platform.url + path);
    await page.getByRole("button", { name: opens }).first().click();
    await dialog.getByLabel("Name", { exact: true }).fill("It's copied");
    await isSentSo(page, await copied(page, dialog), () => dialog.getByRole("button", { name: makes }).click());
    await expect(dialog).toBeHidden();
  }
});

test("settings, a pause and a promotion are sent as they are copied", async ({ page, platform }) => {
  await platform.api("POST", "/orgs/terminal/projects/shop/envs/", { name: "Copies", env_type: "staging" });
  for (const at of [SERVICES, SERVICES.replace("production", "copies")]) {
    await platform.api("POST", at, { name: "moves", platform: "wind", image: "shop:1" });
  }
  await platform.api("POST", `${SERVICES}/moves/deploy`, {});
  await page.goto(`${platform.url}${PAGE}/s/moves/overview`);
  await expect(page.getByText("1 of 1 ready").first()).toBeVisible();
  const dialog = page.getByRole("dialog");
  const more = (name: string) => async () => {
    await page.getByRole("button", { name: "More actions" }).click();
    await page.getByRole("button", { name, exact: true }).click();
  };

  await more("Promote…")();
  await dialog.getByLabel("To", { exact: true }).selectOption("copies");
  await expect(dialog.getByText(/goes to/)).toBeVisible();
  await isSentSo(page, await copied(page, dialog), () => dialog.getByRole("button", { name: "Promote" }).click());
  await expect(page).toHaveURL(/\/e\/copies\//);

  await page.goto(`${platform.url}${PAGE}/s/moves/overview`);
  await more("Pause")();
  await isSentSo(page, await copied(page, dialog), () => dialog.getByRole("button", { name: "Pause" }).click());

  await page.goto(`${platform.url}${PAGE}/s/moves/settings`);
  await page.getByLabel("Image", { exact: true }).fill("shop:2");
  await isSentSo(page, await copied(page), () => page.getByRole("button", { name: "Save changes" }).click());
  await expect(page.getByText(/^Saved/)).toBeVisible();
});

test("what is under way is cancelled as it is copied", async ({ page, platform }) => {
  for (const [name, image] of [["pulls", "pulls:slow"], ["rolls", "shop:unhealthy"]]) {
    await platform.api("POST", SERVICES, { name, platform: "wind", image });
  }
  await page.goto(`${platform.url}${PAGE}/s/pulls/images`);
  await isSentSo(page, await copied(page), () => page.getByRole("button", { name: "Pull and pin" }).click());
  await page.goto(`${platform.url}${PAGE}/s/pulls/overview`);
  const cancel = async (name: string) => {
    const button = page.getByRole("button", { name });
    await isSentSo(page, await copied(page, button.locator("..")), () => button.click());
    await expect(button).toBeHidden();
  };
  await cancel("Cancel build");

  await platform.api("POST", `${SERVICES}/rolls/deploy`, {});
  await page.goto(`${platform.url}${PAGE}/s/rolls/overview`);
  await cancel("Cancel deployment");
});

test("config is copied with its revision and without its secrets", async ({ page, platform }) => {
  await platform.api("POST", "/orgs/terminal/projects/", { name: "Secrets" });
  await page.goto(`${platform.url}/o/terminal/p/secrets/config`);
  await page.getByRole("button", { name: "Add variable" }).first().click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Name", { exact: true }).fill("TOKEN");
  await dialog.getByLabel("Value", { exact: true }).fill("hunter2");
  await dialog.getByRole("button", { name: "Secret", exact: true }).click();
  await dialog.getByRole("button", { name: "Keep as pending" }).click();
  await page.getByRole("button", { name: "Review and save…" }).click();
  const command = await copied(page, dialog);
  expect(command).not.toContain("hunter2");
  const request = await sent(page, () => dialog.getByRole("button", { name: "Save changes" }).click());
  expect(told(command)).toEqual({
    method: request.method(),
    url: request.url(),
    revision: request.headers()["if-match"],
    body: request.postData()?.replace("hunter2", "<the value of TOKEN>"),
  });
});

test("what is ticked is copied service by service", async ({ page, platform }) => {
  for (const name of ["one", "two"]) await platform.api("POST", "/workspaces/terminal/projects/shop/services/", { name: `ticked-${name}`, image: "shop:1", port: 8080 });
  await page.goto(`${platform.url}${PAGE}?q=ticked`);
  await expect(page.getByText("1/1")).toHaveCount(2);
  await page.getByRole("checkbox").first().click();
  await page.getByRole("button", { name: "Scale", exact: true }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Instances").fill("3");
  run(await copied(page, dialog), platform);
  for (const name of ["one", "two"]) {
    const service = await platform.api<{ process_counts: object }>("GET", `${SERVICES}/ticked-${name}`);
    expect(service.process_counts).toEqual({ web: 3 });
  }
});

test("on a phone it says that it has copied, and nothing scrolls sideways", async ({ page, platform }) => {
  await platform.api("POST", SERVICES, { name: "small", platform: "wind", image: "shop:1" });
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${platform.url}${PAGE}/s/small/settings`);
  await page.getByRole("button", { name: "Delete service" }).click();
  const dialog = page.getByRole("dialog");
  const picture = dialog.locator(".copy svg");
  const before = await picture.innerHTML();
  await copied(page, dialog);
  expect(await picture.innerHTML()).not.toBe(before);
  expect(await dialog.evaluate((shown) => shown.scrollWidth <= shown.clientWidth)).toBe(true);
});
