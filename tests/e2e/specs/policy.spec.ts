// What the page is allowed to do: all that it does itself, and nothing that is smuggled into it.
import { type Page } from "@playwright/test";
import { readFileSync } from "node:fs";
import { expect, type Platform, signIn, test } from "../platform.ts";

const PRODUCTION = "/o/guarded/p/shop/e/production";
const CART = `${PRODUCTION}/s/cart`;

/** Every page that draws, saves, copies or lists in a way of its own. */
const PATHS = [
  "/", "/o/guarded", "/o/guarded/config", "/o/guarded/people", PRODUCTION, `${PRODUCTION}/overview`,
  `${PRODUCTION}/services/new`, `${PRODUCTION}/deployments`, `${CART}/overview`, `${CART}/metrics`,
  `${CART}/metrics?view=table`, `${CART}/logs`, `${CART}/requests`, `${CART}/images`, `${CART}/releases`,
  `${CART}/config`, `${CART}/settings`, "/nothing/here",
];

async function fill(platform: Platform): Promise<void> {
  const known = await platform.api<{ slug: string }[]>("GET", "/orgs/");
  if (known.some(({ slug }) => slug === "guarded")) return;
  await platform.api("POST", "/orgs/", { name: "Guarded" });
  await platform.api("POST", "/orgs/guarded/projects/", { name: "Shop" });
  const services = "/workspaces/guarded/projects/shop/services/";
  await platform.api("POST", services, { name: "cart", image: "shop:1", port: 8080 });
}

/** What the browser says that it did not let the page do. */
async function violations(page: Page): Promise<string[]> {
  const told: string[] = [];
  await page.exposeFunction("violated", (words: string) => told.push(words));
  await page.addInitScript(() => {
    document.addEventListener("securitypolicyviolation", (event) => {
      (window as unknown as { violated: (words: string) => void }).violated(
        `${event.violatedDirective}: ${event.blockedURI}`,
      );
    });
  });
  return told;
}

test("every page works within its policy", async ({ page, platform }) => {
  const told = await violations(page);
  await fill(platform);
  await signIn(page, platform);
  for (const path of PATHS) {
    const reply = await page.goto(platform.url + path);
    expect(reply?.headers()["content-security-policy"]).not.toContain("unsafe-inline");
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page.getByRole("status", { name: "Loading" })).toHaveCount(0);
  }
  expect(told).toEqual([]);
});

test("a chart is saved as a picture within the policy", async ({ page, platform }) => {
  const told = await violations(page);
  await fill(platform);
  await signIn(page, platform);
  await page.goto(`${platform.url}${CART}/metrics`);
  await page.getByRole("button", { name: "Save CPU" }).click();
  const saving = page.waitForEvent("download");
  await page.getByRole("button", { name: "As PNG" }).click();
  const file = await (await saving).path();
  expect(readFileSync(file).subarray(1, 4).toString()).toBe("PNG");
  expect(told).toEqual([]);
});

test.describe("what is smuggled in", () => {
  test("a script in the page does not run", async ({ page, platform, problems }) => {
    const told = await violations(page);
    await page.goto(`${platform.url}/connect`);
    await expect(page.getByLabel("Key")).toBeVisible();
    const ran = await page.evaluate(async () => {
      const marks = window as unknown as { ran?: string[] };
      marks.ran = [];
      const script = document.createElement("script");
      script.textContent = "window.ran.push('inline')";
      document.body.append(script);
      const picture = document.createElement("div");
      picture.innerHTML = "<img src='/none.png' onerror='window.ran.push(1)'><svg onload='window.ran.push(2)'></svg>";
      document.body.append(picture);
      const link = document.createElement("a");
      link.href = "javascript:window.ran.push('link')";
      document.body.append(link);
      link.click();
      const foreign = document.createElement("script");
      foreign.src = "data:text/javascript,window.ran.push('data')";
      document.body.append(foreign);
      await new Promise((done) => setTimeout(done, 500));
      // Only from here on: what is evaluated for the test itself is let through.
      let evaluated = false;
      try {
        evaluated = new Function("return true")() as boolean;
      } catch {
        // As it should.
      }
      return { ran: marks.ran, evaluated };
    });
    expect(ran).toEqual({ ran: [], evaluated: false });
    expect(told.filter((words) => words.startsWith("script-src")).length).toBeGreaterThan(3);
    // The browser says so in its console as well, which is no fault here.
    problems.length = 0;
  });

  test("no other site may show the page in a frame", async ({ page, platform, problems }) => {
    await page.goto("about:blank");
    await page.setContent(`<iframe src="${platform.url}/connect"></iframe>`);
    await expect.poll(() => page.frames().some((frame) => frame.url().startsWith("chrome-error"))).toBe(true);
    problems.length = 0;
  });
});
