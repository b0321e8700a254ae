// The browser's own back and forward lead through the pages as they were visited.
import { expect, signIn, test } from "../platform.ts";

test("back and forward, with the filter that was set", async ({ page, platform }) => {
  const services = "/workspaces/history/projects/shop/services/";
  await platform.api("POST", "/workspaces/", { name: "History" });
  await platform.api("POST", "/workspaces/history/projects/", { name: "Shop" });
  for (const name of ["cart", "web"]) await platform.api("POST", services, { name, image: "shop:1", port: 8080 });
  await signIn(page, platform);
  await page.goto(`${platform.url}/w/history/p/shop`);
  await page.getByRole("searchbox").fill("ca");
  await expect(page).toHaveURL(/\?q=ca$/);

  await page.getByRole("link", { name: "cart" }).click();
  await expect(page.getByRole("heading", { name: "cart", level: 1 })).toBeVisible();
  await expect(page).toHaveURL(/\/s\/cart\/overview$/);
  await page.getByRole("link", { name: "Logs" }).click();
  await expect(page).toHaveURL(/\/s\/cart\/logs$/);
  await expect(page.getByRole("log")).toBeVisible();

  await page.goBack();
  await expect(page).toHaveURL(/\/s\/cart\/overview$/);
  await page.goBack();
  await expect(page).toHaveURL(/\?q=ca$/);
  await expect(page.getByRole("searchbox")).toHaveValue("ca");
  await expect(page.getByRole("link", { name: "web", exact: true })).toBeHidden();
  await page.goForward();
  await expect(page.getByRole("heading", { name: "cart", level: 1 })).toBeVisible();
});
