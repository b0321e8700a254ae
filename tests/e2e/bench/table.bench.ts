// The tables of 10,000 services and 10,000 requests beside lists written by hand in JavaScript: the same
// replies, the same look, in one browser, by turns.
import { readFileSync } from "node:fs";
import { join } from "node:path";
import { type CDPSession, type Page } from "@playwright/test";
import { expect, type Platform, signIn, test } from "../platform.ts";
import { percentile, tell } from "./figure.ts";

const COUNT = 10_000;
const ROUNDS = 15;
const HOME = "/o/lists/p/shop/e/production";
/** How many rows are there at the least when a table is drawn. */
const DRAWN = 20;

type List = {
  name: "services" | "requests";
  /** What the address of its reply holds. */
  asked: string;
  reply: string;
  /** The page from which the console goes to the list, and the links to it and back. */
  from: string;
  link: string;
  back: string;
  /** What is typed into the filter. */
  typed: string;
};

test("tables beside lists written by hand", async ({ page, platform }) => {
  const lists = await prepare(platform);
  await signIn(page, platform);
  const hand = await page.context().newPage();
  for (const list of lists) {
    await stub(page, list);
    await stub(hand, list);
    await serveByHand(hand);
    await page.goto(platform.url + list.from);
    await hand.goto(`${platform.url}/by-hand`);
    const [ours, theirs] = [new Console(page, list), new ByHand(hand, list)];
    const first: [number[], number[]] = [[], []];
    const key: [number[], number[]] = [[], []];
    for (let round = -1; round < ROUNDS; round += 1) {
      for (const [place, side] of [ours, theirs].entries()) {
        const figures = await side.measure();
        // The first of each compiles what the others use.
        if (round < 0) continue;
        first[place].push(figures.first);
        key[place].push(...figures.keys);
      }
    }
    for (const [name, [a, b], bar] of [["first_paint", first, 1.1], ["keystroke", key, 1.3]] as const) {
      const [own, other] = [percentile(a, 0.5), percentile(b, 0.5)];
      tell(`table_10000_${list.name}_${name}_ms`, own);
      tell(`table_10000_${list.name}_${name}_by_hand_ms`, other);
      tell(`table_10000_${list.name}_${name}_ratio`, own / other, { atMost: bar });
    }
  }
});

/** A page that shows a list, and what it costs to open it and to type into its filter. */
abstract class Side {
  private session?: CDPSession;

  constructor(protected readonly page: Page, protected readonly list: List) {}

  protected abstract open(): Promise<void>;
  protected abstract close(): Promise<void>;

  async measure(): Promise<{ first: number; keys: number[] }> {
    await this.page.bringToFront();
    await settle(this.page);
    const first = await this.cost(async () => {
      await this.open();
      await drawn(this.page, COUNT + 1);
    });
    const keys: number[] = [];
    await settle(this.page);
    await this.page.getByRole("searchbox").focus();
    for (const letter of this.list.typed) {
      keys.push(await this.cost(() => this.page.keyboard.press(letter)));
    }
    await this.page.getByRole("searchbox").fill("");
    await drawn(this.page, COUNT + 1);
    await this.close();
    return { first, keys };
  }

  /** Milliseconds that the page's own thread is busy until what was done is painted. */
  private async cost(done: () => Promise<void>): Promise<number> {
    const before = await this.busy();
    await done();
    await painted(this.page);
    return (await this.busy()) - before;
  }

  private async busy(): Promise<number> {
    if (!this.session) {
      this.session = await this.page.context().newCDPSession(this.page);
      await this.session.send("Performance.enable");
    }
    const { metrics } = await this.session.send("Performance.getMetrics");
    return (metrics.find(({ name }) => name === "TaskDuration")?.value ?? Number.NaN) * 1_000;
  }
}

class Console extends Side {
  protected async open(): Promise<void> {
    await click(this.page, this.list.link);
  }

  protected async close(): Promise<void> {
    await click(this.page, this.list.back);
    await expect(this.page.locator("table.window")).toHaveCount(0);
  }
}

class ByHand extends Side {
  protected async open(): Promise<void> {
    await this.page.evaluate((name) => (window as unknown as { openByHand(name: string): Promise<void> }).openByHand(name), this.list.name);
  }

  protected async close(): Promise<void> {
    await this.page.evaluate(() => (window as unknown as { closeByHand(): void }).closeByHand());
  }
}

/** Clicks a link of the page without moving the mouse over it. */
async function click(page: Page, href: string): Promise<void> {
  await page.evaluate((href) => document.querySelector<HTMLAnchorElement>(`a[href="${href}"], a[href^="${href}?"]`)?.click(), href);
}

/** Waits until a table of so many rows is drawn. */
async function drawn(page: Page, count: number): Promise<void> {
  await page.evaluate(
    async ({ count, rows }) => {
      const frame = () => new Promise((done) => requestAnimationFrame(done));
      while (document.querySelectorAll(`table.window[aria-rowcount="${count}"] tbody tr:not(.gap)`).length < rows) await frame();
    },
    { count, rows: DRAWN },
  );
}

async function painted(page: Page): Promise<void> {
  await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
}

/** Waits until what was asked for before is done. */
async function settle(page: Page): Promise<void> {
  await page.evaluate(() => new Promise<void>((done) => requestIdleCallback(() => done(), { timeout: 500 })));
}

/** Answers for the platform out of the page's own memory: no network is in what is measured. */
async function stub(page: Page, { asked, reply }: List): Promise<void> {
  await page.addInitScript(
    ({ asked, reply }) => {
      const bytes = new TextEncoder().encode(reply);
      const real = window.fetch.bind(window);
      window.fetch = (input, init) => {
        const url = input instanceof Request ? input.url : `${input}`;
        if (!new RegExp(asked).test(url)) return real(input, init);
        return Promise.resolve(new Response(bytes.slice(), { headers: { "Content-Type": "application/json" } }));
      };
    },
    { asked, reply },
  );
}

/** A page with the console's style and nothing else. */
async function serveByHand(page: Page): Promise<void> {
  const script = readFileSync(join(import.meta.dirname, "by_hand.js"), "utf8");
  await page.route("**/by-hand", async (route) => {
    const home = await (await page.request.get(new URL("/", route.request().url()).href)).text();
    const styles = home.match(/<style[^]*?<\/style>/g)?.join("\n") ?? "";
    expect(styles.length).toBeGreaterThan(1_000);
    await route.fulfill({
      contentType: "text/html",
      body: `<!doctype html><html lang="en"><meta charset="utf-8">${styles}<div class="app"><nav class="rail"></nav><header class="top"></header><main class="main" id="main"></main></div><script>${script}</script>`,
    });
  });
}

/** One real service, told 10,000 times under other names; and requests for one. */
async function prepare(platform: Platform): Promise<List[]> {
  await platform.api("POST", "/workspaces/", { name: "Lists" });
  await platform.api("POST", "/workspaces/lists/projects/", { name: "Shop" });
  const services = "/orgs/lists/projects/shop/envs/production/services/";
  await platform.api("POST", "/workspaces/lists/projects/shop/services/", { name: "web", image: "shop:1", port: 8080, domains: ["web.localhost"] });
  const told = async () => (await platform.api<{ status?: { state: string } }[]>("GET", services))[0];
  await expect.poll(async () => (await told()).status?.state, { timeout: 60_000 }).toBe("running");
  const service = await told();
  const all = Array.from({ length: COUNT }, (_, number) => ({
    ...service, id: crypto.randomUUID(), name: `web-${number}`, slug: `web-${number}`, image: `registry.example/team-${number % 40}/web:${number % 90}`,
    domains: [`web-${number}.localhost`], tags: [`team-${number % 40}`, number % 3 ? "edge" : "core"],
  }));
  const begun = Date.now();
  const rows = Array.from({ length: COUNT }, (_, number) => ({
    timestamp: new Date(begun - number * 350).toISOString(), method: number % 5 ? "GET" : "POST", path: `/api/v1/items/${(number * 7_919) % 10_000}?page=${number % 50}`,
    host: "web.localhost", status: number % 50 ? 200 : 502, duration_ms: ((number * 7_907) % 40_000) / 37, bytes_in: number % 5 ? 0 : 512, bytes_out: (number * 131) % 90_000,
    client: `192.0.2.${number % 250}`, instance: `web.${number % 3}`, request_id: crypto.randomUUID(),
  }));
  const web = `${HOME}/s/web`;
  const closed = `?end=${new Date(begun + 1_000).toISOString()}`;
  return [
    { name: "services", asked: "/services/?$", reply: JSON.stringify(all), from: `${HOME}/services/new`, link: HOME, back: `${HOME}/services/new`, typed: "web-4711" },
    { name: "requests", asked: "/access-logs", reply: JSON.stringify({ rows, truncated: false }), from: `${web}/logs${closed}`, link: `${web}/requests`, back: `${web}/logs`, typed: "items/4" },
  ];
}
