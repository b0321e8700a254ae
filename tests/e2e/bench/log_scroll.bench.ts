// A million lines in the console: loaded page by page, scrolled, searched.
import { type Page } from "@playwright/test";
import { FakeLog, service } from "../log.ts";
import { expect, signIn, test } from "../platform.ts";
import { percentile, scriptSeconds, tell } from "./figure.ts";

const LINES = 1_000_000;
const FRAMES = 300;
/** Milliseconds in which a search through all lines has ended, many times over. */
const SEARCH = 3_000;

/** What Chromium tells of its work. */
type Event = { name: string; pid: number; tid: number; dur?: number; args?: { name?: string } };

test("a million lines on the page", async ({ page, platform }) => {
  const fake = new FakeLog(LINES, (place) => ({
    message: `GET /v1/users/${place}/cart?from=checkout&session=${place.toString(16)} 200 ${place % 90}ms bytes=${place % 9_000} cache=hit`,
  }));
  await fake.serve(page);
  const address = await service(platform, "million");
  await signIn(page, platform);
  await page.goto(address);
  const older = page.getByRole("button", { name: "Load older" });
  for (let held = 10_000; held < LINES; held += 10_000) {
    await older.click();
    await expect(page.getByText(`${(held + 10_000).toLocaleString("en")} lines loaded`)).toBeVisible();
  }
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const script = await scriptSeconds(session);
  const { took, empty } = await scroll(page);
  tell("log_1000000_lines_scroll_script_of_a_frame_ms", ((await scriptSeconds(session)) - script) * (1_000 / FRAMES), { atMost: 16 });
  tell("log_1000000_lines_scroll_frame_p50_ms", percentile(took, 0.5), { atMost: 17 });
  tell("log_1000000_lines_scroll_frame_p95_ms", percentile(took, 0.95), { atMost: 17 });
  tell("log_1000000_lines_frames_without_lines", empty, { atMost: 0 });

  const { block, task } = await typing(page, "session=f42");
  tell("log_1000000_lines_find_longest_block_ms", block, { atMost: 16 });
  tell("log_1000000_lines_find_longest_task_ms", task, { atMost: 16 });
});

/** The frames of a scroll through the log, and those in which its middle shows no line. */
async function scroll(page: Page): Promise<{ took: number[]; empty: number }> {
  return page.getByRole("log").evaluate(async (log, frames) => {
    const frame = () => new Promise<number>((done) => requestAnimationFrame(done));
    const { left, top, width, height } = log.getBoundingClientRect();
    const took: number[] = [];
    let empty = 0;
    let before = await frame();
    for (let step = 0; step < frames; step += 1) {
      log.scrollBy(0, step % 10 === 9 ? -400_000 : -900);
      const now = await frame();
      took.push(now - before);
      before = now;
      if (!document.elementFromPoint(left + width / 2, top + height / 2)?.closest(".line")) empty += 1;
    }
    return { took, empty };
  }, FRAMES);
}

/**
 * What a text costs that is typed and found, in milliseconds: the longest time in which no message came
 * through, which keys and frames go before, and the longest task of the page's own thread.
 */
async function typing(page: Page, text: string): Promise<{ block: number; task: number }> {
  await page.getByRole("searchbox", { name: "Look for this text" }).focus();
  const block = await blocked(page, text);
  await page.getByRole("searchbox", { name: "Look for this text" }).fill("");
  return { block, task: await longestTask(page, text) };
}

async function blocked(page: Page, text: string): Promise<number> {
  await page.evaluate(() => {
    const pace = { longest: 0, before: performance.now(), ends: false };
    const channel = new MessageChannel();
    channel.port1.onmessage = () => {
      const now = performance.now();
      pace.longest = Math.max(pace.longest, now - pace.before);
      pace.before = now;
      if (!pace.ends) channel.port2.postMessage(0);
    };
    channel.port2.postMessage(0);
    Object.assign(window, { pace });
  });
  await type(page, text);
  return page.evaluate(() => {
    const { pace } = window as unknown as { pace: { longest: number; ends: boolean } };
    pace.ends = true;
    return pace.longest;
  });
}

/** Types, and waits until it is found. Nothing asks the page what it shows meanwhile: that would count. */
async function type(page: Page, text: string): Promise<void> {
  for (const letter of text) {
    await page.keyboard.press(letter, { delay: 20 });
    await new Promise((done) => setTimeout(done, 80));
  }
  await new Promise((done) => setTimeout(done, SEARCH));
}

async function longestTask(page: Page, text: string): Promise<number> {
  const browser = page.context().browser();
  if (!browser) throw new Error("the browser is gone");
  await browser.startTracing(page, { categories: ["toplevel", "devtools.timeline", "disabled-by-default-devtools.timeline"] });
  await type(page, text);
  const { traceEvents } = JSON.parse((await browser.stopTracing()).toString()) as { traceEvents: Event[] };
  await expect(page.getByText(/^[\d,]+ lines?$/)).toBeVisible();
  const renderers = traceEvents.filter(({ name, args }) => name === "thread_name" && args?.name === "CrRendererMain");
  const tasks = traceEvents.filter(({ name, pid, tid }) => name === "RunTask" && renderers.some((main) => main.pid === pid && main.tid === tid));
  const typed = tasks.filter(({ dur }) => dur !== undefined);
  expect(typed.length).toBeGreaterThan(text.length);
  return Math.max(...typed.map(({ dur = 0 }) => dur / 1_000));
}
