// Every page as it first looks: nothing for axe to find, no sideways scroll on a phone, no complaint
// in the browser's console.
import { type Page } from "@playwright/test";
import { isCleanEverywhere } from "../looks.ts";
import { expect, type Platform, signIn, test } from "../platform.ts";
import { visit as ask } from "../traffic.ts";

// Other specs of the same worker fill the same platform: these pages have an organisation of their own.
const ORGANISATION = "/o/looked-at";
const SHOP = `${ORGANISATION}/p/shop`;
const PRODUCTION = `${SHOP}/e/production`;

test.describe.configure({ mode: "parallel" });

/** A page, what shows that it is there, and what is done on it before it is looked at. */
type Visit = { name: string; path: string; shows: string; open?: (page: Page) => Promise<void> };

const press = (name: string) => (page: Page) => page.getByRole("button", { name, exact: true }).first().click();

const requests = (page: Page) => page.getByRole("table", { name: "Requests" }).getByRole("button");
/** Pulls an image, and waits for what its page then shows. */
const pull = (...shows: string[]) => async (page: Page) => {
  await press("Pull and pin")(page);
  await expect(page.getByRole("heading", { name: /^Image v/ })).toBeVisible();
  for (const one of shows) await expect(page.getByText(one, { exact: true }).first()).toBeVisible();
};

async function fetch(page: Page): Promise<void> {
  await press("Deploy")(page);
  const dialog = page.getByRole("dialog");
  await dialog.getByRole("button", { name: "Deploy", exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect(page.getByText("fetched by the deployment of")).toBeVisible();
}

async function rehearse(page: Page): Promise<void> {
  await press("Deploy this again")(page);
  await expect(page.getByText("What stays as it is now")).toBeVisible();
}

/** Where a deployment is under way. */
async function promote(page: Page): Promise<void> {
  await press("More actions")(page);
  await press("Promote…")(page);
  await page.getByLabel("To", { exact: true }).selectOption("staging");
  await expect(page.getByText("is still being rolled out")).toBeVisible();
}

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
  { name: "metrics", path: `${PRODUCTION}/s/cart/metrics`, shows: "cart" },
  { name: "metrics as a table", path: `${PRODUCTION}/s/cart/metrics?view=table`, shows: "cart" },
  { name: "logs", path: `${PRODUCTION}/s/cart/logs`, shows: "cart" },
  { name: "requests", path: `${PRODUCTION}/s/cart/requests`, shows: "cart", open: (page) => expect(requests(page)).not.toHaveCount(0) },
  { name: "a request", path: `${PRODUCTION}/s/cart/requests`, shows: "cart", open: (page) => requests(page).first().click() },
  { name: "no requests", path: `${PRODUCTION}/s/cart/requests?status=2xx`, shows: "cart" },
  { name: "images", path: `${PRODUCTION}/s/cart/images`, shows: "cart" },
  { name: "an image", path: `${PRODUCTION}/s/cart/images?image=1`, shows: "cart" },
  { name: "a repository to build", path: `${PRODUCTION}/s/site/images`, shows: "site" },
  { name: "a running build", path: `${PRODUCTION}/s/slow/images`, shows: "slow", open: pull("Cancel build") },
  { name: "a failed image", path: `${PRODUCTION}/s/missing/images`, shows: "missing", open: pull("All images", "Failed") },
  { name: "an image that a deployment fetches", path: `${PRODUCTION}/s/slow/overview`, shows: "slow", open: fetch },
  { name: "releases", path: `${PRODUCTION}/s/cart/releases`, shows: "cart" },
  { name: "a release", path: `${PRODUCTION}/s/cart/releases?release=1`, shows: "cart" },
  { name: "before a deploy", path: `${PRODUCTION}/s/cart/overview`, shows: "cart", open: press("Deploy") },
  { name: "before a rollback", path: `${PRODUCTION}/s/cart/releases?release=1`, shows: "cart", open: rehearse },
  { name: "before a promotion", path: `${PRODUCTION}/s/cart/overview`, shows: "cart", open: promote },
  { name: "deployments", path: `${PRODUCTION}/deployments`, shows: "Deployments" },
  { name: "config of an organisation", path: `${ORGANISATION}/config`, shows: "Config", open: press("Add variable") },
  { name: "config of a project", path: `${SHOP}/config`, shows: "Config" },
  { name: "config of an environment", path: `${PRODUCTION}/config`, shows: "Config" },
  { name: "config of a service", path: `${PRODUCTION}/s/cart/config`, shows: "cart", open: press("Take in .env") },
  { name: "resolved config", path: `${PRODUCTION}/s/cart/config?view=resolved`, shows: "cart" },
  { name: "history of config", path: `${PRODUCTION}/s/cart/config?view=history`, shows: "cart" },
  { name: "settings", path: `${PRODUCTION}/s/cart/settings`, shows: "cart" },
  { name: "deleting", path: `${PRODUCTION}/s/cart/settings`, shows: "cart", open: press("Delete service") },
  { name: "services that are ticked", path: PRODUCTION, shows: "Services", open: (page) => page.getByRole("checkbox").first().click() },
  { name: "the nodes", path: "/nodes", shows: "Nodes" },
  { name: "draining a node", path: "/nodes", shows: "Nodes", open: press("Drain") },
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
  for (const path of ["/", "/cart?item=1", "/a/path/that/is/longer/than/its/column/of/the/table/can/be"]) {
    // Until ingress knows the host it answers 404.
    await expect.poll(() => ask(platform.ingress, "cart.localhost", path)).toBe(503);
  }
  const envs = "/orgs/looked-at/projects/shop/envs/";
  await platform.api("POST", `${envs}production/services/`, { name: "site", platform: "wind", github_repository: "team/site", auto_deploy_branch: "main" });
  for (const kind of ["missing", "slow"]) await platform.api("POST", `${envs}production/services/`, { name: kind, platform: "wind", image: `shop:${kind}` });
  await platform.api("POST", envs, { name: "Staging", env_type: "staging" });
  const staging = `${envs}staging/services/`;
  await platform.api("POST", staging, { name: "cart", platform: "wind", image: "shop:unhealthy", deployment_timeout: 3600 });
  await platform.api("POST", `${staging}cart/deploy`, {});
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
