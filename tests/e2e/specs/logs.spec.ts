// What a person does with a log: follow it, scroll back, look for something, open a line, link to it,
// see its patterns, in logs that are long, late, odd or not there.
import { readFileSync } from "node:fs";
import { AxeBuilder } from "@axe-core/playwright";
import { type Page } from "@playwright/test";
import { cutReplies } from "../cut.ts";
import { FakeLog, service } from "../log.ts";
import { expect, type Platform, signIn, test } from "../platform.ts";

const numbered = (place: number) => ({ message: `line ${place} of many` });

const LOGS = /\/services\/[^/]+\/logs(\?|$)/;

const log = (page: Page) => page.getByRole("log");
const row = (page: Page, text: string) => log(page).locator(".line", { hasText: text });
const filter = (page: Page) => page.getByRole("searchbox", { name: "Only lines that hold this text" });
const scroll = (page: Page, by: number) => log(page).evaluate((element, by) => element.scrollBy(0, by), by);
const toTop = (page: Page) => log(page).evaluate((element) => element.scrollTo(0, 0));

/** Opens the log of a service of this name, whose lines are these, and tells its address. */
async function open(page: Page, platform: Platform, lines: FakeLog, name: string): Promise<string> {
  await lines.serve(page);
  const address = await service(platform, name);
  await signIn(page, platform);
  await page.goto(address);
  return address;
}

test("follows its end until it is scrolled up, and goes back to it", async ({ page, platform }) => {
  const fake = new FakeLog(1_000, numbered);
  await open(page, platform, fake, "follow");
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
  const fake = new FakeLog(25_000, numbered);
  await open(page, platform, fake, "older");
  await expect(page.getByText("10,000 lines loaded")).toBeVisible();
  await toTop(page);
  await expect(page.getByText("20,000 lines loaded")).toBeVisible();
  await expect(row(page, "line 15000 of many")).toBeInViewport();
  await page.getByRole("button", { name: "Load older" }).click();
  await expect(page.getByText("25,000 lines loaded")).toBeVisible();
  await expect(page.getByRole("button", { name: "Load older" })).toBeHidden();
  await expect(row(page, "line 15000 of many")).toBeInViewport();
  await expect(page.getByRole("button", { name: "Follow the newest lines" })).toBeVisible();
  fake.count += 3;
  await expect(page.getByRole("button", { name: "3 new lines", exact: true })).toBeVisible();
  expect(fake.asked.filter((query) => query.has("before"))).toHaveLength(2);
});

test("finds a text in all that is loaded, forwards and back", async ({ page, platform }) => {
  const fake = new FakeLog(10_000, (place) => ({ message: place % 2_500 === 7 ? `FATAL number ${place}` : `line ${place}` }));
  await open(page, platform, fake, "find");
  const box = page.getByRole("searchbox", { name: "Look for this text" });
  await box.fill("fatal NUMBER");
  await expect(page.getByText("4 lines", { exact: true })).toBeVisible();
  await box.press("Shift+Enter");
  await expect(row(page, "FATAL number 7507")).toBeInViewport();
  await expect(page.getByText("4 of 4 lines")).toBeVisible();
  await page.getByRole("button", { name: "Previous" }).click();
  await expect(row(page, "FATAL number 5007")).toBeInViewport();
  await expect(row(page, "FATAL number 5007").locator("mark")).toHaveText("FATAL number");
  await page.getByRole("button", { name: "Next" }).click();
  await box.press("Enter");
  await expect(row(page, "FATAL number 7")).toBeInViewport();
  await expect(page).toHaveURL(/find=fatal/);
  await page.getByRole("button", { name: "Capitals count" }).click();
  await expect(page.getByText("no line", { exact: true })).toBeVisible();
});

test("only lines that hold a text: it is in the address, and the platform is asked", async ({ page, platform }) => {
  const fake = new FakeLog(300, (place) => ({ message: place % 10 ? `line ${place}` : `FATAL ${place}` }));
  await open(page, platform, fake, "filter");
  await expect(row(page, "line 299")).toBeVisible();
  await page.keyboard.press("/");
  await page.keyboard.type("FATAL");
  await expect(page).toHaveURL(/[?&]filter=FATAL/);
  await expect(page.getByText("30 lines loaded")).toBeVisible();
  await expect(row(page, "FATAL 290")).toBeVisible();
  await expect(row(page, "line")).toHaveCount(0);
  expect(fake.asked.at(-1)?.get("filter")).toBe("FATAL");

  await page.reload();
  await expect(filter(page)).toHaveValue("FATAL");
  await expect(page.getByText("30 lines loaded")).toBeVisible();
  await filter(page).fill("fatal");
  await expect(page.getByText("No line of this window holds that text")).toBeVisible();
  await filter(page).fill("");
  await expect(page.getByText("300 lines loaded")).toBeVisible();
  await expect(page).not.toHaveURL(/filter=/);
});

test("a filter that can't be asked for is told at its field, and the lines stay", async ({ page, platform }) => {
  const fake = new FakeLog(100, numbered);
  const address = await open(page, platform, fake, "refused");
  await expect(row(page, "line 99 of many")).toBeVisible();
  await filter(page).fill("x".repeat(10_240));
  await expect(filter(page)).toHaveAccessibleDescription("A filter holds at most 4 KiB.");
  await expect(row(page, "line 99 of many")).toBeVisible();
  fake.count += 1;
  await expect(row(page, "line 100 of many")).toBeVisible();
  await filter(page).fill("line 7");
  await expect(filter(page)).toHaveAccessibleDescription("");
  await expect(page.getByText("11 lines loaded")).toBeVisible();

  await page.goto(`${address}?filter=${"x".repeat(5_000)}`);
  await expect(page.getByText("The filter can't be asked for")).toBeVisible();
  await expect(filter(page)).toHaveAccessibleDescription("A filter holds at most 4 KiB.");
  await filter(page).fill("");
  await expect(row(page, "line 100 of many")).toBeVisible();
  expect(fake.asked.every((query) => (query.get("filter") ?? "").length <= 4_096)).toBe(true);
});

test("opens objects, shows colours and odd characters, and survives a very long line", async ({ page, platform }) => {
  const kinds = [
    '{"level":"warn","msg":"slow query","took_ms":812}',
    "\u001b[31mred alert\u001b[0m over",
    "user\u202egpj.exe \u0000\u0007",
    `long ${"é".repeat(90_000)}`,
  ];
  const fake = new FakeLog(40, (place) => ({ message: kinds[place % 4], stream: place % 2 ? "stderr" : "stdout" }));
  await open(page, platform, fake, "odd");
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
  const address = await open(page, platform, fake, "link");
  await expect(row(page, "line 59999 of many")).toBeVisible();
  await toTop(page);
  const line = row(page, "line 50003 of many");
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

test("a log that wrote much while its reader looked at older lines", async ({ page, platform }) => {
  const fake = new FakeLog(30_000, numbered, Date.now() - 30 * 60_000, 10);
  await open(page, platform, fake, "asleep");
  await expect(row(page, "line 29999 of many")).toBeVisible();
  await scroll(page, -4_000);
  await expect(page.getByRole("button", { name: "Follow the newest lines" })).toBeVisible();
  const seen = await log(page).evaluate((element) => element.scrollTop);
  // More than is caught up with.
  fake.count += 100_000;
  const many = page.getByRole("button", { name: "Many new lines" });
  await expect(many).toBeVisible();
  expect(await log(page).evaluate((element) => element.scrollTop)).toBe(seen);
  await expect(page.getByText("10,000 lines loaded, newer ones wait")).toBeVisible();
  await expect(row(page, "line 29790 of many")).toBeInViewport();
  // What is shown grows old meanwhile.
  await expect(page.getByRole("region", { name: "Log", exact: true }).locator(".fresh")).toHaveText(/^\d+ s ago/);
  await many.click();
  await expect(row(page, "line 129999 of many")).toBeInViewport();
  await expect(page.getByText("10,000 lines loaded, live, following")).toBeVisible();
  fake.count += 50_000;
  await expect(row(page, "line 179999 of many")).toBeInViewport();
  await expect(page.getByText("60,000 lines loaded, live, following")).toBeVisible();
});

test("a window whose end is still to come is followed", async ({ page, platform }) => {
  const fake = new FakeLog(100, numbered);
  await fake.serve(page);
  const address = await service(platform, "until");
  await signIn(page, platform);
  const instant = (minutes: number) => new Date(Date.now() + minutes * 60_000).toISOString();
  await page.goto(`${address}?start=${instant(-40)}&end=${instant(10)}`);
  await expect(row(page, "line 99 of many")).toBeVisible();
  fake.count += 1;
  await expect(row(page, "line 100 of many")).toBeVisible();
});

test("a window to come, one that is refused, one of more than a year", async ({ page, platform }) => {
  const address = await service(platform, "windows");
  await signIn(page, platform);
  await page.goto(`${address}?start=2100-01-01T00:00:00Z&end=2100-01-02T00:00:00Z`);
  await expect(page.getByText("web wrote nothing in this window")).toBeVisible();
  await expect(page.getByText("This window is still to come.")).toBeVisible();

  let asked = 0;
  page.on("request", (request) => {
    if (LOGS.test(request.url())) asked += 1;
  });
  await page.goto("about:blank");
  await page.clock.install();
  asked = 0;
  await page.goto(`${address}?start=2026-01-02T00:00:00Z&end=2026-01-01T00:00:00Z`);
  await expect(page.getByRole("alert")).toHaveText(/The start must be before the end\./);
  // Longer than any pause after a failure.
  await page.clock.fastForward(120_000);
  await page.waitForLoadState("networkidle");
  expect(asked).toBe(1);
  await Promise.all([page.waitForResponse(LOGS), page.getByRole("button", { name: "Try again" }).click()]);
  expect(asked).toBe(2);

  const year = new Date(Date.now() - 400 * 86_400_000).toISOString();
  const [answer] = await Promise.all([page.waitForResponse(LOGS), page.goto(`${address}?start=${year}`)]);
  expect(answer.status()).toBe(200);
  await expect(page.getByText(/lines? loaded, live/)).toBeVisible();
  await expect(page.getByRole("alert")).toHaveCount(0);
});

test("a browser whose clock is hours ahead shows the platform's last hour", async ({ page, platform }) => {
  const fake = new FakeLog(100, numbered);
  await fake.serve(page);
  const address = await service(platform, "ahead");
  await page.clock.install({ time: Date.now() + 3 * 3_600_000 });
  await signIn(page, platform);
  await page.goto(address);
  await expect(row(page, "line 99 of many")).toBeVisible();
  const start = Date.parse(fake.asked[0].get("start") ?? "");
  expect(Math.abs(start + 3_600_000 - Date.now())).toBeLessThan(60_000);
  await page.getByRole("link", { name: "Metrics" }).click();
  await expect(page.getByRole("application", { name: "CPU", exact: true })).toHaveAttribute("aria-description", /^Between/);
});

test("of equal lines of one instant one is opened", async ({ page, platform }) => {
  const timestamp = new Date(Date.now() - 60_000).toISOString();
  const fake = new FakeLog(6, (place) => ({ timestamp, instance: "web.0", message: place > 2 ? '{"level":"warn","took":7}' : `line ${place}` }));
  await open(page, platform, fake, "equal");
  const openers = page.getByRole("button", { name: "Fields of this line" });
  await openers.nth(1).click();
  await expect(openers.nth(1)).toHaveAttribute("aria-expanded", "true");
  await expect(openers.nth(0)).toHaveAttribute("aria-expanded", "false");
  await expect(openers.nth(2)).toHaveAttribute("aria-expanded", "false");
  await expect(log(page).getByText('"took": 7')).toHaveCount(1);
});

test("leaves a log whose lines are still being counted", async ({ page, platform, problems }) => {
  const fake = new FakeLog(20_000, (place) => ({ message: `line ${place} ${"of many ".repeat(20)}` }));
  await open(page, platform, fake, "leave");
  await page.getByRole("button", { name: "Wrap", exact: true }).click();
  for (let time = 0; time < 5; time += 1) {
    fake.count += 10_000;
    await page.getByRole("button", { name: "Patterns" }).click();
    await page.getByRole("button", { name: "Lines", exact: true }).click();
    await expect(log(page)).toBeVisible();
  }
  await page.getByRole("link", { name: "Overview" }).last().click();
  await expect(log(page)).toBeHidden();
  expect(problems).toEqual([]);
});

test("patterns, with what is new since the release, and the lines of one", async ({ page, platform }) => {
  const address = await service(platform, "patterns");
  // The last lines are those of a minute that is just beginning: the release is older than them.
  const began = Date.now() - 9 * 60_000;
  const message = (place: number) => {
    if (place > 5_700 && place % 10 === 9) return `cache is at ${place} entries`;
    return `GET /users/${place} 200 ${place % 90}ms`;
  };
  const fake = new FakeLog(6_000, (place) => ({ message: message(place) }), began, 100);
  await fake.serve(page);
  await signIn(page, platform);
  await page.goto(address);
  await page.getByRole("button", { name: "Patterns" }).click();
  await expect(page).toHaveURL(/view=patterns/);
  const table = page.getByRole("table", { name: "Patterns" });
  await expect(table.getByRole("row", { name: /5,970.*GET \/users\/\* \* \*ms/ })).toBeVisible();
  await expect(page.getByText("2 patterns", { exact: true })).toBeVisible();
  await expect(page.getByText("1 pattern is new since v1. It stands first.")).toBeVisible();
  await expect(table.getByRole("row").nth(1)).toContainText("new since v1");
  await expect(table.getByRole("row").nth(1)).toContainText("cache is at * entries");
  await expect(table.getByText("new since v1")).toHaveCount(1);
  await table.getByRole("button", { name: "cache is at * entries" }).click();
  await expect(page).toHaveURL(/pattern=/);
  await expect(page.getByText("6,000 lines loaded, 30 lines shown")).toBeVisible();
  await expect(row(page, "cache is at 5999 entries")).toBeVisible();
  await page.goBack();
  await expect(table).toBeVisible();
  await page.goForward();
  await page.getByRole("button", { name: "Show all lines" }).click();
  await expect(row(page, "GET /users/5998").first()).toBeVisible();
});

test("too few lines from before the release tell of no new pattern", async ({ page, platform }) => {
  const address = await service(platform, "short");
  const fake = new FakeLog(600, (place) => ({ message: `GET /users/${place} 200` }), Date.now() - 5_000, 100);
  await fake.serve(page);
  await signIn(page, platform);
  await page.goto(`${address}?view=patterns`);
  await expect(page.getByText(/^The loaded lines begin .* v1 was deployed/)).toBeVisible();
  await expect(page.getByText("new since v1")).toHaveCount(0);
});

test("times, instance, stream and download", async ({ page, platform }) => {
  const fake = new FakeLog(300, (place) => ({ message: `line ${place}`, stream: place % 2 ? "stderr" : "stdout" }));
  await open(page, platform, fake, "choose");
  await page.getByLabel("Instance").selectOption("web.1");
  await page.getByLabel("Stream").selectOption("stderr");
  await expect(page.getByText("300 lines loaded, 50 lines shown")).toBeVisible();
  await page.getByLabel("Times", { exact: true }).selectOption("relative");
  await expect(row(page, "line 295").getByRole("link", { name: /ago/ })).toBeVisible();
  await page.getByLabel("Times", { exact: true }).selectOption("utc");
  await expect(row(page, "line 295").getByText(fake.at(295).slice(11, 23))).toBeVisible();
  const [download] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "Download" }).click()]);
  expect(download.suggestedFilename()).toBe("web-lines.log");
  const text = readFileSync(await download.path(), "utf8");
  expect(text.trim().split("\n")).toHaveLength(50);
  expect(text).toContain(`${fake.at(1)} web.1 stderr line 1\n`);
});

test("a new instance can be chosen, and the field stays who has it", async ({ page, platform }) => {
  const fake = new FakeLog(300, (place) => ({ message: `line ${place}`, instance: place < 300 ? "web.0" : "web.7" }));
  await open(page, platform, fake, "joined");
  const field = page.getByLabel("Instance");
  await expect(field.locator("option")).toHaveText(["All instances", "web.0"]);
  await field.focus();
  fake.count += 1;
  await expect(field.locator("option")).toHaveText(["All instances", "web.0", "web.7"]);
  await expect(field).toBeFocused();
  await field.selectOption("web.7");
  await expect(page.getByText("301 lines loaded, 1 line shown")).toBeVisible();
});

test.describe("in India", () => {
  test.use({ timezoneId: "Asia/Kolkata" });

  test("times are those of the person, and have their day where it is not today", async ({ page, platform }) => {
    const at = [Date.now() - 3 * 86_400_000, Date.now() - 1_000];
    const fake = new FakeLog(2, (place) => ({ timestamp: new Date(at[place]).toISOString(), message: `line ${place}` }));
    await fake.serve(page);
    const address = await service(platform, "india");
    await signIn(page, platform);
    await page.goto(`${address}?window=7d`);
    const time = (place: number) => row(page, `line ${place}`).getByRole("link");
    const clock = (place: number, ahead: number) => new Date(at[place] + ahead * 3_600_000).toISOString().slice(11, 23);
    const day = (timeZone: string) => new Date(at[0]).toLocaleDateString("en-US", { month: "short", day: "numeric", timeZone });
    await expect(time(1)).toHaveText(clock(1, 5.5));
    await expect(time(0)).toHaveText(`${day("Asia/Kolkata")} ${clock(0, 5.5)}`);
    await page.getByLabel("Times", { exact: true }).selectOption("utc");
    await expect(time(1)).toHaveText(clock(1, 0));
    await expect(time(0)).toHaveText(`${day("UTC")} ${clock(0, 0)}`);
    await page.getByLabel("Times", { exact: true }).selectOption("local");
    await expect(time(1)).toHaveText(clock(1, 5.5));
    for (const width of [1440, 390]) {
      await page.setViewportSize({ width, height: 844 });
      const lefts = await log(page).locator(".text").evaluateAll((texts) => texts.map((text) => text.getBoundingClientRect().left));
      expect(new Set(lefts).size).toBe(1);
      expect(await time(0).evaluate((time) => time.scrollWidth <= time.clientWidth)).toBe(true);
    }
  });
});

test("a log that does not answer, and one that stops answering", async ({ page, platform }) => {
  const fake = new FakeLog(10, numbered);
  fake.failing = 503;
  await open(page, platform, fake, "failing");
  const again = page.getByRole("button", { name: "Try again" });
  await expect(again).toBeVisible();
  fake.failing = 0;
  await again.click();
  await expect(row(page, "line 9 of many")).toBeVisible();
  fake.failing = 503;
  await expect(page.locator(".fresh.stale")).toBeVisible();
  await expect(row(page, "line 9 of many")).toBeVisible();
});

test("a reply that is cut off half-way leaves what is there, and is told", async ({ page, platform }) => {
  const fake = new FakeLog(10, numbered);
  const address = await open(page, platform, fake, "cut");
  await expect(row(page, "line 9 of many")).toBeVisible();
  const mend = await cutReplies(page, LOGS, '{"lines":[{"timestamp":"2026-04-22T15:30:00Z","message":"half');
  await expect(page.locator(".fresh.stale")).toBeVisible();
  await expect(row(page, "line 9 of many")).toBeVisible();
  await expect(row(page, "half")).toHaveCount(0);
  await mend();
  await fake.serve(page);
  fake.count += 1;
  await page.getByRole("button", { name: "Refresh" }).click();
  await expect(row(page, "line 10 of many")).toBeVisible();
  await expect(page.locator(".fresh.stale")).toBeHidden();
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
