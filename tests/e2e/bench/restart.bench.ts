// A rolling restart of three real instances while visitors come through ingress.
import { request } from "node:http";
import { buildSampleImage } from "../image.ts";
import { expect, test } from "../platform.ts";
import { tell } from "./figure.ts";

test.use({ engine: "containers" });

const PER_SECOND = 200;
const SECONDS = 60;
const SERVICE = "/workspaces/restarts/projects/shop/services/web";

test("a rolling restart under load", async ({ platform }) => {
  const image = await buildSampleImage();
  await platform.api("POST", "/workspaces/", { name: "Restarts" });
  await platform.api("POST", "/workspaces/restarts/projects/", { name: "Shop" });
  await platform.api("POST", "/workspaces/restarts/projects/shop/services/", {
    name: "web", image, port: 8080, instances: 3, health_check_path: "/_health/", domains: ["restarts.localhost"],
  });
  const state = async () => (await platform.api<{ data: { state: string } }>("GET", `${SERVICE}/status`)).data.state;
  await expect.poll(state, { timeout: 120_000 }).toBe("running");

  const before = new Set(platform.containers());
  const answers = load(platform.ingress, "restarts.localhost");
  await platform.api("POST", `${SERVICE}/restart`);
  const statuses = await answers;
  await expect.poll(() => platform.containers().filter((id) => before.has(id)).length, { timeout: 120_000 }).toBe(0);

  tell("restart_requests_sent", statuses.length);
  const failed = statuses.filter((status) => status !== 200);
  tell("restart_requests_failed", failed.length, { atMost: 0 });
  for (const status of new Set(failed)) {
    tell(`restart_requests_answered_${status}`, failed.filter((one) => one === status).length, { atMost: 0 });
  }
});

/** Sends requests at an even rate, each on a connection of its own; 0 stands for no answer. */
async function load(ingress: string, host: string): Promise<number[]> {
  const begun = performance.now();
  const sent: Promise<number>[] = [];
  while (sent.length < PER_SECOND * SECONDS) {
    const due = ((performance.now() - begun) / 1_000) * PER_SECOND;
    while (sent.length < Math.min(due, PER_SECOND * SECONDS)) sent.push(status(ingress, host));
    await new Promise((done) => setTimeout(done, 5));
  }
  return Promise.all(sent);
}

function status(ingress: string, host: string): Promise<number> {
  return new Promise((done) => {
    const sent = request(ingress, { headers: { host }, agent: false, timeout: 30_000 }, (answer) => {
      answer.resume();
      answer.on("end", () => done(answer.statusCode ?? 0));
      answer.on("error", () => done(0));
    });
    sent.on("timeout", () => sent.destroy());
    sent.on("error", () => done(0));
    sent.end();
  });
}
