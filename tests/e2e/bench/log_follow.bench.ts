// 500 lines a second arrive on the page for two minutes, and are followed: how smooth it stays, and
// what it takes of memory.
import { type Page } from "@playwright/test";
import { FakeLog, service } from "../log.ts";
import { expect, signIn, test } from "../platform.ts";
import { percentile, tell } from "./figure.ts";

const RATE = 500;
const SECONDS = 120;
const TEXT = "GET /v1/users/cart?from=checkout&session=f42a 200 12ms bytes=4711 cache=hit upstream=10.88.0.";

test("500 lines a second are followed", async ({ page, platform }) => {
  const fake = new FakeLog(1_000, (place) => ({ message: `${place} ${TEXT}${place % 250}` }));
  await fake.serve(page);
  // The page's own memory, which no measure of the browser counts by itself.
  await page.addInitScript(() => {
    const { instantiateStreaming, instantiate } = WebAssembly;
    const keep = <T>(made: Promise<T>) => made.then((made) => {
      const { memory } = ((made as { instance?: WebAssembly.Instance }).instance ?? (made as WebAssembly.Instance)).exports;
      if (memory) Object.assign(window, { memory: (window as unknown as { memory?: unknown }).memory ?? memory });
      return made;
    });
    WebAssembly.instantiateStreaming = (...all) => keep(instantiateStreaming.apply(WebAssembly, all));
    WebAssembly.instantiate = ((...all: Parameters<typeof instantiate>) => keep(instantiate.apply(WebAssembly, all) as Promise<unknown>)) as typeof instantiate;
  });
  const address = await service(platform, "followed");
  await signIn(page, platform);
  await page.goto(address);
  await expect(page.getByText("1,000 lines loaded, live, following")).toBeVisible();

  const before = await bytes(page);
  const first = fake.count;
  const frames = page.evaluate(async (seconds) => {
    const frame = () => new Promise<number>((done) => requestAnimationFrame(done));
    const took: number[] = [];
    let last = await frame();
    const end = last + seconds * 1_000;
    while (last < end) {
      const now = await frame();
      took.push(now - last);
      last = now;
    }
    return took;
  }, SECONDS);
  const begun = Date.now();
  const written = setInterval(() => {
    fake.count = first + Math.floor(((Date.now() - begun) / 1_000) * RATE);
  }, 100);
  const took = await frames;
  clearInterval(written);
  const text = (fake.count - first) * (TEXT.length + 8);
  await expect(page.getByRole("log").getByText(`${fake.count - 1} ${TEXT}`)).toBeInViewport();
  tell("log_follow_500_lines_s_frame_p95_ms", percentile(took, 0.95), { atMost: 17 });
  tell("log_follow_500_lines_s_frames_over_50_ms", took.filter((took) => took > 50).length, { atMost: 0 });
  // Replies on their way, and what is drawn, are in it.
  tell("log_follow_500_lines_s_memory_over_text", ((await bytes(page)) - before) / text, { atMost: 1.5 });
});

async function bytes(page: Page): Promise<number> {
  return page.evaluate(() => (window as unknown as { memory: WebAssembly.Memory }).memory.buffer.byteLength);
}
