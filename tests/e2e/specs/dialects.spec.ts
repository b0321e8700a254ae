// The two addresses of one platform, `/o/…` and `/w/…`: the same services, and the same ways to change them.
import { expect, signIn, test } from "../platform.ts";

// Each with an organisation of its own: the platform is the worker's, and other specs fill it too.
type Dialect = { name: string; home: string; create: string };

const DIALECTS: Dialect[] = [
  { name: "organisations", home: "/o/by-organisations/p/shop/e/production", create: "Create and deploy" },
  { name: "workspaces", home: "/w/by-workspaces/p/shop", create: "Create service" },
];

for (const { name, home, create } of DIALECTS) {
  test(`list, create, open and delete under ${name}`, async ({ page, platform }) => {
    const workspace = `/workspaces/by-${name}`;
    await platform.api("POST", "/workspaces/", { name: `By ${name}` });
    await platform.api("POST", `${workspace}/projects/`, { name: "Shop" });
    await platform.api("POST", `${workspace}/projects/shop/services/`, { name: "cart", image: "shop:1", port: 8080 });
    await signIn(page, platform);
    const services = platform.url + home;

    await test.step("list", async () => {
      await page.goto(services);
      await expect(page.getByRole("link", { name: "cart" })).toHaveAttribute("href", new RegExp(`^${home}/s/cart`));
    });

    await test.step("create", async () => {
      await page.getByRole("link", { name: "New service" }).first().click();
      await expect(page).toHaveURL(`${services}/services/new`);
      await page.getByLabel("Name", { exact: true }).first().fill("Orders");
      await page.getByLabel("Image", { exact: true }).fill("shop:1");
      await page.getByLabel("Port", { exact: true }).fill("8080");
      await page.getByRole("button", { name: create }).click();
      await expect(page).toHaveURL(new RegExp(`${home}/s/orders`));
      await expect(page.getByText("1 of 1 ready").first()).toBeVisible({ timeout: 60_000 });
    });

    await test.step("open", async () => {
      await page.goto(services);
      await page.getByRole("link", { name: "Orders" }).click();
      await expect(page.getByRole("heading", { name: "Orders", level: 1 })).toBeVisible();
    });

    await test.step("delete", async () => {
      await page.getByRole("link", { name: "Settings" }).click();
      await page.getByRole("button", { name: "Delete service" }).click();
      const dialog = page.getByRole("dialog");
      await dialog.getByRole("textbox").fill("Orders");
      await dialog.getByRole("button", { name: /Delete/ }).click();
      await expect(page).toHaveURL(services);
      await expect(page.getByRole("link", { name: "Orders" })).toHaveCount(0);
      await expect(page.getByRole("link", { name: "cart" })).toBeVisible();
    });
  });
}
