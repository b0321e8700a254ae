// The whole story on real containers: create, watch, read logs, scale, restart, edit, delete.
import { expect, signIn, test } from "../platform.ts";
import { buildSampleImage } from "../image.ts";

test.use({ engine: "containers" });

test("a newcomer creates a service and watches it run", async ({ page, platform }) => {
  const image = await buildSampleImage();
  await platform.api("POST", "/workspaces/", { name: "Acme" });
  await platform.api("POST", "/workspaces/acme/projects/", { name: "Shop" });
  await signIn(page, platform);

  await test.step("create", async () => {
    await page.goto(`${platform.url}/w/acme/p/shop/services/new`);
    await page.getByLabel("Name", { exact: true }).first().fill("Orders");
    await page.getByLabel("Image", { exact: true }).fill(image);
    await page.getByLabel("Port", { exact: true }).fill("8080");
    await page.getByLabel("Health check path").fill("/_health/");
    await page.getByRole("button", { name: "Create service" }).click();
    await expect(page).toHaveURL(/\/s\/orders/);
    await expect(page.getByRole("heading", { name: "Orders", level: 1 })).toBeVisible();
  });

  await test.step("it becomes ready as a real container", async () => {
    await expect(page.getByText("Running", { exact: true }).first()).toBeVisible({ timeout: 60_000 });
    expect(platform.containers()).toHaveLength(1);
  });

  await test.step("its real log lines", async () => {
    await page.getByRole("link", { name: "Logs" }).click();
    await expect(page.getByRole("log").getByText("/_health/").first()).toBeVisible();
  });

  await test.step("scale", async () => {
    await page.getByRole("button", { name: "Scale" }).click();
    const dialog = page.getByRole("dialog");
    await dialog.getByLabel("Instances").fill("3");
    await dialog.getByRole("button", { name: "Scale" }).click();
    await expect(page.getByText("3 of 3 ready").first()).toBeVisible({ timeout: 60_000 });
    expect(platform.containers()).toHaveLength(3);
  });

  await test.step("restart replaces every instance", async () => {
    const before = new Set(platform.containers());
    await page.getByRole("button", { name: "Restart" }).click();
    await page.getByRole("dialog").getByRole("button", { name: "Restart" }).click();
    await expect
      .poll(() => platform.containers().filter((id) => before.has(id)).length, { timeout: 90_000 })
      .toBe(0);
    await expect(page.getByText("3 of 3 ready").first()).toBeVisible({ timeout: 60_000 });
  });

  await test.step("edit", async () => {
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByLabel("Instances", { exact: true }).fill("1");
    await page.getByRole("button", { name: /Save/ }).click();
    await page.getByRole("link", { name: "Overview" }).last().click();
    await expect(page.getByText("1 of 1 ready").first()).toBeVisible({ timeout: 60_000 });
  });

  await test.step("delete asks for the name and leaves nothing", async () => {
    await page.getByRole("link", { name: "Settings" }).click();
    await page.getByRole("button", { name: "Delete service" }).click();
    const dialog = page.getByRole("dialog");
    await expect(dialog.getByRole("button", { name: /Delete/ })).toBeDisabled();
    await dialog.getByRole("textbox").fill("Orders");
    await dialog.getByRole("button", { name: /Delete/ }).click();
    await expect(page).toHaveURL(/\/w\/acme\/p\/shop$/);
    await expect.poll(() => platform.containers().length, { timeout: 60_000 }).toBe(0);
  });
});
