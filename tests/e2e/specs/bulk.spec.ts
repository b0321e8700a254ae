// Many services at once: tick, restart, scale, and see what came of each.
import { AxeBuilder } from "@axe-core/playwright";
import { type Page } from "@playwright/test";
import { expect, type Platform, signIn, test as base } from "../platform.ts";

const AT = "/workspaces/fleet/projects/shop/services/";
const NAMES = ["api", "paused", "web", "worker"];

type Status = { data: { desired: number; state: string; instances: { id: string }[] } };

const test = base.extend<{ fleet: Platform }>({
  fleet: async ({ page }, use) => {
    const { Platform } = await import("../platform.ts");
    const fleet = await Platform.start("simulated");
    await fleet.api("POST", "/workspaces/", { name: "Fleet" });
    await fleet.api("POST", "/workspaces/fleet/projects/", { name: "Shop" });
    for (const name of NAMES) {
      const instances = name === "paused" ? 0 : 1;
      await fleet.api("POST", AT, { name, image: "shop:1", port: 8080, instances });
    }
    for (const name of NAMES) await expect.poll(async () => (await status(fleet, name)).state).toMatch(/running|paused/);
    await signIn(page, fleet);
    await page.goto(`${fleet.url}/w/fleet/p/shop`);
    await use(fleet);
    await fleet.remove();
  },
});

const status = async (platform: Platform, name: string) => (await platform.api<Status>("GET", `${AT}${name}/status`)).data;
const tick = (page: Page, name: string) => page.getByRole("checkbox", { name: `Select ${name}` });
const bar = (page: Page) => page.getByRole("region", { name: "Selection" });

test("ticked services restart together, and what can't is left", async ({ page, fleet }) => {
  const before = await status(fleet, "web");
  const untouched = await status(fleet, "worker");
  for (const name of ["api", "paused", "web"]) await tick(page, name).click();
  await expect(bar(page)).toContainText("3 selected");

  await bar(page).getByRole("button", { name: "Restart" }).click();
  const dialog = page.getByRole("dialog");
  await expect(dialog.getByText("Left as it is")).toHaveCount(1);
  expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);
  await dialog.getByRole("button", { name: "Restart 2" }).click();
  await expect(dialog.getByText("Accepted")).toHaveCount(2);
  await dialog.getByRole("button", { name: "Close" }).last().click();
  await expect(dialog).toBeHidden();

  await expect.poll(async () => (await status(fleet, "web")).instances[0]?.id, { timeout: 30_000 }).not.toBe(before.instances[0]?.id);
  expect((await status(fleet, "worker")).instances[0]?.id).toBe(untouched.instances[0]?.id);
});

test("all that the filter shows is scaled, and a failure is tried again", async ({ page, fleet }) => {
  await page.getByRole("searchbox").fill("w");
  await expect(tick(page, "api")).toBeHidden();
  await page.getByRole("checkbox", { name: "Select all services shown" }).click();
  await expect(bar(page)).toContainText("2 selected");

  await page.route(/\/services\/worker\/scale$/, (route) => route.abort(), { times: 1 });
  await bar(page).getByRole("button", { name: "Scale" }).click();
  const dialog = page.getByRole("dialog");
  await dialog.getByLabel("Instances").fill("101");
  await expect(dialog.getByText("Instances are between 0 and 100.")).toBeVisible();
  await dialog.getByLabel("Instances").fill("2");
  await dialog.getByRole("button", { name: "Scale 2" }).click();
  await expect(dialog.getByText("Failed")).toHaveCount(1);
  await dialog.getByRole("button", { name: "Try 1 again" }).click();
  await expect(dialog.getByText("Accepted")).toHaveCount(2);
  for (const name of ["web", "worker"]) expect((await status(fleet, name)).desired).toBe(2);
  expect((await status(fleet, "api")).desired).toBe(1);
});

test("a range is ticked with Shift, on a phone too it fits", async ({ page, fleet }) => {
  await expect(tick(page, "api")).toBeVisible();
  await tick(page, "api").click();
  await tick(page, "web").click({ modifiers: ["Shift"] });
  await expect(bar(page)).toContainText("3 selected");
  await page.setViewportSize({ width: 390, height: 844 });
  await expect(bar(page).getByRole("button", { name: "Restart" })).toBeInViewport({ ratio: 1 });
  expect(await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth)).toBe(false);
  await bar(page).getByRole("button", { name: "Clear the selection" }).click();
  await expect(bar(page)).toBeHidden();
  expect(fleet.engine).toBe("simulated");
});
