// A log that answers in the platform's place: as long as a test wants it, and written when it says so.
import { type Page, type Route } from "@playwright/test";
import { type Platform } from "./platform.ts";

export type Line = { timestamp: string; instance: string; stream: string; message: string };

/** A service's log, its lines made only when they are asked for. */
export class FakeLog {
  /** What was asked, newest last. */
  readonly asked: URLSearchParams[] = [];
  /** Answers with this status instead, if it is set. */
  failing = 0;

  constructor(
    public count: number,
    private readonly make: (place: number) => Partial<Line>,
    private readonly began = Date.now() - 30 * 60_000,
    /** Milliseconds from one line to the next. */
    private readonly step = Math.min(100, (29 * 60_000) / count),
  ) {}

  line(place: number): Line {
    const timestamp = new Date(this.began + place * this.step).toISOString();
    return { timestamp, instance: `web.${place % 3}`, stream: "stdout", message: "", ...this.make(place) };
  }

  at(place: number): string {
    return this.line(place).timestamp;
  }

  /** Answers for the log of every service of the page. */
  async serve(page: Page): Promise<void> {
    await page.route(/\/services\/[^/]+\/logs(\?|$)/, (route) => this.answer(route));
  }

  private async answer(route: Route): Promise<void> {
    const query = new URL(route.request().url()).searchParams;
    this.asked.push(query);
    if (this.failing) return route.fulfill({ status: this.failing, json: { error: "It does not answer.", message: "It does not answer." } });
    const limit = Number(query.get("limit") ?? 1_000);
    const place = (name: string, fallback: number) => Number(query.get(name)?.slice(1) ?? fallback);
    const [first, end] = [place("after", 0), place("before", this.count)];
    const window = (line: Line) =>
      line.timestamp >= (query.get("start") ?? "") && line.timestamp <= (query.get("end") ?? "3") && line.message.includes(query.get("filter") ?? "");
    const lines: Line[] = [];
    let at = end;
    while (at > first && lines.length < limit) {
      at -= 1;
      const line = this.line(at);
      if (line.timestamp < (query.get("start") ?? "")) break;
      if (window(line)) lines.push(line);
    }
    const truncated = at > first && lines.length === limit;
    const reply = { lines: lines.reverse(), truncated, newer: `p${this.count}`, ...(truncated ? { older: `p${at}` } : {}) };
    const body = route.request().url().includes("/workspaces/") ? { data: reply, message: "", status: "success" } : reply;
    return route.fulfill({ json: body });
  }
}

/** A service to look at, in a place of its own. Gives the address of its log. */
export async function service(platform: Platform, place: string): Promise<string> {
  await platform.api("POST", "/workspaces/", { name: place });
  await platform.api("POST", `/workspaces/${place}/projects/`, { name: "Shop" });
  await platform.api("POST", `/workspaces/${place}/projects/shop/services/`, { name: "web", image: "shop:1", port: 8080 });
  return `${platform.url}/o/${place}/p/shop/e/production/s/web/logs`;
}
