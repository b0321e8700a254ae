// What delivery costs: a resolved config, a long build log, and a deploy beside its containers' own time.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { type Locator, type Page } from "@playwright/test";
import { engine } from "../engine.ts";
import { buildSampleImage } from "../image.ts";
import { expect, Platform, signIn, test } from "../platform.ts";
import { printing, Repository } from "../repository.ts";
import { percentile, scriptSeconds, tell } from "./figure.ts";

const ENVIRONMENT = "/orgs/acme/projects/shop/envs/production";
const PAGE = "/o/acme/p/shop/e/production/s/web";
const ROUNDS = 7;
const FRAMES = 300;
const TABLE = 'table[aria-label="Resolved variables"]';

async function describe(platform: Platform, service: object): Promise<void> {
  await platform.api("POST", "/orgs/", { name: "Acme" });
  await platform.api("POST", "/orgs/acme/projects/", { name: "Shop" });
  await platform.api("POST", `${ENVIRONMENT}/services`, { name: "web", platform: "wind", ...service });
}

/** Milliseconds from a click until so many of something are drawn, measured in the page. */
function fromClick(clicked: Locator, drawn: string, count: number): Promise<number> {
  return clicked.evaluate(
    async (clicked, { drawn, count }) => {
      const frame = () => new Promise((done) => requestAnimationFrame(done));
      const begun = performance.now();
      (clicked as HTMLElement).click();
      while (document.querySelectorAll(drawn).length < count) await frame();
      // Its layout and paint belong to it.
      await frame();
      return performance.now() - begun;
    },
    { drawn, count },
  );
}

/** A link on the page to another, as one page has them to the next. */
async function link(page: Page, path: string): Promise<Locator> {
  await page.evaluate((path) => {
    const link = Object.assign(document.createElement("a"), { href: path, id: "to-there", textContent: "There" });
    document.getElementById("to-there")?.remove();
    document.querySelector("main")?.append(link);
  }, path);
  return page.locator("#to-there");
}

test("the resolved config of 500 variables", async ({ page }) => {
  const platform = await Platform.start("simulated");
  try {
    await describe(platform, { image: "shop:1" });
    for (const level of ["/orgs/acme", "/orgs/acme/projects/shop", ENVIRONMENT, `${ENVIRONMENT}/services/web`]) {
      const names = Array.from({ length: 500 }, (_, number) => [`VARIABLE_${number}`, `${level}/${number}`]);
      await platform.api("POST", `${level}/config/bulk`, { variables: Object.fromEntries(names) });
    }
    await signIn(page, platform);
    // Each round comes from elsewhere, by a link: nothing of the view is there yet, and all of it is fetched.
    const rows = `${TABLE}[aria-rowcount="501"] tbody th`;
    const resolved = `${PAGE}/config?view=resolved`;
    let fetched = 0;
    page.on("response", (response) => { if (response.url().endsWith("/config/resolved")) fetched += 1; });
    await page.goto(platform.url + resolved);
    await expect(page.locator(rows).nth(20)).toBeVisible();
    const inView = await page.locator(rows).count();
    const took: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await page.getByRole("navigation", { name: "Service" }).getByRole("link", { name: "Overview", exact: true }).click();
      await expect(page.locator(TABLE)).toHaveCount(0);
      await expect(page.getByRole("heading", { name: "Instances" })).toBeVisible();
      const before = fetched;
      took.push(await fromClick(await link(page, resolved), rows, inView));
      expect(fetched).toBeGreaterThan(before);
    }
    tell("resolved_500_page_ms", percentile(took, 0.5), { atMost: 100 });
  } finally {
    await platform.remove();
  }
});

test("a build log of 50 MB", async ({ page }) => {
  const folder = mkdtempSync(join(tmpdir(), "pilothouse-repositories-"));
  const platform = await Platform.start("containers", ["--git-base-url", `file://${folder}`]);
  try {
    await describe(platform, { github_repository: "acme/web" });
    printing(new Repository(folder, "acme/web"), 50 * 1024 * 1024);
    const image = `${ENVIRONMENT}/services/web/images`;
    await platform.api("POST", `${image}/build`, {});
    const state = async () => (await platform.api<{ state: string }>("GET", `${image}/1`)).state;
    await expect.poll(state, { timeout: 300_000, intervals: [1_000] }).toBe("built");
    await signIn(page, platform);

    const opened: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      await page.goto(`${platform.url}${PAGE}/images`);
      const image1 = page.locator('a[href*="image=1"]');
      await expect(image1.first()).toBeVisible();
      opened.push(await fromClick(image1.first(), ".log .line", 10));
      await expect(page.locator(".log .line").last()).toBeInViewport();
    }
    tell("log_50_mb_opens_ms", percentile(opened, 0.5), { atMost: 300 });

    const before = performance.now();
    await page.getByRole("button", { name: "Show from the beginning" }).click();
    await expect(page.getByText(/^[6-9]\d\d,\d{3} lines$/)).toBeVisible({ timeout: 60_000 });
    tell("log_50_mb_read_whole_ms", performance.now() - before);
    const { empty, script } = await scrolled(page);
    tell("log_50_mb_frames_without_lines", empty, { atMost: 0 });
    tell("log_50_mb_script_of_a_frame_ms", script, { atMost: 16 });
  } finally {
    await platform.remove();
    rmSync(folder, { recursive: true, force: true });
  }
});

/** A quick scroll through a log: frames in whose middle no line is, and the script of a frame. */
async function scrolled(page: Page): Promise<{ empty: number; script: number }> {
  const session = await page.context().newCDPSession(page);
  await session.send("Performance.enable");
  const before = await scriptSeconds(session);
  const empty = await page.evaluate(async (frames) => {
    const log = document.querySelector(".log") as HTMLElement;
    const { left, top, width, height } = log.getBoundingClientRect();
    let empty = 0;
    for (let frame = 0; frame < frames; frame += 1) {
      log.scrollTop += 900;
      await new Promise((done) => requestAnimationFrame(done));
      if (!document.elementFromPoint(left + width / 2, top + height / 2)?.closest(".line")) empty += 1;
    }
    return empty;
  }, FRAMES);
  return { empty, script: ((await scriptSeconds(session)) - before) * 1_000 / FRAMES };
}

test("a deploy of three instances", async () => {
  const platform = await Platform.start("containers");
  const instances = 3;
  try {
    const image = await buildSampleImage();
    await describe(platform, { image, port: 8080, instances, health_check_path: "/_health/", domains: ["web.localhost"] });
    const service = `${ENVIRONMENT}/services/web`;
    type Deployment = { state: string; created: string; updated: string };
    const deploy = async () => {
      const { deployment_id: id } = await platform.api<{ deployment_id: string }>("POST", `${service}/deploy`, {});
      const one = () => platform.api<Deployment>("GET", `${service}/deployments/${id}`);
      await expect.poll(async () => (await one()).state, { timeout: 120_000, intervals: [50] }).toMatch(/complete|error/);
      const ended = await one();
      expect(ended.state).toBe("complete");
      return Date.parse(ended.updated) - Date.parse(ended.created);
    };
    await deploy();
    const overhead: number[] = [];
    for (let round = 0; round < ROUNDS; round += 1) {
      const own = await startAndHealth(image);
      await platform.api("POST", `${service}/config`, { name: "ROUND", value: `${round}` });
      overhead.push((await deploy()) / instances - own);
    }
    tell("deploy_overhead_per_instance_ms", percentile(overhead, 0.5), { atMost: 1_000 });
  } finally {
    await platform.remove();
  }
});

/** Milliseconds that a container of an image takes to be made, to start and to be healthy, without the platform. */
async function startAndHealth(image: string): Promise<number> {
  const begun = performance.now();
  const { Id: id } = engine<{ Id: string }>("POST", "/containers/create", {
    Image: image, ExposedPorts: { "8080/tcp": {} }, HostConfig: { PortBindings: { "8080/tcp": [{ HostIp: "127.0.0.1", HostPort: "" }] } },
  });
  try {
    engine("POST", `/containers/${id}/start`);
    type Inspected = { NetworkSettings: { Ports: Record<string, { HostPort: string }[]> } };
    const [{ HostPort: port }] = engine<Inspected>("GET", `/containers/${id}/json`).NetworkSettings.Ports["8080/tcp"];
    const healthy = () => spawnSync("curl", ["-sf", "-m", "1", `http://127.0.0.1:${port}/_health/`]).status === 0;
    while (!healthy()) await new Promise((done) => setTimeout(done, 5));
    return performance.now() - begun;
  } finally {
    engine("DELETE", `/containers/${id}?force=true`);
  }
}
