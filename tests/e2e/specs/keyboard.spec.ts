// The story without a mouse: create, scale, restart, read logs, edit, delete.
import { type Locator } from "@playwright/test";
import { expect, signIn, test } from "../platform.ts";

/** Presses Tab until the focus is on a control. */
async function reach(control: Locator): Promise<void> {
  await expect(control).toBeVisible();
  for (let presses = 0; presses < 120; presses += 1) {
    if (await control.evaluate((element) => element === document.activeElement)) return;
    await control.page().keyboard.press("Tab");
  }
  throw new Error(`Tab never reaches ${control}`);
}

async function press(control: Locator): Promise<void> {
  await reach(control);
  await control.page().keyboard.press("Enter");
}

/** Types into a field, in the place of what it holds. */
async function type(field: Locator, text: string): Promise<void> {
  await reach(field);
  await field.page().keyboard.press("ControlOrMeta+a");
  await field.page().keyboard.type(text);
}

test("the story by keyboard alone", async ({ page, platform }) => {
  await platform.api("POST", "/workspaces/", { name: "Keys" });
  await platform.api("POST", "/workspaces/keys/projects/", { name: "Shop" });

  await test.step("sign in", async () => {
    await page.goto(`${platform.url}/connect`);
    await type(page.getByLabel("Key"), platform.key("keyboard"));
    await page.keyboard.press("Enter");
    await expect(page).not.toHaveURL(/\/connect/);
  });

  await test.step("create", async () => {
    await page.goto(`${platform.url}/w/keys/p/shop`);
    await press(page.getByRole("link", { name: "New service" }).first());
    await expect(page.getByRole("heading", { name: "New service" })).toBeVisible();
    await type(page.getByRole("textbox", { name: "Name" }).first(), "Orders");
    await type(page.getByRole("textbox", { name: "Image" }).first(), "shop:1");
    await type(page.getByRole("textbox", { name: "Port" }).first(), "8080");
    await page.keyboard.press("Enter");
    await expect(page.getByRole("heading", { name: "Orders", level: 1 })).toBeVisible();
    await expect(page.getByText("1 of 1 ready").first()).toBeVisible({ timeout: 60_000 });
  });

  await test.step("scale, and the focus returns", async () => {
    await press(page.getByRole("button", { name: "Scale" }).first());
    const dialog = page.getByRole("dialog");
    await expect(dialog).toBeVisible();
    await type(dialog.getByLabel("Instances"), "2");
    await page.keyboard.press("Enter");
    await expect(dialog).toBeHidden();
    await expect(page.getByRole("button", { name: "Scale" })).toBeFocused();
    await expect(page.getByText("2 of 2 ready").first()).toBeVisible({ timeout: 60_000 });
  });

  await test.step("restart", async () => {
    await press(page.getByRole("button", { name: "Restart" }).first());
    const dialog = page.getByRole("dialog");
    await expect(dialog).toBeVisible();
    await press(dialog.getByRole("button", { name: "Restart" }));
    await expect(dialog).toBeHidden();
    await expect(page.getByText("2 of 2 ready").first()).toBeVisible({ timeout: 60_000 });
  });

  await test.step("logs", async () => {
    await press(page.getByRole("link", { name: "Logs" }).first());
    await expect(page.getByRole("log")).toContainText(/\w/);
  });

  await test.step("edit", async () => {
    await press(page.getByRole("link", { name: "Settings" }).first());
    await type(page.getByRole("textbox", { name: "Instances" }), "1");
    await page.keyboard.press("Enter");
    await press(page.getByRole("link", { name: "Overview" }).last());
    await expect(page.getByText("1 of 1 ready").first()).toBeVisible({ timeout: 60_000 });
  });

  await test.step("delete", async () => {
    await press(page.getByRole("link", { name: "Settings" }).first());
    await press(page.getByRole("button", { name: "Delete service" }).first());
    const dialog = page.getByRole("dialog");
    await expect(dialog).toBeVisible();
    await type(dialog.getByRole("textbox"), "Orders");
    await press(dialog.getByRole("button", { name: /Delete/ }));
    await expect(page).toHaveURL(/\/w\/keys\/p\/shop$/);
  });
});

test("the list by its keys", async ({ page, platform }) => {
  const services = "/workspaces/lists/projects/shop/services/";
  await platform.api("POST", "/workspaces/", { name: "Lists" });
  await platform.api("POST", "/workspaces/lists/projects/", { name: "Shop" });
  for (const name of ["alpha", "beta", "gamma"]) await platform.api("POST", services, { name, image: "shop:1", port: 8080 });
  await signIn(page, platform);
  await page.goto(`${platform.url}/w/lists/p/shop`);
  await expect(page.getByRole("link", { name: "gamma" })).toBeVisible();

  const [alpha, beta] = ["alpha", "beta"].map((name) => page.getByRole("link", { name, exact: true })) as [Locator, Locator];
  await page.keyboard.press("j");
  await expect(alpha).toBeFocused();
  await page.keyboard.press("j");
  await expect(beta).toBeFocused();
  await page.keyboard.press("x");
  await expect(page.getByRole("checkbox", { name: "Select beta" })).toBeChecked();
  await page.keyboard.press("k");
  await expect(alpha).toBeFocused();

  await page.keyboard.press("/");
  await expect(page.getByRole("searchbox")).toBeFocused();
  await page.keyboard.type("gam");
  await expect(alpha).toBeHidden();
  await expect(page.getByRole("link", { name: "gamma" })).toBeVisible();

  await page.getByRole("searchbox").fill("");
  await page.getByRole("searchbox").blur();
  await page.keyboard.press("j");
  await page.keyboard.press("Enter");
  await expect(page.getByRole("heading", { name: "alpha", level: 1 })).toBeVisible();
});
