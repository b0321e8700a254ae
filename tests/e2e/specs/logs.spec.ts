// What a person does with a log: follow it, scroll back, look for something, open a line, link to it,
// see its patterns, in logs that are long, late, odd or not there.
import { readFileSync } from "node:fs";
import { AxeBuilder } from "@axe-core/playwright";
import { type Page } from "@playwright/test";
import { FakeLog, service } from "../log.ts";
import { expect, signIn, test } from "../platform.ts";

const numbered = (place: number) => ({ message: `line ${place} of many` });

const log = (page: Page) => page.getByRole("log");
const row = (page: Page, text: string) => log(page).locator(".line", { hasText: text });
const scroll = (page: Page, by: number) => log(page).evaluate((element, by) => element.scrollBy(0, by), by);
const toTop = (page: Page) => log(page).evaluate((element) => element.scrollTo(0, 0));

test("follows its end until it is scrolled up, and goes back to it", async ({ page, platform }) => {
  const fake = new FakeLog(1_000, numbered);
  await fake.serve(page);
  const address = await service(platform, "follow");
  await signIn(page, platform);
  await page.goto(address);
  await expect(row(page, "line 999 of many")).toBeVisible();
  await expect(page.getByText("live, following")).toBeVisible();

  fake.count += 312;
  await expect(row(page, "line 1311 of many")).toBeVisible();

  await scroll(page, -4_000);
  await expect(page.getByRole("button", { name: "Follow the newest lines" })).toBeVisible();
  const seen = await log(page).evaluate((element) => element.scrollTop);
  fake.count += 312;
  const back = page.getByRole("button", { name: "312 new lines" });
  await expect(back).toBeVisible();
  expect(await log(page).evaluate((element) => element.scrollTop)).toBe(seen);
  await back.click();
  await expect(row(page, "line 1623 of many")).toBeVisible();
  await expect(back).toBeHidden();
});

test("loads older lines on scroll up, and what is seen stays where it is", async ({ page, platform }) => {
  const fake = new FakeLog(50_000, numbered);
  await fake.serve(page);
  const address = await service(platform, "older");
  await signIn(page, platform);
  await page.goto(address);
  await expect(page.getByText("20,000 lines loaded")).toBeVisible();
  await toTop(page);
  await expect(page.getByText("40,000 lines loaded")).toBeVisible();
  await expect(row(page, "line 30000 of many")).toBeInViewport();
  await page.getByRole("button", { name: "Load older" }).click();
  await expect(page.getByText("50,000 lines loaded")).toBeVisible();
  await expect(page.getByRole("button", { name: "Load older" })).toBeHidden();
  await expect(row(page, "line 30000 of many")).toBeInViewport();
  expect(fake.asked.filter((query) => query.has("before"))).toHaveLength(2);
});

test("finds a text in all that is loaded, forwards and back", async ({ page, platform }) => {
  const fake = new FakeLog(20_000, (place) => ({ message: place % 5_000 === 7 ? `FATAL number ${place}` : `line ${place}` }));
  await fake.serve(page);
  const address = await service(platform, "find");
  await signIn(page, platform);
  await page.goto(address);
  const box = page.getByRole("searchbox", { name: "Look for this text" });
  await box.fill("fatal NUMBER");
  await expect(page.getByText("4 lines", { exact: true })).toBeVisible();
  await box.press("Shift+Enter");
  await expect(row(page, "FATAL number 15007")).toBeInViewport();
  await expect(page.getByText("4 of 4 lines")).toBeVisible();
  await page.getByRole("button", { name: "Previous" }).click();
  await expect(row(page, "FATAL number 10007")).toBeInViewport();
  await expect(row(page, "FATAL number 10007").locator("mark")).toHaveText("FATAL number");
  await page.getByRole("button", { name: "Next" }).click();
  await box.press("Enter");
  await expect(row(page, "FATAL number 7")).toBeInViewport();
  await expect(page).toHaveURL(/find=fatal/);
  await page.getByRole("button", { name: "Capitals count" }).click();
  await expect(page.getByText("no line", { exact: true })).toBeVisible();
});

test("opens objects, shows colours and odd characters, and survives a very long line", async ({ page, platform }) => {
  const kinds = [
    '{"level":"warn","msg":"slow query","took_ms":812}',
    "\u001b[31mred alert\u001b[0m over",
    "user\u202egpj.exe \u0000\u0007",
    `long ${"é".repeat(90_000)}`,
  ];
  const fake = new FakeLog(40, (place) => ({ message: kinds[place % 4], stream: place % 2 ? "stderr" : "stdout" }));
  await fake.serve(page);
  const address = await service(platform, "odd");
  await signIn(page, platform);
  await page.goto(address);
  const object = row(page, "slow query").last();
  const opener = object.getByRole("button", { name: "Fields of this line" });
  await opener.focus();
  await page.keyboard.press("Enter");
  await expect(opener).toHaveAttribute("aria-expanded", "true");
  await expect(object.getByText('"took_ms": 812')).toBeVisible();
  await page.keyboard.press("Enter");
  await expect(object.getByText('"took_ms": 812')).toBeHidden();
  await expect(row(page, "red alert over").last().locator("span[style]")).toHaveText("red alert");
  await expect(row(page, "red alert over").last()).toContainText("err");
  await expect(row(page, "user\ufffdgpj.exe \u2400\u2407").last()).toBeVisible();
  await expect(row(page, "85005 more characters").last()).toBeVisible();
  await page.getByRole("button", { name: "Wrap", exact: true }).click();
  await expect(page.getByRole("button", { name: "Wrap", exact: true })).toHaveAttribute("aria-pressed", "true");
  await expect(row(page, "85005 more characters").last()).toBeInViewport();
});

test("a link to a line opens there, with the line marked", async ({ page, platform }) => {
  const fake = new FakeLog(60_000, numbered);
  await fake.serve(page);
  const address = await service(platform, "link");
  await signIn(page, platform);
  await page.goto(address);
  await expect(row(page, "line 59999 of many")).toBeVisible();
  await toTop(page);
  const line = row(page, "line 40003 of many");
  await line.getByRole("link").click();
  await expect(line).toHaveAttribute("aria-current", "true");
  const link = (await line.getByRole("link").getAttribute("href")) ?? "";
  expect(new URL(page.url()).searchParams.get("line")).toBe(new URL(link, address).searchParams.get("line"));

  for (const address of [new URL(link, page.url()).href, page.url()]) {
    await page.goto("about:blank");
    await page.goto(address);
    await expect(line).toBeInViewport();
    await expect(line).toHaveAttribute("aria-current", "true");
  }
  await page.goto(`${address}?line=1-00000001`);
  await expect(page.getByText("The line that the address names is not among the loaded ones.")).toBeVisible();
});

test("patterns, with what is new since the release, and the lines of one", async ({ page, platform }) => {
  const address = await service(platform, "patterns");
  const began = Date.now() - 20 * 60_000;
  const fake = new FakeLog(
    6_000,
    (place) => ({ message: place % 100 === 99 ? `cache is at ${place} entries` : `GET /users/${place} 200 ${place % 90}ms` }),
    began,
    100,
  );
  await fake.serve(page);
  await signIn(page, platform);
  await page.goto(address);
  await page.getByRole("button", { name: "Patterns" }).click();
  await expect(page).toHaveURL(/view=patterns/);
  const table = page.getByRole("table", { name: "Patterns" });
  await expect(table.getByRole("row", { name: /5,940.*GET \/users\/\* \* \*ms/ })).toBeVisible();
  await expect(page.getByText("2 patterns", { exact: true })).toBeVisible();
  await table.getByRole("button", { name: "cache is at * entries" }).click();
  await expect(page).toHaveURL(/pattern=/);
  await expect(page.getByText("6,000 lines loaded, 60 lines shown")).toBeVisible();
  await expect(row(page, "cache is at 5999 entries")).toBeVisible();
  await page.goBack();
  await expect(table).toBeVisible();
  await page.goForward();
  await page.getByRole("button", { name: "Show all lines" }).click();
  await expect(row(page, "GET /users/5998").first()).toBeVisible();
});

test("times, instance, stream and download", async ({ page, platform }) => {
  const fake = new FakeLog(300, (place) => ({ message: `line ${place}`, stream: place % 2 ? "stderr" : "stdout" }));
  await fake.serve(page);
  const address = await service(platform, "choose");
  await signIn(page, platform);
  await page.goto(address);
  await page.getByLabel("Instance").selectOption("web.1");
  await page.getByLabel("Stream").selectOption("stderr");
  await expect(page.getByText("300 lines loaded, 50 lines shown")).toBeVisible();
  await page.getByLabel("Times", { exact: true }).selectOption("relative");
  await expect(row(page, "line 295").getByRole("link", { name: /ago/ })).toBeVisible();
  await page.getByLabel("Times", { exact: true }).selectOption("utc");
  await expect(row(page, "line 295").getByText(fake.at(295).slice(11, 23))).toBeVisible();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download" }).click()]);
  const text = readFileSync(await download.path(), "utf8");
  expect(text.trim().split("\n")).toHaveLength(50);
  expect(text).toContain(`${fake.at(1)} web.1 stderr line 1\n`);
});

test("a log that does not answer, and one that stops answering", async ({ page, platform }) => {
  const fake = new FakeLog(10, numbered);
  fake.failing = 503;
  await fake.serve(page);
  const address = await service(platform, "failing");
  await signIn(page, platform);
  await page.goto(address);
  const again = page.getByRole("button", { name: "Try again" });
  await expect(again).toBeVisible();
  fake.failing = 0;
  await again.click();
  await expect(row(page, "line 9 of many")).toBeVisible();
  fake.failing = 503;
  await expect(page.locator(".fresh.stale")).toBeVisible();
  await expect(row(page, "line 9 of many")).toBeVisible();
});

for (const colorScheme of ["light", "dark"] as const) {
  test(`nothing for axe to find, ${colorScheme}`, async ({ page, platform }) => {
    const kinds = ['{"level":"info"}', "\u001b[32mgreen\u001b[0m \u001b[33myellow\u001b[0m \u001b[90mgrey\u001b[0m", "an error of web"];
    const fake = new FakeLog(600, (place) => ({ message: kinds[place % 3], stream: place % 3 === 2 ? "stderr" : "stdout" }));
    await fake.serve(page);
    const address = await service(platform, `axe-${colorScheme}`);
    await page.emulateMedia({ colorScheme });
    await signIn(page, platform);
    for (const view of ["?find=e", "?view=patterns"]) {
      await page.goto(address + view);
      await expect(page.getByText(/600 lines loaded/)).toBeVisible();
      const { violations } = await new AxeBuilder({ page }).analyze();
      expect(violations.map(({ id, nodes }) => `${id}: ${nodes[0].html}`)).toEqual([]);
    }
    await page.setViewportSize({ width: 390, height: 844 });
    expect(await page.evaluate(() => document.documentElement.scrollWidth)).toBeLessThanOrEqual(390);
  });
}
