// Ingress beside Debian's nginx, to the same instance of the sample service, with the access log on.
import { spawn } from "node:child_process";
import { engine } from "../engine.ts";
import { buildSampleImage } from "../image.ts";
import { Nginx } from "../nginx.ts";
import { expect, test } from "../platform.ts";
import { percentile, tell } from "./figure.ts";

test.use({ engine: "containers" });

const HOST = "web.localhost";
const SERVICE = "/workspaces/acme/projects/shop/services/web";
/** In turn, so that what else the machine does meets both. */
const ROUNDS = 11;
const SECONDS = 4;
const CONNECTIONS = 32;

test("ingress and nginx", async ({ platform }) => {
  const image = await buildSampleImage();
  await platform.api("POST", "/workspaces/", { name: "Acme" });
  await platform.api("POST", "/workspaces/acme/projects/", { name: "Shop" });
  await platform.api("POST", "/workspaces/acme/projects/shop/services/", {
    name: "web", image, port: 8080, health_check_path: "/_health/", domains: [HOST],
  });
  const state = async () => (await platform.api<{ data: { state: string } }>("GET", `${SERVICE}/status`)).data.state;
  await expect.poll(state, { timeout: 120_000 }).toBe("running");

  const nginx = await Nginx.start(upstream(platform.containers()[0] ?? ""));
  try {
    const figures = { ingress: [] as Load[], nginx: [] as Load[] };
    await load(nginx.url, 2);
    await load(platform.ingress, 2);
    const logged = nginx.rows();
    for (let round = 0; round < ROUNDS; round += 1) {
      figures.nginx.push(await load(nginx.url, SECONDS));
      figures.ingress.push(await load(platform.ingress, SECONDS));
    }
    const median = (loads: Load[], of: (load: Load) => number) => percentile(loads.map(of), 0.5);
    const throughput = (loads: Load[]) => median(loads, (one) => one.perSecond);
    const p99 = (loads: Load[]) => median(loads, (one) => one.p99);
    tell("nginx_requests_per_second", throughput(figures.nginx));
    tell("ingress_requests_per_second", throughput(figures.ingress));
    tell("nginx_p99_ms", p99(figures.nginx));
    tell("ingress_p99_ms", p99(figures.ingress));
    tell("ingress_throughput_of_nginx", throughput(figures.ingress) / throughput(figures.nginx), { atLeast: 0.8 });
    tell("ingress_p99_of_nginx", p99(figures.ingress) / p99(figures.nginx), { atMost: 1.25 });
    expect(nginx.rows()).toBeGreaterThan(logged);
    // Whoever loses rows is quicker. What ingress has lost, it tells.
    const metrics = await (await fetch(`${platform.url}/metrics`)).text();
    expect(metrics).toContain("pilothouse_access_rows_lost_total 0\n");
  } finally {
    await nginx.remove();
  }
});

/** Where a container's port is published. */
function upstream(id: string): string {
  type Container = { NetworkSettings: { Ports: Record<string, { HostPort: string }[]> } };
  const { NetworkSettings } = engine<Container>("GET", `/containers/${id}/json`);
  return `127.0.0.1:${NetworkSettings.Ports["8080/tcp"]?.[0]?.HostPort}`;
}

type Load = { perSecond: number; p99: number };

/** What wrk tells after asking for so long. An answer that is no success fails the run. */
async function load(url: string, seconds: number): Promise<Load> {
  const args = ["-t1", `-c${CONNECTIONS}`, `-d${seconds}s`, "--latency", "-H", `Host: ${HOST}`, `${url}/`];
  const child = spawn("wrk", args, { stdio: ["ignore", "pipe", "inherit"] });
  let said = "";
  child.stdout.on("data", (chunk: Buffer) => (said += chunk.toString()));
  await new Promise((done) => child.once("close", done));
  expect(said, said).not.toMatch(/Non-2xx|Socket errors/);
  const [, p99 = "", unit = ""] = /99%\s+([\d.]+)(us|ms|s)\b/.exec(said) ?? [];
  const [, perSecond = ""] = /Requests\/sec:\s+([\d.]+)/.exec(said) ?? [];
  const inMs = { us: 0.001, ms: 1, s: 1000 }[unit] ?? Number.NaN;
  return { perSecond: Number(perSecond), p99: Number(p99) * inMs };
}
