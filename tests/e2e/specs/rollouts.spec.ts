// What a person does about deployments beside a plain one: waits or replaces, ends one that still fetches,
// carries a release over, compares, and sees what serves meanwhile.
import { AxeBuilder } from "@axe-core/playwright";
import { type Page } from "@playwright/test";
import { expect, type Platform, signIn, test } from "../platform.ts";

const ENVIRONMENTS = "/orgs/rollouts/projects/shop/envs";
const SERVICES = `${ENVIRONMENTS}/production/services`;
const PAGE = "/o/rollouts/p/shop/e/production/s";

type Deployment = { id: string; release: number; state: string };

const deployments = (platform: Platform, service: string, services = SERVICES) =>
  platform.api<Deployment[]>("GET", `${services}/${service}/deployments`);
const states = async (platform: Platform, service: string, services = SERVICES) =>
  (await deployments(platform, service, services)).map(({ release, state }) => `v${release} ${state}`);
const axe = async (page: Page) => expect((await new AxeBuilder({ page }).analyze()).violations).toEqual([]);

/** Describes a service, and deploys it. */
async function deploy(platform: Platform, name: string, image: string, services = SERVICES): Promise<void> {
  await platform.api("POST", services, { name, platform: "wind", image, port: 8080, deployment_timeout: 600 });
  await platform.api("POST", `${services}/${name}/deploy`, {});
}

async function more(page: Page, action: string): Promise<void> {
  await page.getByRole("button", { name: "More actions" }).click();
  await page.getByRole("button", { name: action, exact: true }).click();
}

test.describe.configure({ mode: "parallel" });

test.beforeEach(async ({ platform, page }) => {
  const known = await platform.api<{ slug: string }[]>("GET", "/orgs/");
  if (!known.some(({ slug }) => slug === "rollouts")) {
    await platform.api("POST", "/orgs/", { name: "Rollouts" });
    await platform.api("POST", "/orgs/rollouts/projects/", { name: "Shop" });
    await platform.api("POST", `${ENVIRONMENTS}/`, { name: "Staging", env_type: "staging" });
  }
  await signIn(page, platform);
});

test("a second deploy waits or replaces, by choice, and the page says which", async ({ page, platform }) => {
  await deploy(platform, "queues", "shop:unhealthy");
  await page.goto(`${platform.url}${PAGE}/queues/overview`);
  const dialog = page.getByRole("dialog", { name: "Deploy" });
  const open = async () => page.getByRole("button", { name: "Deploy", exact: true }).first().click();
  const send = async () => {
    await dialog.getByRole("button", { name: "Deploy", exact: true }).click();
    await expect(dialog).toBeHidden();
  };
  await open();
  await expect(dialog).toContainText("Release v1 is still being rolled out.");
  await expect(dialog.getByText("v1 ends where it is, as cancelled, and this one goes on.")).toBeVisible();
  await dialog.getByRole("button", { name: "Wait for it" }).click();
  await expect(dialog.getByText("This one begins when v1 has ended.")).toBeVisible();
  await axe(page);
  await send();
  await expect.poll(() => states(platform, "queues")).toEqual(["v2 pending", "v1 running"]);

  await open();
  await expect(dialog).toContainText("Release v1 is still being rolled out, v2 waits.");
  await send();
  await expect.poll(() => states(platform, "queues")).toEqual(["v3 running", "v2 cancelled", "v1 cancelled"]);

  // An older release again: the same choice, in the same words.
  await page.goto(`${platform.url}${PAGE}/queues/releases?release=1`);
  await page.getByRole("button", { name: "Deploy this again" }).click();
  const again = page.getByRole("dialog", { name: "Deploy release v1 again" });
  await expect(again).toContainText("Release v3 is still being rolled out.");
  await again.getByRole("button", { name: "Wait for it" }).click();
  await again.getByRole("button", { name: "Deploy v1 again" }).click();
  await expect(again).toBeHidden();
  await expect.poll(() => states(platform, "queues")).toEqual(["v1 pending", "v3 running", "v2 cancelled", "v1 cancelled"]);
});

test("of two under way the first is told also where the newest was cancelled", async ({ page, platform }) => {
  await deploy(platform, "outlasts", "shop:unhealthy");
  await platform.api("POST", `${SERVICES}/outlasts/deploy`, { when_busy: "wait" });
  const [newest] = await deployments(platform, "outlasts");
  await platform.api("POST", `${SERVICES}/outlasts/deployments/${newest.id}/cancel`);
  await page.goto(`${platform.url}${PAGE}/outlasts/overview`);
  await page.getByRole("button", { name: "Deploy", exact: true }).first().click();
  await expect(page.getByRole("dialog", { name: "Deploy" })).toContainText("Release v1 is still being rolled out.");
});

test("an image that a deployment fetches ends with that deployment", async ({ page, platform }) => {
  await deploy(platform, "fetches", "fetches:slow");
  await page.goto(`${platform.url}${PAGE}/fetches/overview`);
  await expect(page.getByRole("region", { name: "From image to deployment" })).toContainText("fetched by the deployment of v1");
  await expect(page.getByRole("button", { name: "Cancel deployment" })).toHaveCount(1);
  await expect(page.getByRole("button", { name: "Cancel build" })).toHaveCount(0);
  await axe(page);
  for (const path of ["images", "images?image=1"]) {
    await page.goto(`${platform.url}${PAGE}/fetches/${path}`);
    await expect(page.getByText("fetched by the deployment of")).toBeVisible();
    await expect(page.getByRole("button", { name: "Cancel build" })).toHaveCount(0);
    await axe(page);
  }
  await page.getByRole("button", { name: "Cancel deployment" }).click();
  await expect(page.getByText("The deployment is being cancelled.")).toBeVisible();
  await expect(page.getByText("Cancelled", { exact: true }).first()).toBeVisible();
  expect(await states(platform, "fetches")).toEqual(["v1 cancelled"]);
});

test("after a deploy that failed the three steps tell of it, and which release serves", async ({ page, platform }) => {
  await deploy(platform, "fails", "shop:1");
  await expect.poll(() => states(platform, "fails")).toEqual(["v1 complete"]);
  await page.goto(`${platform.url}${PAGE}/fails/overview`);
  const strip = page.getByRole("region", { name: "From image to deployment" });
  const step = (name: string) => strip.locator(".step").filter({ has: page.getByRole("heading", { name, exact: true }) });
  await expect(step("Release")).toContainText("serves");
  await expect(step("Release")).toContainText(/at once|\d s/);
  await expect(step("Release")).toContainText("harness");

  await platform.api("PATCH", `${SERVICES}/fails`, { image: "shop:unhealthy", deployment_timeout: 3 });
  await platform.api("POST", `${SERVICES}/fails/deploy`, {});
  await expect(step("Deployment")).toContainText("Failed", { timeout: 40_000 });
  await expect(step("Release").getByRole("link", { name: "v2", exact: true })).toBeVisible();
  await expect(step("Deployment").getByRole("link", { name: "v2", exact: true })).toBeVisible();
  await expect(step("Release").getByRole("link", { name: "v1 serves" })).toBeVisible();
  await axe(page);
});

test("a release goes to another environment, and what is under way there waits or ends by choice", async ({ page, platform }) => {
  const staging = SERVICES.replace("production", "staging");
  await deploy(platform, "moves", "shop:1");
  await deploy(platform, "moves", "shop:unhealthy", staging);
  await platform.api("POST", `${staging}/moves/config`, { name: "STAGE", value: "one" });
  await expect.poll(() => states(platform, "moves")).toEqual(["v1 complete"]);
  await page.goto(`${platform.url}${PAGE}/moves/overview`);
  await expect(page.getByText("1 of 1 ready").first()).toBeVisible();
  await more(page, "Promote…");
  const dialog = page.getByRole("dialog", { name: "Promote" });
  await dialog.getByLabel("To", { exact: true }).selectOption("staging");
  await expect(dialog).toContainText("v1 goes to staging.");
  await expect(dialog).toContainText("STAGE");
  await expect(dialog).toContainText("Release v1 is still being rolled out.");
  await dialog.getByRole("button", { name: "Wait for it" }).click();
  await expect(dialog.getByText("This one begins when v1 has ended.")).toBeVisible();
  await axe(page);
  await dialog.getByRole("button", { name: "Replace it" }).click();
  const [request] = await Promise.all([
    page.waitForRequest((request) => request.method() === "POST" && request.url().endsWith("/promote")),
    dialog.getByRole("button", { name: "Promote" }).click(),
  ]);
  expect(request.postDataJSON()).toMatchObject({ target_env: "staging", when_busy: "replace" });
  await expect(page).toHaveURL(/\/e\/staging\//);
  await expect(page.getByText("1 of 1 ready").first()).toBeVisible();
  await expect.poll(() => states(platform, "moves", staging)).toEqual(["v2 complete", "v1 cancelled"]);
});

test("config that differs from what runs is told with a deploy beside it", async ({ page, platform }) => {
  await deploy(platform, "differs", "shop:1");
  await expect.poll(() => states(platform, "differs")).toEqual(["v1 complete"]);
  await page.goto(`${platform.url}${PAGE}/differs/config?view=resolved`);
  await expect(page.getByRole("button", { name: "Add variable" })).toHaveCount(0);
  await expect(page.getByText("with the next deploy")).toHaveCount(0);
  await platform.api("POST", `${SERVICES}/differs/config`, { name: "CACHE", value: "512" });
  await page.reload();
  await expect(page.getByText("1 change takes effect with the next deploy.")).toBeVisible();
  await expect(page.getByText("differs still runs without CACHE.")).toBeVisible();
  await axe(page);
  await page.getByRole("button", { name: "Review and deploy…" }).click();
  const dialog = page.getByRole("dialog", { name: "Deploy" });
  await expect(dialog).toContainText("CACHE");
  await dialog.getByRole("button", { name: "Deploy", exact: true }).click();
  await expect(dialog).toBeHidden();
  await expect.poll(() => states(platform, "differs")).toEqual(["v2 complete", "v1 complete"]);
  await expect(page.getByText("with the next deploy")).toHaveCount(0);
});

test("any two releases are compared", async ({ page, platform }) => {
  await deploy(platform, "compares", "shop:1");
  for (const [image, level] of [["shop:2", "info"], ["shop:3", "debug"]]) {
    await expect.poll(async () => (await states(platform, "compares"))[0]).toMatch(/complete/);
    await platform.api("PATCH", `${SERVICES}/compares`, { image });
    await platform.api("POST", `${SERVICES}/compares/config/bulk`, { variables: { LEVEL: level } });
    await platform.api("POST", `${SERVICES}/compares/deploy`, {});
  }
  await expect.poll(async () => (await states(platform, "compares"))[0]).toBe("v3 complete");
  await page.goto(`${platform.url}${PAGE}/compares/releases`);
  await page.getByRole("link", { name: "v3", exact: true }).first().click();
  const changes = page.getByRole("region").or(page.locator("section")).filter({ has: page.getByRole("heading", { name: /^Changes against/ }) });
  await expect(page.getByRole("heading", { name: "Changes against v2" })).toBeVisible();
  await expect(changes.first()).toContainText(/info\s*→\s*debug/);
  await page.getByLabel("Compared with").selectOption("1");
  await expect(page.getByRole("heading", { name: "Changes against v1" })).toBeVisible();
  await expect(changes.first()).toContainText(/shop:1\s*→\s*shop:3/);
  await expect(changes.first()).toContainText(/LEVEL\s*new/);
  await expect(page).toHaveURL(/against=1/);
  await axe(page);
});
