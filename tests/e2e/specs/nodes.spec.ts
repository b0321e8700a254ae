// The nodes of a cluster: what is on each, what draining one moves, and a Swarm that takes no changes.
import { expect, type Platform, signIn, test as base } from "../platform.ts";

const PRODUCTION = "/o/acme/p/shop/e/production";
const SERVICES = "/workspaces/acme/projects/shop/services/";
const SERVICE_COUNT = 6;

/** A platform with three simulated nodes, which some tests drain. */
const test = base.extend<{ cluster: Platform }>({
  cluster: async ({ page }, use) => {
    const { Platform } = await import("../platform.ts");
    const cluster = await Platform.start("simulated", ["--simulated-nodes", "3"]);
    await cluster.api("POST", "/workspaces/", { name: "Acme" });
    await cluster.api("POST", "/workspaces/acme/projects/", { name: "Shop" });
    for (let number = 1; number <= SERVICE_COUNT; number += 1)
      await cluster.api("POST", SERVICES, { name: `s${number}`, image: "shop:1", port: 8080 });
    await signIn(page, cluster);
    await use(cluster);
    await cluster.remove();
  },
});

test("a node that is drained gives its instances to the others, and takes some again", async ({ page, cluster }) => {
  await page.goto(`${cluster.url}/nodes`);
  const row = (name: string) => page.getByRole("row").filter({ hasText: name });
  for (const name of ["simulated-1", "simulated-2", "simulated-3"]) {
    await expect(row(name)).toContainText("2 instances");
    await expect(row(name)).toContainText("80.0 GB of 200 GB on disk");
  }
  await row("simulated-2").getByRole("button", { name: "Drain" }).click();
  const dialog = page.getByRole("dialog", { name: "Drain simulated-2" });
  await expect(dialog).toContainText("2 instances move to other nodes.");
  await dialog.getByRole("button", { name: "Drain simulated-2" }).click();
  await expect(row("simulated-2")).toContainText("Takes none, is drained");
  await expect(row("simulated-2")).toContainText("Nothing", { timeout: 30_000 });
  await expect(row("simulated-1")).toContainText("3 instances", { timeout: 30_000 });
  await row("simulated-2").getByRole("button", { name: "Activate" }).click();
  const again = page.getByRole("dialog", { name: "Activate simulated-2" });
  await again.getByRole("button", { name: "Activate simulated-2" }).click();
  await expect(row("simulated-2")).toContainText("Takes them");
});

test("a Swarm without a majority of its managers can be looked at and not changed", async ({ page, cluster }) => {
  const reason = "most managers of the Swarm are away, so nothing can be changed until they are back";
  await page.route(`${cluster.url}/api/v1/meta`, async (route) => {
    const response = await route.fetch();
    const meta = await response.json();
    meta.engine = { kind: "swarm", available: false, read_only: true, detail: reason };
    await route.fulfill({ response, json: meta });
  });
  await page.goto(`${cluster.url}${PRODUCTION}/s/s1/overview`);
  await expect(page.getByText(`Read-only. ${reason}`)).toBeVisible();
  await expect(page.getByText("web.0").first()).toBeVisible();
  const restart = page.getByRole("button", { name: "Restart", exact: true });
  await expect(restart).toHaveAttribute("aria-disabled", "true");
  await restart.click({ force: true });
  await expect(page.getByText(/^Most managers of the Swarm are away: nothing can be changed/)).toBeVisible();
  await expect(page.getByRole("dialog")).toHaveCount(0);
  // What is kept by the platform alone is still changed.
  await page.goto(`${cluster.url}${PRODUCTION}/config`);
  await expect(page.getByRole("button", { name: "Add variable" }).first()).not.toHaveAttribute("aria-disabled", "true");
});
