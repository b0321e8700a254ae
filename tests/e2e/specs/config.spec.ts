// Config at its levels: what is collected, reviewed, saved together and read back, also when somebody
// else was faster.
import { AxeBuilder } from "@axe-core/playwright";
import { type Page } from "@playwright/test";
import { expect, type Platform, signIn, test as base } from "../platform.ts";

const ENVIRONMENT = "/orgs/acme/projects/shop/envs/production";
const PAGE = "/o/acme/p/shop/e/production";

type Variable = { name: string; value: string; secret: boolean };

const test = base.extend<{ acme: Platform }>({
  acme: async ({ page }, use) => {
    const { Platform } = await import("../platform.ts");
    const acme = await Platform.start("simulated");
    await acme.api("POST", "/orgs/", { name: "Acme" });
    await acme.api("POST", "/orgs/acme/projects/", { name: "Shop" });
    for (const name of ["api", "web"]) {
      await acme.api("POST", `${ENVIRONMENT}/services/`, { name, platform: "wind", image: "shop:1", port: 8080 });
    }
    await acme.api("POST", "/orgs/acme/config/bulk", { variables: { LOG_LEVEL: "warn", TZ: "UTC" } });
    await acme.api("POST", `${ENVIRONMENT}/config/bulk`, { variables: { CACHE: "256", LOG_LEVEL: "info" } });
    await acme.api("POST", `${ENVIRONMENT}/services/api/config/bulk`, { variables: { LOG_LEVEL: "debug" } });
    await signIn(page, acme);
    await use(acme);
    await acme.remove();
  },
});

const own = async (platform: Platform) => platform.api<Variable[]>("GET", `${ENVIRONMENT}/config`);
const row = (page: Page, name: string) => page.getByRole("row").filter({ has: page.getByRole("rowheader", { name, exact: true }) });
const axe = async (page: Page) => expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

/** Keeps a variable as a pending change. */
async function set(page: Page, opener: string, value: string, name?: string, secret = false): Promise<void> {
  await page.getByRole("button", { name: opener }).first().click();
  const dialog = page.getByRole("dialog");
  if (name) await dialog.getByLabel("Name", { exact: true }).fill(name);
  await dialog.getByLabel("Value", { exact: true }).fill(value);
  if (secret) await dialog.getByRole("button", { name: "Secret", exact: true }).click();
  await dialog.getByRole("button", { name: "Keep as pending" }).click();
  await expect(dialog).toBeHidden();
}

test("changes wait, are reviewed with whom they reach, and are saved together", async ({ page, acme }) => {
  await page.goto(acme.url + PAGE);
  await page.getByRole("link", { name: "Config" }).click();
  await expect(row(page, "LOG_LEVEL")).toContainText("hides org");
  await axe(page);
  await set(page, "Add variable", "hunter2", "TOKEN", true);
  await set(page, "Change LOG_LEVEL", "trace");
  await page.getByRole("button", { name: "Delete CACHE" }).click();
  await expect(page.getByRole("region", { name: "Pending changes" })).toContainText("3 changes pending");
  expect(await own(acme)).toHaveLength(2);

  await page.getByRole("link", { name: "Pilothouse" }).click();
  await page.getByRole("dialog", { name: "Leave without saving?" }).getByRole("button", { name: "Cancel" }).click();

  await page.getByRole("button", { name: "Review and save…" }).click();
  const review = page.getByRole("dialog", { name: "Review changes" });
  await expect(review).toContainText("Changes 2 services: all there are.");
  await expect(review).toContainText("CACHE, TOKEN; not LOG_LEVEL");
  await axe(page);
  await review.getByRole("button", { name: "Save changes" }).click();
  await expect(review).toBeHidden();
  await expect(page.getByText("Saved: 1 added, 1 changed, 1 removed.")).toBeVisible();
  await expect(row(page, "TOKEN")).toContainText("secret");
  expect(await page.content()).not.toContain("hunter2");
  expect((await own(acme)).map((one) => [one.name, one.value])).toEqual([["LOG_LEVEL", "trace"], ["TOKEN", "**secret**"]]);

  await page.getByRole("button", { name: "History" }).click();
  await expect(page.getByRole("row").filter({ hasText: "CACHE" }).filter({ hasText: "removed" })).toBeVisible();
  await axe(page);
});

test("of two who change a level, neither loses anything", async ({ page, acme }) => {
  await page.goto(`${acme.url + PAGE}/config`);
  await set(page, "Change LOG_LEVEL", "trace");
  await set(page, "Add variable", "1", "MINE");
  await page.getByRole("button", { name: "Review and save…" }).click();
  await expect(page.getByRole("dialog")).toContainText("Changes 2 services");
  await acme.api("POST", `${ENVIRONMENT}/config/bulk`, { variables: { LOG_LEVEL: "error", THEIRS: "1" } });
  await page.getByRole("button", { name: "Save changes" }).click();

  const conflict = page.getByRole("dialog", { name: "Others changed this level" });
  await expect(conflict).toContainText("both changed it: choose");
  await expect(conflict.getByRole("button", { name: "Take over and review" })).toHaveAttribute("aria-disabled", "true");
  await axe(page);
  await conflict.getByRole("group", { name: "What is kept of LOG_LEVEL" }).getByRole("button", { name: "Keep yours" }).click();
  await conflict.getByRole("button", { name: "Take over and review" }).click();
  await page.getByRole("dialog", { name: "Review changes" }).getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("Saved: 1 added, 1 changed.")).toBeVisible();
  const values = Object.fromEntries((await own(acme)).map((one) => [one.name, one.value]));
  expect(values).toEqual({ CACHE: "256", LOG_LEVEL: "trace", MINE: "1", THEIRS: "1" });
});

test("a whole .env is taken in or refused line by line, and goes out as it came in", async ({ page, acme }) => {
  await page.goto(`${acme.url}/o/acme`);
  await page.getByRole("link", { name: "Config" }).click();
  await page.getByRole("button", { name: "Take in .env" }).click();
  const dialog = page.getByRole("dialog");
  const text = dialog.getByLabel("Contents of a .env file");
  await text.fill("A=1\nnonsense\nA=2");
  await dialog.getByRole("button", { name: "Keep as pending" }).click();
  await expect(dialog.getByRole("alert")).toContainText("Line 2: A variable looks like NAME=value");
  await expect(dialog.getByRole("alert")).toContainText("Line 3: A is given on line 1 already.");
  await axe(page);
  await dialog.getByLabel("Or a file").setInputFiles({ name: ".env", mimeType: "text/plain", buffer: Buffer.from('A="x y"\nTZ=UTC\n') });
  await expect(text).toHaveValue('A="x y"\nTZ=UTC\n');
  await dialog.getByRole("button", { name: "Keep as pending" }).click();
  await expect(page.getByRole("region", { name: "Pending changes" })).toContainText("1 change pending");

  // The browser's own button asks nothing, and loses nothing.
  await page.goBack();
  await page.getByRole("link", { name: "Config" }).click();
  await page.getByRole("button", { name: "Review and save…" }).click();
  await page.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("Saved: 1 added.")).toBeVisible();
  const [file] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Export .env" }).click()]);
  const { readFileSync } = await import("node:fs");
  expect(readFileSync(await file.path(), "utf8")).toBe('A="x y"\nLOG_LEVEL=warn\nTZ=UTC\n');
});

test("a pasted .env leaves secrets sealed and build-time variables to builds", async ({ page, acme }) => {
  await acme.api("POST", `${ENVIRONMENT}/config`, { name: "TOKEN", value: "old", secret: true });
  await acme.api("POST", `${ENVIRONMENT}/config`, { name: "NPM_REGISTRY", value: "one", buildtime: true });
  await page.goto(`${acme.url + PAGE}/config`);
  await page.getByRole("button", { name: "Take in .env" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog).toContainText("stays so");
  await dialog.getByLabel("Contents of a .env file").fill("TOKEN=hunter2\nNPM_REGISTRY=two\nPLAIN=1\n");
  await dialog.getByRole("button", { name: "Keep as pending" }).click();
  await page.getByRole("button", { name: "Review and save…" }).click();
  const review = page.getByRole("dialog", { name: "Review changes" });
  await expect(review.getByRole("definition").filter({ hasText: "stays a secret, with a new value" })).toHaveCount(1);
  await expect(review).not.toContainText("hunter2");
  await axe(page);
  await review.getByRole("button", { name: "Save changes" }).click();
  await expect(page.getByText("Saved: 1 added, 2 changed.")).toBeVisible();
  const saved = await acme.api<(Variable & { buildtime: boolean })[]>("GET", `${ENVIRONMENT}/config`);
  const told = Object.fromEntries(saved.map(({ name, value, secret, buildtime }) => [name, [value, secret, buildtime]]));
  expect(told).toMatchObject({
    TOKEN: ["**secret**", true, false], NPM_REGISTRY: ["two", false, true], PLAIN: ["1", false, false],
  });
});

test("a service shows why each value is as it is, and stays within a phone", async ({ page, acme }) => {
  await page.setViewportSize({ width: 390, height: 844 });
  await page.goto(`${acme.url + PAGE}/s/api/config?view=resolved`);
  const level = row(page, "LOG_LEVEL");
  await expect(level.getByRole("cell")).toHaveText(["overridden: warn", "", "overridden: info", "debug", "service", ""]);
  await expect(row(page, "TZ")).toContainText("org");
  expect(await page.evaluate(() => document.documentElement.scrollWidth - innerWidth)).toBe(0);
  await axe(page);
  await page.getByRole("searchbox").fill("tz");
  await expect(level).toBeHidden();
  await expect(page).toHaveURL(/view=resolved&q=tz|q=tz&view=resolved/);
});
