// An answer that is lost on its way: what was asked for is asked for again, and done once.
import { expect, Platform, signIn, test as base } from "../platform.ts";

const test = base.extend<{ acme: Platform }>({
  acme: async ({ page }, use) => {
    const acme = await Platform.start("simulated");
    await acme.api("POST", "/orgs/", { name: "Acme" });
    await signIn(page, acme);
    await use(acme);
    await acme.remove();
  },
});

test("a change whose answer is lost, or cut off, is made once", async ({ page, acme }) => {
  const projects = async () => (await acme.api<{ name: string }[]>("GET", "/orgs/acme/projects/")).map(({ name }) => name);
  await page.goto(`${acme.url}/o/acme`);
  const losses: { name: string; cut: boolean }[] = [{ name: "Lost", cut: false }, { name: "Cut off", cut: true }];
  for (const { name, cut } of losses) {
    const keys: (string | undefined)[] = [];
    await page.route("**/api/v1/orgs/acme/projects/", async (route) => {
      const request = route.request();
      if (request.method() !== "POST") return route.fallback();
      keys.push(request.headers()["idempotency-key"]);
      if (keys.length > 1) return route.fallback();
      // The platform does it, and its answer does not arrive whole.
      const response = await route.fetch();
      expect(response.status()).toBe(201);
      return cut ? route.fulfill({ response, body: (await response.text()).slice(0, 20) }) : route.abort();
    });
    await page.getByRole("button", { name: "New project" }).click();
    const dialog = page.getByRole("dialog", { name: "New project" });
    await dialog.getByLabel("Name").fill(name);
    await dialog.getByRole("button", { name: "Create project" }).click();
    await expect(dialog.getByText(/does not answer|could not be read/)).toBeVisible();
    expect(await projects()).toContain(name);
    await dialog.getByRole("button", { name: "Create project" }).click();
    await expect(page.getByRole("heading", { level: 1, name })).toBeVisible();
    expect(keys).toHaveLength(2);
    expect(keys[0]).toBeTruthy();
    expect(keys[1]).toBe(keys[0]);
    expect((await projects()).filter((one) => one === name)).toHaveLength(1);
    await page.unroute("**/api/v1/orgs/acme/projects/");
    await page.goto(`${acme.url}/o/acme`);
  }
});
