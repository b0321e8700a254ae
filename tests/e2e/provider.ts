// A provider of identities beside a platform that trusts it.
import { type Page } from "@playwright/test";
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { Platform } from "./platform.ts";

export type Account = { email: string; email_verified: boolean };

/** Who is known at the provider, and how it behaves. */
export type World = {
  accounts: Record<string, Account>;
  /** Whether addresses stand in the token itself. */
  emailInToken?: boolean;
  /** How long a token is good. */
  idTokenSeconds?: number;
  /** How it is spoilt after it was signed. */
  spoil?: "tampered" | "unsigned";
};

/** A provider and a platform, each a process. */
export class Identities {
  private child?: ChildProcess;

  private constructor(
    readonly platform: Platform,
    private readonly port: number,
    private readonly folder: string,
    private world: World,
  ) {}

  /** Starts the platform; the provider is away until it is started too. */
  static async start(world: World, extra: string[] = []): Promise<Identities> {
    const folder = mkdtempSync(join(tmpdir(), "pilothouse-e2e-"));
    const secret = join(folder, "secret");
    writeFileSync(secret, "a secret of the client\n", { mode: 0o600 });
    const port = await freePort();
    const platform = await Platform.start("simulated", [
      "--oidc-issuer", `http://localhost:${port}`, "--oidc-client-id", "pilothouse",
      "--oidc-client-secret-file", secret, "--oidc-name", "Acme ID", ...extra,
    ]);
    const identities = new Identities(platform, port, folder, world);
    identities.change({});
    return identities;
  }

  /** Starts the provider. */
  async open(): Promise<void> {
    const child = spawn(
      process.execPath,
      [
        join(import.meta.dirname, "provider.mjs"), String(this.port),
        `${this.platform.url}/api/v1/auth/oidc/callback`, this.file(),
      ],
      { stdio: ["ignore", "pipe", "pipe"] },
    );
    let output = "";
    child.stderr.on("data", (chunk: Buffer) => (output += chunk.toString()));
    await new Promise<void>((ready, failed) => {
      child.stdout.on("data", () => ready());
      child.on("exit", (code) => failed(new Error(`the provider ended with ${code}:\n${output}`)));
    });
    this.child = child;
  }

  /** Changes who is known there, and how it behaves. */
  change(world: Partial<World>): void {
    this.world = { ...this.world, ...world };
    writeFileSync(this.file(), JSON.stringify(this.world));
  }

  async remove(): Promise<void> {
    const child = this.child;
    if (child && child.exitCode === null) {
      const gone = new Promise((resolve) => child.once("exit", resolve));
      child.kill("SIGTERM");
      await gone;
    }
    await this.platform.remove();
    rmSync(this.folder, { recursive: true, force: true });
  }

  private file(): string {
    return join(this.folder, "world.json");
  }
}

function freePort(): Promise<number> {
  return new Promise((found) => {
    const server = createServer();
    server.listen(0, () => {
      const address = server.address();
      server.close(() => found(typeof address === "object" && address ? address.port : 0));
    });
  });
}

/** Presses the button of the page for signing in, and gives the provider a name: as a person does. */
export async function signInAtProvider(page: Page, login: string): Promise<void> {
  await page.getByRole("link", { name: "Sign in with Acme ID" }).click();
  await page.getByPlaceholder("Enter any login").fill(login);
  await page.getByPlaceholder("and password").fill("whatever");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
}
