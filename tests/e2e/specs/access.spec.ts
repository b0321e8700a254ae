// Who may do what: people come in by a link, the page offers only what their role admits, keys are
// shown once, and the audit tells all of it.
import { readFileSync } from "node:fs";
import { type Browser, type Page } from "@playwright/test";
import { clipboard } from "../clipboard.ts";
import { isCleanEverywhere } from "../looks.ts";
import { expect, Platform, signIn, test as base } from "../platform.ts";

const SERVICES = "/orgs/acme/projects/shop/envs/production/services";
const SERVICE = "/o/acme/p/shop/e/production/s/api";

const test = base.extend<{ acme: Platform }>({
  acme: async ({ page }, use) => {
    const acme = await Platform.start("simulated");
    await acme.api("POST", "/orgs/", { name: "Acme" });
    await acme.api("POST", "/orgs/acme/projects/", { name: "Shop" });
    await acme.api("POST", `${SERVICES}/`, { name: "api", platform: "wind", image: "shop:1", port: 8080 });
    await acme.api("POST", `${SERVICES}/api/config`, { name: "GREETING", value: "a plain value" });
    await acme.api("POST", `${SERVICES}/api/deploy`, {});
    await signIn(page, acme);
    await use(acme);
    await acme.remove();
  },
});

const row = (page: Page, name: string) => page.getByRole("row").filter({ has: page.getByRole("cell", { name, exact: true }) });

/** A browser of somebody else. */
async function anotherBrowser(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ permissions: ["clipboard-write"] });
  return context.newPage();
}

/** Invites somebody by the page, and gives the link. */
async function invite(page: Page, acme: Platform, name: string): Promise<string> {
  await page.goto(`${acme.url}/o/acme/people`);
  await page.getByRole("button", { name: "Invite somebody" }).click();
  const dialog = page.getByRole("dialog", { name: "Invite somebody" });
  await dialog.getByLabel("Name", { exact: true }).fill(name);
  await dialog.getByRole("button", { name: "Make the link" }).click();
  const shown = page.getByRole("dialog", { name: `Link for ${name}` });
  const link = (await shown.locator("code").textContent()) ?? "";
  await shown.getByRole("button", { name: "Done" }).click();
  await expect(row(page, name)).toContainText("viewer");
  return link;
}

test("who is invited reads, asks by link for what they may not do, and is given it", async ({ page, acme, browser }) => {
  const link = await invite(page, acme, "Ada");
  const ada = await anotherBrowser(browser);
  await ada.goto(link);
  await expect(ada).not.toHaveURL(/token|connect/);
  await ada.goto(acme.url + SERVICE + "/overview");
  const scale = ada.getByRole("button", { name: "Scale" });
  await expect(scale).toHaveAttribute("aria-disabled", "true");
  await expect(scale).toHaveAttribute("title", /needs the role member, and yours is viewer/);
  await scale.click({ force: true });
  await expect(ada.getByText("The link is copied.")).toBeVisible();
  await expect(ada.getByRole("dialog")).toBeHidden();
  const asked = await clipboard(ada);
  expect(asked).toBe(`${acme.url}${SERVICE}/overview?do=scale`);
  // A link that opens a dialog opens nothing for who may not do it.
  await ada.goto(asked);
  await expect(ada).toHaveURL(/overview$/);
  await expect(ada.getByRole("dialog")).toBeHidden();

  await ada.goto(acme.url + SERVICE + "/config");
  await expect(ada.getByText("GREETING")).toBeVisible();
  await expect(ada.getByText("a plain value")).toBeHidden();
  await expect(ada.getByRole("button", { name: "Add variable" })).toHaveAttribute("aria-disabled", "true");
  await expect(ada.getByRole("button", { name: "Change GREETING" })).toHaveAttribute("aria-disabled", "true");
  await ada.goto(`${acme.url}/o/acme/p/shop/e/production/services/new`);
  await expect(ada.getByRole("button", { name: "Create and deploy" })).toHaveAttribute("aria-disabled", "true");
  await ada.goto(`${acme.url}/o/acme`);
  await expect(ada.getByRole("button", { name: "New project" })).toHaveAttribute("aria-disabled", "true");
  await expect(ada.getByRole("link", { name: "People" })).toBeHidden();

  // Whoever may opens the link and finds the dialog.
  await page.goto(asked);
  await expect(page.getByRole("dialog", { name: /Scale/ })).toBeVisible();
  await expect(page).toHaveURL(/overview$/);
  await page.keyboard.press("Escape");

  await page.goto(`${acme.url}/o/acme/people`);
  await page.getByRole("button", { name: "Change what Ada may do" }).click();
  const roles = page.getByRole("dialog", { name: "What Ada may do" });
  await roles.getByRole("button", { name: "Add a role" }).click();
  const second = roles.getByRole("group", { name: "Role 2" });
  await second.getByLabel("Role", { exact: true }).selectOption("member");
  await second.getByLabel("In", { exact: true }).selectOption("shop");
  await second.getByLabel("Environment", { exact: true }).selectOption("production");
  await roles.getByRole("button", { name: "Save" }).click();
  await expect(row(page, "Ada")).toContainText("viewer, member in shop / production");
  await ada.goto(asked);
  await expect(ada.getByRole("dialog", { name: /Scale/ })).toBeVisible();

  // Without any role somebody is signed out, at once.
  await page.getByRole("button", { name: "Remove Ada" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Remove Ada" }).click();
  await expect(page.getByText("Nobody has a role here yet")).toBeVisible();
  await ada.reload();
  await expect(ada).toHaveURL(/\/connect/);
  await ada.context().close();
});

test("a key is shown once, works, and is revoked", async ({ page, acme }) => {
  await page.goto(`${acme.url}/o/acme/keys`);
  await page.getByRole("button", { name: "New key" }).click();
  const dialog = page.getByRole("dialog", { name: "New key" });
  await dialog.getByRole("button", { name: "Make key" }).click();
  await expect(dialog.getByText(/name/i).filter({ hasText: /characters|empty|Give/ }).first()).toBeVisible();
  await dialog.getByLabel("Name", { exact: true }).fill("build server");
  await dialog.getByLabel("Role", { exact: true }).selectOption("member");
  await dialog.getByLabel("In", { exact: true }).selectOption("shop");
  await dialog.getByRole("button", { name: "Make key" }).click();
  const shown = page.getByRole("dialog", { name: "Key build server" });
  const key = (await shown.locator("code").textContent()) ?? "";
  await shown.getByRole("button", { name: "Done" }).click();
  const call = () => fetch(`${acme.url}/api/v1${SERVICES}/`, { headers: { "X-API-Key": key } });
  expect((await call()).status).toBe(200);
  await expect(row(page, "build server")).toContainText("member in shop");
  await page.reload();
  await expect(row(page, "build server")).toContainText(/just now|s ago/);
  await expect(page.getByText(key)).toBeHidden();
  await page.getByRole("button", { name: "Revoke build server" }).click();
  await page.getByRole("dialog").getByRole("button", { name: "Revoke build server" }).click();
  await expect(page.getByText("No key yet")).toBeVisible();
  expect((await call()).status).toBe(401);
});

test("what is deployed to a protected environment waits for another admin", async ({ page, acme }) => {
  const state = async () => (await acme.api<{ state: string; release_version: number }>("GET", `${SERVICES}/api/status`)).release_version;
  await expect.poll(state).toBe(1);
  await acme.api("PATCH", "/orgs/acme/projects/shop/envs/production", { protected: true });
  await page.goto(acme.url + SERVICE + "/overview");
  // What one asked for oneself is another's to approve.
  await page.getByRole("button", { name: "Deploy", exact: true }).first().click();
  await page.getByRole("dialog").getByRole("button", { name: /^Deploy/ }).click();
  const strip = page.getByText("waits for another admin than e2e, who asked for it, to approve it.");
  await expect(strip).toBeVisible();
  await page.getByRole("button", { name: "Approve" }).click();
  await expect(page.getByText("You asked for this deployment. Let another admin approve it.")).toBeVisible();
  await page.screenshot({ path: "../../target/e2e/access-approval.png" });
  await page.getByRole("button", { name: "Cancel", exact: true }).click();
  await expect(strip).toBeHidden();
  // Another's waits here, and begins with the approval.
  await acme.api("POST", `${SERVICES}/api/deploy`, { message: "hotfix" });
  await expect(page.getByText("waits for another admin than harness, who asked for it, to approve it. “hotfix”")).toBeVisible();
  await isCleanEverywhere(page);
  // Nothing jumps for it, beyond the words of times that pass: the service itself tells that something waits.
  await page.addInitScript(() => {
    const seen = window as unknown as { shift: number };
    seen.shift = 0;
    new PerformanceObserver((list) => {
      for (const entry of list.getEntries()) seen.shift += (entry as unknown as { value: number }).value;
    }).observe({ type: "layout-shift", buffered: true });
  });
  await page.reload();
  await expect(page.getByText("“hotfix”")).toBeVisible();
  await expect(page.getByText("Ready", { exact: true })).toBeVisible();
  expect(await page.evaluate(() => (window as unknown as { shift: number }).shift)).toBeLessThan(0.01);
  expect(await state()).toBe(1);
  await page.getByRole("button", { name: "Approve" }).click();
  await expect.poll(state).toBe(3);
  await expect(page.getByRole("button", { name: "Approve" })).toBeHidden();
});

test("the audit tells who did what, and goes into a file", async ({ page, acme }) => {
  const { secret } = await acme.api<{ secret: string }>("POST", "/orgs/acme/keys", { name: "=reader", role: "viewer" });
  const refused = await fetch(`${acme.url}/api/v1${SERVICES}/api`, { method: "DELETE", headers: { "X-API-Key": secret } });
  expect(refused.status).toBe(403);
  await page.goto(`${acme.url}/o/acme/audit`);
  await expect(page.getByRole("row").filter({ hasText: "config.set" })).toContainText("GREETING: a plain value");
  await page.getByRole("button", { name: "Refused" }).click();
  const rows = page.getByRole("table").getByRole("row");
  await expect(rows).toHaveCount(2);
  await expect(rows.nth(1)).toContainText("This needs the role admin, and yours is viewer");
  const download = page.waitForEvent("download");
  await page.getByRole("button", { name: "CSV" }).click();
  const text = readFileSync(await (await download).path(), "utf8");
  expect(text.split("\r\n")[1]).toMatch(/^[^,]+,"'=reader",key,127\.0\.0\.1,service\.delete,refused,/);
  await page.reload();
  await expect(rows).toHaveCount(2);
  await page.getByLabel("Filter by who").fill("nobody at all");
  await expect(page.getByText("Nothing here")).toBeVisible();
});

test("its pages and dialogs are clean in every colour and size", async ({ page, acme, browser }) => {
  const picture = (name: string) => page.screenshot({ path: `../../target/e2e/access-${name}.png` });
  const ada = await anotherBrowser(browser);
  await ada.goto(await invite(page, acme, "Ada"));
  await expect(ada).not.toHaveURL(/connect/);
  await ada.context().close();
  await invite(page, acme, "Grace with a rather long name that has to go somewhere");
  await acme.api("POST", "/orgs/acme/keys", { name: "build server", role: "member", project: "shop", environment: "production" });
  for (const name of ["people", "keys", "audit"]) {
    await page.goto(`${acme.url}/o/acme/${name}`);
    await expect(page.getByRole("table").first()).toBeVisible();
    await isCleanEverywhere(page);
    await page.setViewportSize({ width: 1440, height: 900 });
    await picture(name);
    await page.setViewportSize({ width: 390, height: 844 });
    await picture(`${name}-phone`);
  }
  await page.goto(`${acme.url}/o/acme/people`);
  for (const [opener, name] of [["Invite somebody", "invite"], ["Change what Ada may do", "roles"], ["Sign-in link for Ada", "link"], ["Remove Ada", "remove"]] as const) {
    await page.getByRole("button", { name: opener }).click();
    await expect(page.getByRole("dialog")).toBeVisible();
    await isCleanEverywhere(page);
    await page.setViewportSize({ width: 1440, height: 900 });
    await picture(name);
    await page.keyboard.press("Escape");
    await expect(page.getByRole("dialog")).toBeHidden();
  }
});
