// A known load on real containers, and what its charts and its list of requests tell of it.
import { readFileSync } from "node:fs";
import { buildSampleImage } from "../image.ts";
import { expect, signIn, test } from "../platform.ts";
import { visit } from "../traffic.ts";

test.use({ engine: "containers" });

const HOST = "load.localhost";
const SERVICE = "/workspaces/acme/projects/shop/services/web";
const PLAIN = 90;
const FAILING = 30;

test("charts and requests tell what was sent, to the last request", async ({ page, platform }) => {
  test.setTimeout(180_000);
  const image = await buildSampleImage();
  await platform.api("POST", "/workspaces/", { name: "Acme" });
  await platform.api("POST", "/workspaces/acme/projects/", { name: "Shop" });
  await platform.api("POST", "/workspaces/acme/projects/shop/services/", {
    name: "web", image, port: 8080, instances: 2, health_check_path: "/_health/", domains: [HOST],
  });
  const state = async () => (await platform.api<{ data: { state: string } }>("GET", `${SERVICE}/status`)).data.state;
  await expect.poll(state, { timeout: 120_000 }).toBe("running");
  const sent = Array.from({ length: PLAIN + FAILING }, (_, number) => visit(platform.ingress, HOST, number % 4 ? `/?n=${number}` : `/fail?status=500&n=${number}`));
  const statuses = await Promise.all(sent);
  expect([statuses.filter((status) => status === 200).length, statuses.filter((status) => status === 500).length]).toEqual([PLAIN, FAILING]);

  await signIn(page, platform);
  const at = `${platform.url}/o/acme/p/shop/e/production/s/web`;
  await page.goto(`${at}/metrics?window=15m`);
  await expect(page.getByRole("application", { name: "CPU", exact: true })).toBeVisible({ timeout: 60_000 });
  // What ends a sample's five seconds is drawn with the next ones.
  await expect.poll(async () => (await drawn()).requests, { timeout: 60_000 }).toBe(PLAIN + FAILING);
  expect((await drawn()).errors).toBe(FAILING);

  await page.goto(`${at}/requests?window=15m`);
  const list = page.getByRole("table", { name: "Requests" });
  await expect(list).toHaveAttribute("aria-rowcount", `${PLAIN + FAILING + 1}`);
  await page.goto(`${at}/requests?window=15m&status=5xx`);
  await expect(list).toHaveAttribute("aria-rowcount", `${FAILING + 1}`);

  /** Requests, and those that failed, by the charts' own points. */
  async function drawn(): Promise<{ requests: number; errors: number }> {
    const [saved] = await Promise.all([page.waitForEvent("download"), page.getByRole("button", { name: "CSV", exact: true }).click()]);
    const [head, ...rows] = readFileSync(await saved.path(), "utf8").trim().split("\r\n").map((line) => line.split(","));
    const times = rows.map(([time]) => Date.parse(time) / 1_000);
    // Points stand in a raster: the least distance is its step.
    const step = Math.min(...times.slice(1).map((time, place) => time - times[place]).filter((distance) => distance > 0));
    const total = (name: string) => {
      const column = head.indexOf(name);
      const sum = rows.reduce((sum, row) => sum + Number(row[column] || 0) * step, 0);
      return Math.round(sum * 1_000) / 1_000;
    };
    return { requests: total("request_rate"), errors: total("error_rate") };
  }
});
