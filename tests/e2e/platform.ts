// A real platform for a test worker: its own process, data folder and ports, gone when the worker is.
import { test as base, expect, type Page } from "@playwright/test";
import { spawn, spawnSync, type ChildProcess } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";
import { engine } from "./engine.ts";

const root = resolve(import.meta.dirname, "../..");
export const binary = process.env.PILOTHOUSE_BIN ?? join(root, "target/release/pilothouse");
export const dist = process.env.PILOTHOUSE_DIST ?? join(root, "dist");

export type Engine = "containers" | "simulated";

/** One running `pilothouse serve`. */
export class Platform {
  private constructor(
    readonly dataDir: string,
    readonly engine: Engine,
    private child: ChildProcess,
    readonly url: string,
    readonly ingress: string,
  ) {}

  static async start(engine: Engine, extra: string[] = []): Promise<Platform> {
    const dataDir = mkdtempSync(join(tmpdir(), "pilothouse-e2e-"));
    const { child, url, ingress } = await serve(dataDir, engine, "127.0.0.1:0", "127.0.0.1:0", extra);
    return new Platform(dataDir, engine, child, url, ingress);
  }

  /** Ends the process at once, as a power cut would. */
  async kill(): Promise<void> {
    await end(this.child, "SIGKILL");
  }

  /** Starts it again on the same data and the same ports. */
  async revive(): Promise<void> {
    const port = (url: string) => `127.0.0.1:${new URL(url).port}`;
    this.child = (await serve(this.dataDir, this.engine, port(this.url), port(this.ingress), [])).child;
  }

  /** Stops it and removes all it made, its containers included. What is simulated ends with it. */
  async remove(): Promise<void> {
    try {
      if (this.engine === "containers") await this.emptyAll();
    } finally {
      await end(this.child, "SIGTERM");
      rmSync(this.dataDir, { recursive: true, force: true });
    }
  }

  /** A new key, printed by the command line while the platform serves. */
  key(name = "e2e"): string {
    const run = spawnSync(
      binary,
      ["key", "create", "--data-dir", this.dataDir, "--name", name, "--role", "admin"],
      { encoding: "utf8" },
    );
    if (run.status !== 0) throw new Error(`key create failed: ${run.stderr}`);
    return run.stdout.trim();
  }

  /** Calls the API with a key and returns the reply's body. */
  async api<T = unknown>(method: string, path: string, body?: unknown): Promise<T> {
    const reply = await this.send(method, path, body);
    const text = await reply.text();
    if (!reply.ok) throw new Error(`${method} ${path}: ${reply.status} ${text}`);
    return JSON.parse(text) as T;
  }

  /** Fetches a reply to its last byte, and leaves it unread. */
  async read(path: string): Promise<void> {
    const reply = await this.send("GET", path);
    await reply.arrayBuffer();
    if (!reply.ok) throw new Error(`GET ${path}: ${reply.status}`);
  }

  private send(method: string, path: string, body?: unknown): Promise<Response> {
    this.apiKey ??= this.key("harness");
    return fetch(`${this.url}/api/v1${path}`, {
      method,
      headers: {
        "X-API-Key": this.apiKey,
        ...(body === undefined ? {} : { "Content-Type": "application/json" }),
      },
      body: body === undefined ? undefined : JSON.stringify(body),
    });
  }
  private apiKey?: string;

  /** Deletes every service, and waits until nothing of them runs. */
  private async emptyAll(): Promise<void> {
    type Named = { slug: string };
    for (const org of await this.api<Named[]>("GET", "/orgs/")) {
      for (const project of await this.api<Named[]>("GET", `/orgs/${org.slug}/projects/`)) {
        const at = `/orgs/${org.slug}/projects/${project.slug}/envs`;
        for (const env of await this.api<Named[]>("GET", `${at}/`)) {
          for (const service of await this.api<Named[]>("GET", `${at}/${env.slug}/services/`)) {
            await this.api("DELETE", `${at}/${env.slug}/services/${service.slug}`);
          }
        }
      }
    }
    await expect
      .poll(() => this.containers().length, { timeout: 60_000, message: "containers of deleted services" })
      .toBe(0);
  }

  /** The ids of this platform's containers, as the engine itself lists them. */
  containers(): string[] {
    const filter = JSON.stringify({ label: [`pilothouse.installation=${this.installation()}`] });
    const list = engine<{ Id: string }[]>("GET", `/containers/json?all=true&filters=${encodeURIComponent(filter)}`);
    return list.map((container) => container.Id);
  }

  private installation(): string {
    return spawnSync("cat", [join(this.dataDir, "installation")], { encoding: "utf8" }).stdout.trim();
  }
}

async function serve(dataDir: string, engine: Engine, listen: string, ingress: string, extra: string[]) {
  const child = spawn(
    binary,
    [
      "serve", "--listen", listen, "--ingress-listen", ingress, "--data-dir", dataDir,
      "--engine", engine, "--console", dist, ...extra,
    ],
    { stdio: ["ignore", "pipe", "pipe"] },
  );
  let output = "";
  const ready = new Promise<{ url: string; ingress: string }>((resolvePromise, reject) => {
    const read = (chunk: Buffer) => {
      output += chunk.toString();
      const url = /Console\s+(http:\/\/\S+)/.exec(output)?.[1];
      const ingressUrl = /Ingress\s+(http:\/\/\S+)/.exec(output)?.[1];
      if (url && ingressUrl) resolvePromise({ url: url.replace(/\/$/, ""), ingress: ingressUrl.replace(/\/$/, "") });
    };
    child.stdout.on("data", read);
    child.stderr.on("data", read);
    child.on("exit", (code) => reject(new Error(`pilothouse ended with ${code}:\n${output}`)));
  });
  return { child, ...(await ready) };
}

async function end(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const gone = new Promise((resolvePromise) => child.once("exit", resolvePromise));
  child.kill(signal);
  await gone;
}

/** Signs a page in with a key, the way a person does. */
export async function signIn(page: Page, platform: Platform): Promise<void> {
  await page.goto(`${platform.url}/connect`);
  await page.getByLabel("Key").fill(platform.key());
  await page.getByRole("button", { name: "Sign in" }).click();
  await expect(page).not.toHaveURL(/\/connect/);
}

/** Tests against one platform a worker, with real containers or simulated. */
export const test = base.extend<
  { problems: string[] },
  { engine: Engine; platform: Platform }
>({
  engine: ["simulated", { option: true, scope: "worker" }],
  platform: [
    async ({ engine }, use) => {
      const platform = await Platform.start(engine);
      await use(platform);
      await platform.remove();
    },
    { scope: "worker", timeout: 120_000 },
  ],
  /** Errors and warnings of the page's console: a test that leaves any has failed; that the network failed is no fault. */
  problems: [
    async ({ page }, use) => {
      const problems: string[] = [];
      page.on("pageerror", (error) => problems.push(error.message));
      page.on("console", (message) => {
        if (["error", "warning"].includes(message.type()) && !/Failed to (load resource|fetch)/.test(message.text())) {
          problems.push(message.text());
        }
      });
      await use(problems);
      expect(problems, "errors in the browser's console").toEqual([]);
    },
    { auto: true },
  ],
});

export { expect };
