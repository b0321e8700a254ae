// Every page as it first looks: nothing for axe to find, no sideways scroll on a phone, no complaint
// in the browser's console.
import { AxeBuilder } from "@axe-core/playwright";
import { type Page } from "@playwright/test";
import { expect, type Platform, signIn, test } from "../platform.ts";

// Other specs of the same worker fill the same platform: these pages have an organisation of their own.
const ORGANISATION = "/o/looked-at";
const SHOP = `${ORGANISATION}/p/shop`;
const PRODUCTION = `${SHOP}/e/production`;

test.describe.configure({ mode: "parallel" });

/** A page, what shows that it is there, and what is done on it before it is looked at. */
type Visit = { name: string; path: string; shows: string; open?: (page: Page) => Promise<void> };

const press = (name: string) => (page: Page) => page.getByRole("button", { name, exact: true }).first().click();

const VISITS: Visit[] = [
  { name: "organisations", path: "/?all=yes", shows: "Organisations" },
  { name: "an organisation", path: ORGANISATION, shows: "Looked at" },
  { name: "an organisation without a project", path: "/o/looked-at-empty", shows: "Looked at empty" },
  { name: "a project", path: SHOP, shows: "Shop" },
  { name: "an environment", path: `${PRODUCTION}/overview`, shows: "Overview" },
  { name: "services", path: PRODUCTION, shows: "Services" },
  { name: "no services", path: `${ORGANISATION}/p/empty/e/production`, shows: "Services" },
  { name: "services of a workspace", path: "/w/looked-at/p/shop", shows: "Services" },
  { name: "a new service", path: `${PRODUCTION}/services/new`, shows: "New service" },
  { name: "a new service with faults", path: `${PRODUCTION}/services/new`, shows: "New service", open: press("Create and deploy") },
  { name: "a service", path: `${PRODUCTION}/s/cart/overview`, shows: "cart" },
  { name: "scaling", path: `${PRODUCTION}/s/cart/overview`, shows: "cart", open: press("Scale") },
  { name: "restarting", path: `${PRODUCTION}/s/cart/overview`, shows: "cart", open: press("Restart") },
  { name: "logs", path: `${PRODUCTION}/s/cart/logs`, shows: "cart" },
  { name: "images", path: `${PRODUCTION}/s/cart/images`, shows: "cart" },
  { name: "an image", path: `${PRODUCTION}/s/cart/images?image=1`, shows: "cart" },
  { name: "releases", path: `${PRODUCTION}/s/cart/releases`, shows: "cart" },
  { name: "a release", path: `${PRODUCTION}/s/cart/releases?release=1`, shows: "cart" },
  { name: "before a deploy", path: `${PRODUCTION}/s/cart/overview`, shows: "cart", open: press("Deploy") },
  { name: "deployments", path: `${PRODUCTION}/deployments`, shows: "Deployments" },
  { name: "config of an organisation", path: `${ORGANISATION}/config`, shows: "Config", open: press("Add variable") },
  { name: "config of an environment", path: `${PRODUCTION}/config`, shows: "Config" },
  { name: "config of a service", path: `${PRODUCTION}/s/cart/config`, shows: "cart", open: press("Take in .env") },
  { name: "resolved config", path: `${PRODUCTION}/s/cart/config?view=resolved`, shows: "cart" },
  { name: "history of config", path: `${PRODUCTION}/s/cart/config?view=history`, shows: "cart" },
  { name: "settings", path: `${PRODUCTION}/s/cart/settings`, shows: "cart" },
  { name: "deleting", path: `${PRODUCTION}/s/cart/settings`, shows: "cart", open: press("Delete service") },
  { name: "services that are ticked", path: PRODUCTION, shows: "Services", open: (page) => page.getByRole("checkbox").first().click() },
  { name: "no such service", path: `${PRODUCTION}/s/none/overview`, shows: "" },
  { name: "no such page", path: "/nothing/here", shows: "" },
];

async function fill(platform: Platform): Promise<void> {
  const known = await platform.api<{ slug: string }[]>("GET", "/orgs/");
  if (known.some(({ slug }) => slug === "looked-at")) return;
  await platform.api("POST", "/workspaces/", { name: "Looked at" });
  await platform.api("POST", "/workspaces/", { name: "Looked at empty" });
  const projects = "/workspaces/looked-at/projects/";
  for (const name of ["Shop", "Empty"]) await platform.api("POST", projects, { name });
  const services = `${projects}shop/services/`;
  await platform.api("POST", services, { name: "cart", image: "registry.example/team/cart:1", port: 8080, instances: 2, domains: ["cart.localhost"] });
  await platform.api("POST", "/orgs/looked-at/config/bulk", { variables: { LOG_LEVEL: "warn" } });
  await platform.api("POST", `${services}cart/config/bulk`, { variables: { LOG_LEVEL: "info" } });
  await platform.api("POST", services, { name: "wreck", image: "shop:crash", port: 8080 });
  await platform.api("POST", services, { name: "a-service-with-a-very-long-name-that-does-not-fit-anywhere", image: "shop:1", port: 8080 });
}

async function visit(page: Page, platform: Platform, { path, shows, open }: Visit): Promise<void> {
  await page.goto(platform.url + path);
  const title = page.getByRole("heading", { level: 1 });
  await (shows ? expect(title).toContainText(shows) : expect(title).toBeVisible());
  await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
  await open?.(page);
}

async function isClean(page: Page): Promise<void> {
  const { violations } = await new AxeBuilder({ page }).analyze();
  expect(violations.map(({ id, nodes }) => `${id}: ${nodes.map((node) => node.html).join("\n")}`)).toEqual([]);
}

/** Looks at what is shown in every colour and size that it can have. */
async function isCleanEverywhere(page: Page): Promise<void> {
  for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
    await page.setViewportSize(viewport);
    for (const colorScheme of ["light", "dark"] as const) {
      await test.step(`${colorScheme} at ${viewport.width}`, async () => {
        await page.emulateMedia({ colorScheme, reducedMotion: "reduce" });
        await isClean(page);
        const isWider = await page.evaluate(() => document.documentElement.scrollWidth > document.documentElement.clientWidth);
        expect(isWider, "scrolls sideways").toBe(false);
      });
    }
  }
}

test("signing in", async ({ page, platform }) => {
  await page.goto(`${platform.url}/connect`);
  await expect(page.getByLabel("Key")).toBeVisible();
  await isCleanEverywhere(page);
});

for (const one of VISITS) {
  test(one.name, async ({ page, platform }) => {
    await fill(platform);
    await signIn(page, platform);
    await visit(page, platform, one);
    await isCleanEverywhere(page);
  });
}
