// From a commit to real containers and back, by hand: build, deploy, a release that is held back, rollback.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { expect, Platform, signIn, test as base } from "../platform.ts";
import { recipe, Repository } from "../repository.ts";

/** A platform that clones from a folder of this test. */
const test = base.extend<{ shop: { platform: Platform; repository: Repository } }>({
  shop: async ({}, use) => {
    const folder = mkdtempSync(join(tmpdir(), "pilothouse-repositories-"));
    const platform = await Platform.start("containers", ["--git-base-url", `file://${folder}`]);
    await use({ platform, repository: new Repository(folder, "acme/web") });
    await platform.remove();
    rmSync(folder, { recursive: true, force: true });
  },
});

const SERVICE = "/orgs/acme/projects/shop/envs/production/services";

test("commit, build, deploy, a bad deploy held back, rollback", async ({ page, shop }) => {
  test.setTimeout(240_000);
  const { platform, repository } = shop;
  repository.commit(recipe("one"));
  await platform.api("POST", "/orgs/", { name: "Acme" });
  await platform.api("POST", "/orgs/acme/projects/", { name: "Shop" });
  await platform.api("POST", SERVICE, {
    name: "web", platform: "wind", github_repository: "acme/web", domains: ["web.localhost"], deployment_timeout: 8,
  });
  await signIn(page, platform);
  const at = `${platform.url}/o/acme/p/shop/e/production/s/web`;
  const says = async () => {
    // Node's fetch decides on the Host itself.
    const run = spawnSync("curl", ["-s", "-m", "5", "-H", "Host: web.localhost", platform.ingress], { encoding: "utf8" });
    return /"release":"(\w+)"/.exec(run.stdout)?.[1];
  };
  const build = async (ends: string) => {
    await page.goto(`${at}/images`);
    await page.getByRole("button", { name: "Build", exact: true }).first().click();
    const dialog = page.getByRole("dialog");
    if (await dialog.isVisible()) await dialog.getByRole("button", { name: "Build", exact: true }).click();
    await expect(page.getByText(ends, { exact: true }).first()).toBeVisible({ timeout: 60_000 });
  };
  const deploy = async () => {
    await page.goto(`${at}/overview`);
    await page.getByRole("button", { name: "Deploy", exact: true }).first().click();
    const dialog = page.getByRole("dialog", { name: "Deploy" });
    await dialog.getByRole("button", { name: "Deploy", exact: true }).click();
    await expect(dialog).toBeHidden();
  };

  await test.step("the first image, and its log", async () => {
    await page.goto(`${at}/overview`);
    await expect(page.getByText("Nothing built yet")).toBeVisible();
    await page.getByRole("link", { name: "Build an image" }).click();
    await build("Built");
    await page.goto(`${at}/images?image=1`);
    await expect(page.getByText("COPY sample /sample").first()).toBeVisible();
  });

  await test.step("the first deploy", async () => {
    await deploy();
    await expect(page.getByText("1 of 1 ready").first()).toBeVisible({ timeout: 60_000 });
    await expect.poll(says).toBe("one");
  });

  await test.step("a build that breaks says at which step", async () => {
    repository.commit("FROM scratch\nCOPY nothing-there /x\n");
    await build("Failed");
    await page.goto(`${at}/images?image=2`);
    await expect(page.getByText(/nothing-there/).first()).toBeVisible();
    expect(await says()).toBe("one");
  });

  await test.step("a release that never gets healthy is held back", async () => {
    repository.commit(recipe("sick", "ENV UNHEALTHY=1\n"));
    await page.goto(`${at}/images`);
    await build("Built");
    await expect.poll(async () => (await platform.api<{ latest_image: { version: number; state: string } }>("GET", `${SERVICE}/web`)).latest_image).toMatchObject({ version: 3, state: "built" });
    await deploy();
    await expect(page.getByText(/did not become healthy/).first()).toBeVisible({ timeout: 60_000 });
    expect(await says()).toBe("one");
  });

  await test.step("a good one, and back again after a rehearsal", async () => {
    repository.commit(recipe("two"));
    await build("Built");
    await expect.poll(async () => (await platform.api<{ latest_image: { version: number; state: string } }>("GET", `${SERVICE}/web`)).latest_image).toMatchObject({ version: 4, state: "built" });
    await deploy();
    await expect.poll(says, { timeout: 60_000 }).toBe("two");
    await page.goto(`${at}/releases?release=1`);
    await page.getByRole("button", { name: "Deploy this again" }).click();
    const dialog = page.getByRole("dialog");
    await expect(dialog.getByText("What comes back")).toBeVisible();
    await expect(dialog.getByText("What stays as it is now")).toBeVisible();
    await dialog.getByLabel("Why").fill("two is slow");
    await dialog.getByRole("button", { name: "Deploy v1 again" }).click();
    // The page tells of it without being asked.
    await expect(page.getByText(/two is slow/).first()).toBeVisible({ timeout: 8_000 });
    await expect.poll(says, { timeout: 60_000 }).toBe("one");
    await expect(page.getByText("current", { exact: true })).toBeVisible({ timeout: 8_000 });
  });
});
