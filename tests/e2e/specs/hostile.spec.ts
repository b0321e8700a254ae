// Hostile data in every text that the platform answers: shown as text, never run, and the layout holds.
import { type Page } from "@playwright/test";
import { expect, Platform, signIn, test as base } from "../platform.ts";

const PRODUCTION = "/o/acme/p/shop/e/production";
const SERVICES = "/orgs/acme/projects/shop/envs/production/services";

const MEGABYTE = 1024 * 1024;

/** What somebody could write wherever text may be written. */
const TEXTS: Record<string, string> = {
  markup: `<img src=x onerror="window.ran=1"><script>window.ran=1</script>"'><svg onload=window.ran=1>{{7*7}}`,
  link: `javascript:window.ran=1//`,
  bidi: `\u202Egnp.exe\u2066\u200F\u202A name`,
  control: `\u0000\u0007\u0008\u001b[31mred\u001b[0m\u001b]0;title\u0007\r\n\tend`,
  long: "W".repeat(MEGABYTE),
  longMarkup: "<b>x</b> ".repeat(MEGABYTE / 9),
};

/** The fields that hold what people, programs or other systems wrote. */
const FIELDS = new Set([
  "name", "message", "image", "reference", "error", "error_detail", "by", "deployed_by", "value", "commit_sha",
  "repository_name", "dockerfile", "log_text", "build_step", "path", "host", "client", "method", "unit",
  "github_repository", "auto_deploy_branch", "subdirectory", "health_check_path", "detail", "action", "address",
]);
const LISTS = new Set(["domains", "tags", "obstacles"]);

function poison(whole: unknown, text: string): unknown {
  if (Array.isArray(whole)) return whole.map((one) => poison(one, text));
  if (whole === null || typeof whole !== "object") return whole;
  return Object.fromEntries(
    Object.entries(whole).map(([name, value]) => {
      if (FIELDS.has(name) && typeof value === "string") return [name, text];
      if (LISTS.has(name) && Array.isArray(value)) return [name, value.map(() => text)];
      return [name, poison(value, text)];
    }),
  );
}

/** Puts a text in the place of every one that the platform's replies hold. */
async function poisonAll(page: Page, text: string): Promise<void> {
  await page.route("**/api/v1/**", async (route) => {
    if (/\/auth\/session|\/meta$/.test(route.request().url())) return route.fallback();
    const reply = await route.fetch();
    const whole: unknown = await reply.json();
    await route.fulfill({ response: reply, json: poison(whole, text) });
  });
}

const test = base.extend<object, { acme: Platform }>({
  acme: [
    async ({}, use) => {
      const acme = await Platform.start("simulated");
      await acme.api("POST", "/orgs/", { name: "Acme" });
      await acme.api("POST", "/orgs/acme/projects/", { name: "Shop" });
      const body = { image: "shop:1", port: 8080, platform: "wind", domains: ["api.localhost"], tags: ["edge"], env: { GREETING: "hello" } };
      await acme.api("POST", `${SERVICES}/`, { name: "api", ...body });
      await acme.api("POST", `${SERVICES}/api/deploy`, { message: "first" });
      await acme.api("POST", "/orgs/acme/invitations", { name: "Ada", role: "viewer" });
      await acme.api("POST", "/orgs/acme/keys", { name: "builder", role: "viewer" });
      await expect
        .poll(async () => (await acme.api<{ ready: number }>("GET", `${SERVICES}/api/status`)).ready, { timeout: 60_000 })
        .toBe(1);
      await use(acme);
      await acme.remove();
    },
    { scope: "worker", timeout: 120_000 },
  ],
});

const service = (tab: string) => `${PRODUCTION}/s/api/${tab}`;
const PAGES = [
  "/?all=yes", "/o/acme", "/o/acme/people", "/o/acme/keys", "/o/acme/audit", "/o/acme/config", "/o/acme/p/shop",
  PRODUCTION, `${PRODUCTION}/overview`, `${PRODUCTION}/deployments`, `${PRODUCTION}/services/new`,
  ...["overview", "metrics", "logs", "requests", "images", "images?image=1", "releases", "releases?release=1", "config", "config?view=resolved", "config?view=history", "settings"].map(service),
];

for (const [kind, text] of Object.entries(TEXTS)) {
  test(`${kind} in every text is text alone`, async ({ page, acme }) => {
    test.setTimeout(240_000);
    await signIn(page, acme);
    await poisonAll(page, text);
    for (const path of PAGES) {
      await test.step(path, async () => {
        await page.goto(acme.url + path);
        await expect(page.getByRole("heading", { level: 1 }).first()).toBeVisible();
        await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
        for (const viewport of [{ width: 1440, height: 900 }, { width: 390, height: 844 }]) {
          await page.setViewportSize(viewport);
          const { ran, wide, links } = await page.evaluate(() => ({
            ran: (window as { ran?: number }).ran,
            wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
            links: [...document.querySelectorAll("a")].map((link) => link.protocol).filter((kind) => !/^https?:$/.test(kind)),
          }));
          expect(ran, "something ran").toBeUndefined();
          expect(wide, `scrolls sideways at ${viewport.width}`).toBeLessThanOrEqual(0);
          expect(links, "links that are none").toEqual([]);
          expect(await page.locator("main script, main svg[onload], main img[onerror]").count()).toBe(0);
        }
      });
    }
  });

  test(`${kind} in what the platform refuses with is text alone`, async ({ page, acme }) => {
    await signIn(page, acme);
    await page.goto(`${acme.url}${PRODUCTION}/services/new`);
    await page.getByLabel("Name", { exact: true }).first().fill("Refused");
    await page.getByLabel("Image", { exact: true }).fill("shop:1");
    await page.route("**/services/", (route) =>
      route.request().method() === "POST"
        ? route.fulfill({ status: 422, json: { status: 422, code: "invalid", message: text, errors: { name: [text], image: [text] } } })
        : route.fallback(),
    );
    await page.getByRole("button", { name: "Create only" }).click();
    await expect(page.locator("[aria-invalid=true]").first()).toBeVisible();
    const { ran, wide } = await page.evaluate(() => ({
      ran: (window as { ran?: number }).ran,
      wide: document.documentElement.scrollWidth - document.documentElement.clientWidth,
    }));
    expect(ran).toBeUndefined();
    expect(wide).toBeLessThanOrEqual(0);
  });
}
