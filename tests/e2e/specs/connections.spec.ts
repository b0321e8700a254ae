// Other platforms than the one that served the page: looked at, connected to, and used with nothing but
// what their document describes.
import { type Page } from "@playwright/test";
import { isCleanEverywhere } from "../looks.ts";
import { expect, Platform, test as base } from "../platform.ts";
import { type Dialect, Strict } from "../strict.ts";

/** A platform elsewhere, behind a server that has one document alone. */
const test = base.extend<{ elsewhere: Platform; workspaces: Strict; environments: Strict }>({
  elsewhere: async ({}, use) => {
    const elsewhere = await Platform.start("simulated");
    await elsewhere.api("POST", "/orgs/", { name: "Acme" });
    await elsewhere.api("POST", "/orgs/acme/projects/", { name: "Shop" });
    await use(elsewhere);
    await elsewhere.remove();
  },
  workspaces: async ({ elsewhere }, use) => {
    const strict = await Strict.start(elsewhere, "workspaces");
    await use(strict);
    strict.close();
  },
  environments: async ({ elsewhere }, use) => {
    const strict = await Strict.start(elsewhere, "environments");
    await use(strict);
    strict.close();
  },
});

const platforms = (page: Page) => page.locator("section.panel", { has: page.getByRole("heading", { name: "Platforms" }) });

async function describe(page: Page, strict: Strict, place: string, name: string): Promise<void> {
  await platforms(page).getByRole("button", { name: "Add a platform" }).click();
  await page.getByLabel("Address").fill(strict.url);
  await page.getByLabel("Name").fill(name);
  await page.getByLabel("Where its services are").fill(place);
  await page.locator("form.describe").getByLabel("Key", { exact: true }).fill(strict.key);
}

async function connect(page: Page, at: Platform, strict: Strict, place: string): Promise<void> {
  await page.goto(`${at.url}/connect`);
  await describe(page, strict, place, "Elsewhere");
  await page.getByRole("button", { name: "Connect", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Services" })).toBeVisible();
  // To find out what is there, more was asked for than is described; from now on nothing is.
  strict.refused.length = 0;
}

const tabs = (page: Page) => page.getByRole("navigation", { name: "Service" }).getByRole("link").allTextContents();

test("a platform of W alone is used with what its document describes", async ({ page, platform, elsewhere, workspaces }) => {
  const services = "/workspaces/acme/projects/shop/services/";
  await elsewhere.api("POST", services, { name: "cart", image: "shop:1", port: 8080, domains: ["cart.localhost"] });
  await connect(page, platform, workspaces, "acme/shop");
  await expect(page).toHaveURL(/\/w\/acme\/p\/shop$/);
  await expect(page.getByRole("link", { name: "Deployments" })).toHaveCount(0);
  await expect(page.getByRole("link", { name: "Config" })).toHaveCount(0);
  await isCleanEverywhere(page);
  await page.getByRole("link", { name: "cart", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "cart" })).toBeVisible();
  await expect.poll(() => tabs(page)).toEqual(["Overview", "Metrics", "Logs", "Requests", "Settings"]);
  await expect(page.getByText("1 of 1 ready").first()).toBeVisible({ timeout: 60_000 });
  for (const absent of ["Deploy", "Cancel build"]) await expect(page.getByRole("button", { name: absent, exact: true })).toHaveCount(0);
  await isCleanEverywhere(page);

  await test.step("each tab is filled", async () => {
    const tab = (name: string) => page.getByRole("navigation", { name: "Service" }).getByRole("link", { name }).click();
    await tab("Metrics");
    await expect(page.getByRole("region", { name: "CPU" })).toContainText(/max\d/, { timeout: 60_000 });
    await tab("Logs");
    await expect(page.locator(".log .line, .logbook .line").first()).toBeVisible({ timeout: 60_000 });
    await tab("Requests");
    await expect(page.getByRole("heading", { level: 1, name: "cart" })).toBeVisible();
    await tab("Settings");
    await expect(page.getByLabel("Image", { exact: true })).toHaveValue("shop:1");
    await expect(page.getByLabel("Health check path")).toHaveCount(0);
    await isCleanEverywhere(page);
  });

  await test.step("scale, restart, change, create, delete", async () => {
    await page.getByRole("button", { name: "Scale", exact: true }).click();
    const dialog = page.getByRole("dialog", { name: "Scale" });
    await dialog.getByLabel("Instances").fill("2");
    await dialog.getByRole("button", { name: "Scale" }).click();
    await expect(page.getByText("2 of 2 ready").first()).toBeVisible({ timeout: 60_000 });
    await page.getByRole("button", { name: "Restart", exact: true }).click();
    await page.getByRole("dialog", { name: "Restart" }).getByRole("button", { name: "Restart" }).click();
    await expect(page.getByText("Instances are replaced one at a time.")).toBeVisible();
    await page.getByLabel("Tags").fill("edge");
    await page.getByRole("button", { name: "Save changes" }).click();
    await expect(page.getByText("Saved.", { exact: true })).toBeVisible();

    await page.goto(`${platform.url}/w/acme/p/shop/services/new`);
    await page.getByLabel("Name", { exact: true }).first().fill("Orders");
    await page.getByLabel("Image", { exact: true }).fill("shop:1");
    await page.getByLabel("Port", { exact: true }).fill("8080");
    await page.getByRole("button", { name: "Create service" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Orders" })).toBeVisible();
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("button", { name: "Delete service" }).click();
    await page.getByRole("dialog").getByRole("textbox").fill("Orders");
    await page.getByRole("dialog").getByRole("button", { name: /Delete/ }).click();
    await expect(page.getByRole("link", { name: "Orders" })).toHaveCount(0);
    await expect(page.getByRole("link", { name: "cart", exact: true })).toBeVisible();
  });
  expect(workspaces.refused).toEqual([]);
});

test("a platform of E alone is used with what its document describes", async ({ page, platform, elsewhere, environments }) => {
  const services = "/orgs/acme/projects/shop/envs/production/services/";
  await elsewhere.api("POST", services, { name: "API", platform: "wind", image: "shop:1" });
  await connect(page, platform, environments, "acme/shop/production");
  await expect(page).toHaveURL(/\/o\/acme\/p\/shop\/e\/production$/);
  await isCleanEverywhere(page);
  await page.getByRole("link", { name: "API", exact: true }).click();
  await expect(page.getByRole("heading", { level: 1, name: "API" })).toBeVisible();
  await expect.poll(() => tabs(page)).toEqual(["Overview", "Images", "Releases", "Config", "Settings"]);
  for (const absent of ["Scale", "Restart", "More actions"]) await expect(page.getByRole("button", { name: absent, exact: true })).toHaveCount(0);

  await test.step("build, deploy, and follow both", async () => {
    await page.getByRole("link", { name: "Images" }).click();
    await page.getByRole("button", { name: /Build|Pull and pin/ }).click();
    await expect(page.getByRole("heading", { name: "Image v1" })).toBeVisible();
    await expect(page.getByText("Built", { exact: true }).first()).toBeVisible({ timeout: 60_000 });
    await expect(page.getByRole("heading", { name: "Log", exact: true })).toBeVisible();
    await page.getByRole("button", { name: "Deploy", exact: true }).first().click();
    const dialog = page.getByRole("dialog", { name: "Deploy" });
    await expect(dialog).toContainText("This platform does not tell before what that changes.");
    await dialog.getByRole("button", { name: "Deploy", exact: true }).click();
    await expect(page.getByText("A new release is on its way.")).toBeVisible();
    await page.getByRole("navigation", { name: "Service" }).getByRole("link", { name: "Releases" }).click();
    await expect(page.getByRole("link", { name: "v1", exact: true })).toBeVisible();
    await page.getByRole("navigation", { name: "Service" }).getByRole("link", { name: "Overview" }).click();
    const strip = page.getByRole("region", { name: "From image to deployment" });
    await expect(strip.getByRole("heading")).toHaveText(["Image", "Release"]);
    await expect(strip.getByRole("link", { name: "v1", exact: true })).toBeVisible();
    await isCleanEverywhere(page);
  });

  await test.step("variables are set one by one", async () => {
    await page.getByRole("navigation", { name: "Service" }).getByRole("link", { name: "Config" }).click();
    for (const [name, value] of [["ONE", "1"], ["TWO", "2"]]) {
      await page.getByRole("button", { name: "Add variable" }).first().click();
      const dialog = page.getByRole("dialog");
      await dialog.getByLabel("Name", { exact: true }).fill(name);
      await dialog.getByLabel("Value", { exact: true }).fill(value);
      await dialog.getByRole("button", { name: /Add|Change|Keep/ }).first().click();
    }
    await page.getByRole("button", { name: "Review" }).click();
    await page.getByRole("dialog", { name: "Review changes" }).getByRole("button", { name: "Save changes" }).click();
    await expect(page.getByText(/^Saved/)).toBeVisible();
    const saved = await elsewhere.api<{ name: string; value: string }[]>("GET", `${services}api/config`);
    expect(saved.map(({ name, value }) => `${name}=${value}`)).toEqual(["ONE=1", "TWO=2"]);
    await expect(page.getByRole("button", { name: "Delete ONE" })).toHaveCount(0);
    await isCleanEverywhere(page);
  });

  await test.step("describe another", async () => {
    await page.goto(`${platform.url}/o/acme/p/shop/e/production/services/new`);
    await page.getByLabel("Name", { exact: true }).first().fill("Worker");
    await page.getByLabel("Repository").fill("acme/worker");
    await expect(page.getByLabel("Port", { exact: true })).toHaveCount(0);
    await page.getByRole("button", { name: "Create service" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Worker" })).toBeVisible();
    await page.getByRole("navigation", { name: "Service" }).getByRole("link", { name: "Settings" }).click();
    await page.getByLabel("Timeout, seconds").fill("90");
    await page.getByRole("button", { name: "Save changes" }).click();
    await expect(page.getByText("Saved.", { exact: true })).toBeVisible();
  });
  expect(environments.refused).toEqual([]);
});

for (const dialect of ["workspaces", "environments"] as Dialect[]) {
  test(`pages that a platform of ${dialect} alone can't fill lead back to its places`, async ({ page, platform, workspaces, environments }) => {
    const isWorkspace = dialect === "workspaces";
    await connect(page, platform, isWorkspace ? workspaces : environments, isWorkspace ? "acme/shop" : "acme/shop/production");
    for (const path of ["/o/acme", "/o/acme/people", "/o/acme/p/shop", "/o/acme/config", isWorkspace ? "/o/acme/p/shop/e/production" : "/w/acme/p/shop"]) {
      await page.goto(platform.url + path);
      await expect(page.getByRole("heading", { level: 1, name: "Elsewhere" })).toBeVisible();
    }
    await page.getByRole("table").getByRole("link").first().click();
    await expect(page.getByRole("heading", { level: 1, name: "Services" })).toBeVisible();
    expect((isWorkspace ? workspaces : environments).refused).toEqual([]);
  });
}

test("a look tells what is there, and what stands against its use", async ({ page, platform, workspaces }) => {
  await page.goto(`${platform.url}/connect`);
  await isCleanEverywhere(page);
  await describe(page, workspaces, "acme/shop", "Elsewhere");
  const look = () => page.locator("form.describe").getByRole("button", { name: "Test" }).click();
  await look();
  await expect(page.getByText("Workspaces: 11 operations")).toBeVisible();
  await page.getByText(/of \d+ reads? answered/).click();
  await isCleanEverywhere(page);

  await page.locator("form.describe").getByLabel("Key", { exact: true }).fill("wrong");
  await look();
  await expect(page.getByText("It does not accept this key.")).toBeVisible();
  await page.getByLabel("Where its services are").fill("");
  await look();
  await expect(page.getByText("It does not tell what it holds.")).toBeVisible();
  await page.getByLabel("Address").fill("http://127.0.0.1:9");
  await look();
  await expect(page.getByText("Nothing answers there.")).toBeVisible();
  await page.getByLabel("Address").fill("ftp://platform.example");
  await look();
  await expect(page.getByText("An address begins with https:// or http://.")).toBeVisible();
});

test("another platform of this kind needs to let the page's origin in", async ({ page, platform, elsewhere, problems }) => {
  await page.goto(`${platform.url}/connect`);
  await describe(page, { url: elsewhere.url, key: elsewhere.key() } as Strict, "", "Other");
  await page.locator("form.describe").getByRole("button", { name: "Test" }).click();
  await expect(page.getByText("--allow-origin")).toBeVisible();
  expect(problems.splice(0).filter((problem) => !problem.includes("blocked by CORS policy"))).toEqual([]);

  const open = await Platform.start("simulated", ["--allow-origin", platform.url]);
  try {
    await open.api("POST", "/orgs/", { name: "Other org" });
    await page.getByLabel("Address").fill(open.url);
    const key = open.key();
    await page.locator("form.describe").getByLabel("Key", { exact: true }).fill(key);
    await page.getByRole("button", { name: "On this device" }).click();
    await page.getByRole("button", { name: "Connect", exact: true }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Other org" })).toBeVisible();
    // Everything is there, and a change goes through.
    await page.getByRole("button", { name: "New project" }).click();
    await page.getByRole("dialog").getByLabel("Name").fill("Made from afar");
    await page.getByRole("dialog").getByRole("button", { name: "Create project" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Made from afar" })).toBeVisible();
    const kept = () => page.evaluate(() => JSON.stringify({ ...sessionStorage }) + JSON.stringify({ ...localStorage }));
    expect(await kept()).toContain(key);

    // A sign-out forgets the key, and nothing else.
    await page.getByRole("button", { name: "Account" }).click();
    await page.getByRole("button", { name: "Sign out", exact: true }).click();
    await expect(page.getByRole("heading", { name: "Sign in to Other" })).toBeVisible();
    expect(await kept()).not.toContain(key);
    await page.locator("form.connect").getByLabel("Key", { exact: true }).fill(key);
    await page.locator("form.connect").getByRole("button", { name: "Sign in" }).click();
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await page.goto(`${platform.url}/connect`);
    await platforms(page).getByRole("button", { name: "Forget Other and its key" }).click();
    await expect(page.getByRole("heading", { level: 1, name: "Sign in", exact: true })).toBeVisible();
    expect(await kept()).not.toContain(key);
  } finally {
    await open.remove();
  }
});

test("what whoever hosts the page has named is offered", async ({ page, platform, workspaces }) => {
  await page.route("**/config.json", (route) =>
    route.fulfill({
      json: { own: false, connections: [{ name: "Named", url: workspaces.url, dialect: "workspaces", places: ["acme/shop"] }] },
    }),
  );
  await page.goto(`${platform.url}/connect`);
  await expect(page.getByText("Named by whoever hosts this page")).toBeVisible();
  await expect(page.getByRole("heading", { level: 1, name: "Sign in", exact: true })).toHaveCount(0);
  await platforms(page).getByRole("button", { name: "Connect" }).click();
  await page.locator("form.describe").getByLabel("Key", { exact: true }).fill(workspaces.key);
  await page.locator("form.describe").getByRole("button", { name: "Connect" }).click();
  await expect(page.getByRole("heading", { level: 1, name: "Services" })).toBeVisible();
});

test("a key that ends while a form is half filled is replaced, and nothing typed is lost", async ({ page, platform, workspaces }) => {
  await connect(page, platform, workspaces, "acme/shop");
  await page.getByRole("link", { name: "New service" }).first().click();
  await page.getByLabel("Name", { exact: true }).first().fill("Half filled");
  await page.getByLabel("Image", { exact: true }).fill("shop:1");
  workspaces.failing = 401;
  await page.getByRole("button", { name: "Create service" }).click();
  await expect(page.getByRole("heading", { name: "Sign in to Elsewhere" })).toBeVisible();
  workspaces.failing = undefined;
  await page.locator("form.connect").getByLabel("Key", { exact: true }).fill(workspaces.key);
  await page.locator("form.connect").getByRole("button", { name: "Sign in" }).click();
  await expect(page.getByLabel("Name", { exact: true }).first()).toHaveValue("Half filled");
  await expect(page.getByLabel("Image", { exact: true })).toHaveValue("shop:1");
});
