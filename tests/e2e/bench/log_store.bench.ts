// A million log lines beside JavaScript, on the same page and the same bytes: held, found, decoded.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type Page } from "@playwright/test";
import { expect, test } from "../platform.ts";
import { percentile, tell } from "./figure.ts";

/** Where `.make/bench` puts the store, compiled without a page around it. */
const built = process.env.PILOTHOUSE_LOG_STORE ?? "";
/** Where it puts React's viewer, in one file with all that it needs. */
const logviewer = process.env.PILOTHOUSE_LOGVIEWER ?? "";

const LINES = 1_000_000;
/** As many as the console asks for at once. */
const PAGE = 10_000;
const ROUNDS = 7;

/** What is looked for, whether capitals count, and what the figure is called. */
const WANTED: [string, boolean, string][] = [
  ["order 777777 ", true, "rare"],
  ["GET /v1/", true, "frequent"],
  ["no such text at all", true, "absent"],
  ["ORDER 777777 ", false, "rare_any_case"],
  ["get /V1/", false, "frequent_any_case"],
  ["No Such Text At All", false, "absent_any_case"],
];

declare global {
  interface Window {
    bench: {
      pages: Uint8Array[];
      text: number;
      messages: string[];
      reply(first: number, lines: number): Uint8Array;
    };
    logviewer: {
      show(text: string, caseInsensitive: boolean): Promise<void>;
      find(text: string): number;
    };
    store: {
      hold(reply: Uint8Array): number;
      decode(reply: Uint8Array): number;
      find(text: string, case_: boolean): number;
      memory(): number;
    };
  }
}

test("a million log lines beside JavaScript", async ({ page, platform }) => {
  await open(page, platform.url);
  const text = await page.evaluate(makePages, { lines: LINES, page: PAGE });
  const grown = await page.evaluate(holdHere);
  tell("log_store_1000000_lines_memory_over_text", grown.memory / text, { atMost: 1.1 });
  const javascript = await page.evaluate(holdInJavaScript);
  tell("log_store_hold_over_javascript", grown.took / javascript, { atMost: 1 });
  tell("log_store_hold_ms", grown.took);
  for (const [wanted, tellsCase, name] of WANTED) {
    const { here, there } = await page.evaluate(findBoth, { wanted, tellsCase, rounds: ROUNDS });
    const share = percentile(here, 0.5) / percentile(there, 0.5);
    tell(`log_store_find_${name}_over_javascript`, share, { atMost: tellsCase ? 0.5 : 1 });
    tell(`log_store_find_${name}_ms`, percentile(here, 0.5));
  }
});

test("log lines in @melloware/react-logviewer", async ({ page, platform }) => {
  const show = async (lines: number, tellsCase: boolean) => {
    await open(page, platform.url);
    await page.addScriptTag({ content: readFileSync(logviewer, "utf8") });
    const text = await page.evaluate(makePages, { lines, page: PAGE });
    await page.evaluate(holdInJavaScript);
    const before = await used(page);
    const took = await page.evaluate(showInViewer, !tellsCase);
    return { took, memory: ((await used(page)) - before) / text };
  };
  const { took, memory } = await show(LINES, true);
  tell("react_logviewer_1000000_lines_memory_over_text", memory);
  tell("react_logviewer_1000000_lines_hold_ms", took);
  // In more it finds nothing: the page runs out of memory.
  for (const [wanted, tellsCase, name] of [["order 77777 ", true, "rare"], ["ORDER 77777 ", false, "rare_any_case"]] as const) {
    await show(LINES / 10, tellsCase);
    tell(`react_logviewer_100000_lines_find_${name}_ms`, percentile(await page.evaluate(findInViewer, wanted), 0.5));
  }
});

test("a log reply of 10,000 lines beside fetch().json()", async ({ page, platform }) => {
  await open(page, platform.url);
  const { here, there } = await page.evaluate(decodeBoth, { lines: 10_000, rounds: 41 });
  tell("log_reply_10000_lines_decode_over_json", percentile(here, 0.5) / percentile(there, 0.5), { atMost: 1 });
  tell("log_reply_10000_lines_decode_ms", percentile(here, 0.5));
});

/** A page that has nothing but the store. */
async function open(page: Page, url: string): Promise<void> {
  const file = (name: string) => readFileSync(join(built, name));
  await page.route("**/log-store/*", async (route) => {
    const name = new URL(route.request().url()).pathname.split("/").at(-1) ?? "";
    if (name === "page.html") return route.fulfill({ contentType: "text/html", body: "<!doctype html><title>store</title>" });
    const contentType = name.endsWith(".wasm") ? "application/wasm" : "text/javascript";
    return route.fulfill({ contentType, body: file(name) });
  });
  await page.goto(`${url}/log-store/page.html`);
  await page.evaluate(async () => {
    const module = await import(`${location.origin}/log-store/log_store.js`);
    const wasm = await module.default();
    window.store = { hold: module.hold, decode: module.decode, find: module.find, memory: () => wasm.memory.buffer.byteLength };
    const encoder = new TextEncoder();
    window.bench = {
      pages: [],
      text: 0,
      messages: [],
      reply(first, lines) {
        const rows = [];
        for (let at = first; at < first + lines; at += 1) {
          const id = (at * 2_654_435_761) % 4_294_967_296;
          const kinds = [
            `GET /v1/users/${id}/cart?from=checkout&session=${id.toString(16)} 200 ${at % 90}ms upstream=web.${at % 3} bytes=${id % 9_000} cache=hit`,
            `POST /v1/checkout 201 ${at % 400}ms order ${at} paid, customer=${id.toString(36)}, items=${at % 12}, total=${id % 10_000} EUR`,
            `{"level":"info","msg":"batch flushed","rows":${id % 900},"shard":"${id.toString(16)}","took_ms":${at % 70},"queue":"mail-outgoing"}`,
            `worker ${at % 16}: picked job ${id} of kind thumbnail after ${at % 50}ms in the queue, attempt 1 of 5, priority normal`,
          ];
          const message = kinds[at % kinds.length];
          this.text += message.length;
          const timestamp = new Date(1_776_859_200_000 + at * 3).toISOString();
          rows.push({ timestamp, instance: `web.${at % 3}`, stream: at % 50 ? "stdout" : "stderr", message });
        }
        return encoder.encode(JSON.stringify({ lines: rows, truncated: false }));
      },
    };
  });
}

/** Makes the replies, and gives the bytes of their lines' text. */
function makePages({ lines, page }: { lines: number; page: number }): number {
  for (let first = 0; first < lines; first += page) window.bench.pages.push(window.bench.reply(first, page));
  return window.bench.text;
}

/** Holds all replies in the store, the newest first. */
function holdHere(): { took: number; memory: number } {
  const before = window.store.memory();
  const started = performance.now();
  let held = 0;
  for (const reply of window.bench.pages.toReversed()) held = window.store.hold(reply);
  const took = performance.now() - started;
  if (held !== 1_000_000) throw new Error(`${held} lines are held`);
  return { took, memory: window.store.memory() - before };
}

/** Holds all replies as JavaScript would: an array of strings. */
async function holdInJavaScript(): Promise<number> {
  const started = performance.now();
  for (const reply of window.bench.pages) {
    const { lines } = await new Response(reply as Uint8Array<ArrayBuffer>).json();
    for (const line of lines) window.bench.messages.push(line.message);
  }
  return performance.now() - started;
}

/** Milliseconds that both need to count the lines that hold a text, by turns. */
function findBoth({ wanted, tellsCase, rounds }: { wanted: string; tellsCase: boolean; rounds: number }) {
  const escaped = wanted.replace(/[.*+?^${}()|[\]\\/]/g, "\\$&");
  const expression = new RegExp(escaped, "i");
  const here: number[] = [];
  const there: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    let started = performance.now();
    const found = window.store.find(wanted, tellsCase);
    here.push(performance.now() - started);
    started = performance.now();
    let count = 0;
    for (const message of window.bench.messages) {
      if (tellsCase ? message.includes(wanted) : expression.test(message)) count += 1;
    }
    there.push(performance.now() - started);
    if (found !== count) throw new Error(`'${wanted}': ${found} lines and not ${count}`);
  }
  return { here, there };
}

/** Bytes that the page's JavaScript holds, buffers included, once nothing is left to collect. */
async function used(page: Page): Promise<number> {
  const session = await page.context().newCDPSession(page);
  await session.send("HeapProfiler.collectGarbage");
  const { usedSize, backingStorageSize } = (await session.send("Runtime.getHeapUsage")) as { usedSize: number; backingStorageSize?: number };
  await session.detach();
  return usedSize + (backingStorageSize ?? 0);
}

/** Milliseconds until React's viewer shows the lines, which are its own from then on. */
async function showInViewer(caseInsensitive: boolean): Promise<number> {
  const text = window.bench.messages.join("\n");
  const started = performance.now();
  await window.logviewer.show(text, caseInsensitive);
  return performance.now() - started;
}

/** Milliseconds until React's viewer has found a text. It remembers the last one. */
function findInViewer(wanted: string): number[] {
  return Array.from({ length: 3 }, () => {
    window.logviewer.find("nothing like it");
    const started = performance.now();
    if (window.logviewer.find(wanted) === 0) throw new Error(`'${wanted}' is not found`);
    return performance.now() - started;
  });
}

/** Milliseconds from a fetch to its lines, by turns. */
async function decodeBoth({ lines, rounds }: { lines: number; rounds: number }) {
  const blob = new Blob([new Uint8Array(window.bench.reply(0, lines))], { type: "application/json" });
  const url = URL.createObjectURL(blob);
  const here: number[] = [];
  const there: number[] = [];
  for (let round = 0; round < rounds; round += 1) {
    let started = performance.now();
    const bytes = new Uint8Array(await (await fetch(url)).arrayBuffer());
    if (window.store.decode(bytes) !== lines) throw new Error("lines are missing");
    here.push(performance.now() - started);
    started = performance.now();
    const reply = await (await fetch(url)).json();
    if (reply.lines.length !== lines) throw new Error("lines are missing");
    there.push(performance.now() - started);
  }
  return { here, there };
}

test.beforeEach(() => {
  expect(built, "PILOTHOUSE_LOG_STORE: make bench sets it").not.toBe("");
  expect(logviewer, "PILOTHOUSE_LOGVIEWER: make bench sets it").not.toBe("");
});
