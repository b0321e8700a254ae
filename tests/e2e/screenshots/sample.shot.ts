// The first screen of the sample project, light and dark.
import { resolve } from "node:path";
import { expect, Platform, signIn, test } from "../platform.ts";

const SERVICES = "/orgs/acme/projects/shop/envs/production/services/";

test("services", async ({ page }) => {
  const platform = await Platform.start("containers", ["--sample"]);
  try {
    const running = async () => {
      const services = await platform.api<{ status?: { state: string } }[]>("GET", SERVICES).catch(() => []);
      return services.filter((one) => one.status?.state === "running").length;
    };
    await expect.poll(running, { timeout: 240_000 }).toBe(5);
    await signIn(page, platform);
    await page.goto(`${platform.url}/o/acme/p/shop/e/production`);
    // The last that arrives: where ingress is.
    await expect(page.getByRole("link", { name: "storefront.localhost" })).toBeVisible();
    for (const colorScheme of ["light", "dark"] as const) {
      await page.emulateMedia({ colorScheme });
      await page.screenshot({
        path: resolve(import.meta.dirname, `services-${colorScheme}.png`),
        clip: { x: 0, y: 0, width: 1440, height: 480 },
      });
    }
  } finally {
    await platform.remove();
  }
});
