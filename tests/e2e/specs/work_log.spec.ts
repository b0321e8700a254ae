// The log of a build while somebody reads it: it keeps still, and leads to its first error.
import { appendFileSync } from "node:fs";
import { join } from "node:path";
import { type Locator, type Page } from "@playwright/test";
import { expect, Platform, signIn, test as base } from "../platform.ts";

const SERVICES = "/orgs/acme/projects/shop/envs/production/services";

/** The log of a build that goes on: what the test adds is what the build writes. */
class Log {
  private readonly file: string;

  constructor(dataDir: string, image: string, readonly page: string) {
    this.file = join(dataDir, "work", `${image}.log`);
  }

  add(lines: string[]): void {
    appendFileSync(this.file, lines.map((line) => `${line}\n`).join(""));
  }
}

const test = base.extend<{ log: Log }>({
  log: async ({ page }, use) => {
    const platform = await Platform.start("simulated");
    await platform.api("POST", "/orgs/", { name: "Acme" });
    await platform.api("POST", "/orgs/acme/projects/", { name: "Shop" });
    // It is on its way for minutes.
    await platform.api("POST", SERVICES, { name: "web", platform: "wind", image: "shop:slow" });
    const { image_id: image } = await platform.api<{ image_id: string }>("POST", `${SERVICES}/web/images/build`, {});
    await signIn(page, platform);
    await use(new Log(platform.dataDir, image, `${platform.url}/o/acme/p/shop/e/production/s/web/images?image=1`));
    await platform.remove();
  },
});

const numbered = (first: number, count: number) => Array.from({ length: count }, (_, at) => `line ${first + at} of a build`);

/** The first line in view, and how far it is from the upper edge. */
function topLine(log: Locator): Promise<{ text: string; at: number }> {
  return log.evaluate((log) => {
    const { left, top, width } = log.getBoundingClientRect();
    const line = document.elementFromPoint(left + width / 2, top + 30)?.closest(".line");
    if (!line) throw new Error("no line is in view");
    return { text: line.textContent ?? "", at: Math.round(line.getBoundingClientRect().top - top) };
  });
}

async function scrollUp(page: Page, log: Locator): Promise<void> {
  await log.hover();
  await page.mouse.wheel(0, -1_500);
  await expect(page.getByRole("button", { name: /Follow the newest lines|new lines?$/ })).toBeVisible();
}

test("the first error of a long log is the first there is", async ({ page, log }) => {
  log.add([...numbered(0, 100), "error: this is the first", ...numbered(101, 90_000), "error: this is the second", ...numbered(90_102, 5)]);
  await page.goto(log.page);
  const second = page.getByText("error: this is the second");
  await expect(second).toBeVisible();
  await expect(page.getByText(/^the last [\d,]+ lines$/)).toBeVisible();
  await page.getByRole("button", { name: "First error" }).click();
  await expect(page.getByText("error: this is the first")).toBeInViewport();
  await expect(second).toBeHidden();
  await expect(page.getByText(/^90,\d{3} lines$/)).toBeVisible();
  // Again, from elsewhere: it is known by now.
  await page.getByRole("button", { name: "Follow the newest lines" }).click();
  await expect(second).toBeInViewport();
  await page.getByRole("button", { name: "First error" }).click();
  await expect(page.getByText("error: this is the first")).toBeInViewport();
});

test("a long log without an error says so", async ({ page, log }) => {
  log.add(numbered(0, 60_000));
  await page.goto(log.page);
  await page.getByRole("button", { name: "First error" }).click();
  await expect(page.getByText("No line of this log tells of an error.")).toBeVisible();
  await expect(page.getByText("line 59999 of a build")).toBeInViewport();
  await expect(page.getByRole("button", { name: "First error" })).toBeHidden();
});

test("a log keeps still while it is read", async ({ page, log }) => {
  log.add(numbered(0, 500));
  await page.goto(log.page);
  const lines = page.getByRole("log");
  await expect(page.getByText("line 499 of a build")).toBeInViewport();
  log.add(numbered(500, 5));
  await expect(page.getByText("line 504 of a build"), "it follows its end").toBeInViewport();

  await scrollUp(page, lines);
  const before = await topLine(lines);
  for (const first of [505, 605, 705]) {
    log.add(numbered(first, 100));
    await expect(page.getByRole("button", { name: `${first - 505 + 100} new lines` })).toBeVisible();
    expect(await topLine(lines)).toEqual(before);
  }
  await page.getByRole("button", { name: "300 new lines" }).click();
  await expect(page.getByText("line 804 of a build")).toBeInViewport();
});

test("lines that are read stay also where more come than a page holds", async ({ page, log }) => {
  log.add(numbered(0, 2_000));
  await page.goto(log.page);
  const lines = page.getByRole("log");
  await expect(page.getByText("line 1999 of a build")).toBeInViewport();
  await scrollUp(page, lines);
  const before = await topLine(lines);
  for (let first = 2_000; first < 1_100_000; first += 100_000) log.add(numbered(first, 100_000));
  const first = page.getByText(/^the first 1,0\d\d,\d{3} lines$/);
  await expect(first).toBeVisible({ timeout: 90_000 });
  expect(await topLine(lines)).toEqual(before);
  await page.getByRole("button", { name: "Show the end" }).click();
  await expect(page.getByText("line 1101999 of a build")).toBeVisible();
  await expect(first).toBeHidden();
  // The log may reach below the window.
  await page.evaluate(() => window.scrollTo(0, document.body.scrollHeight));
  await expect(page.getByText("line 1101999 of a build")).toBeInViewport();
});
