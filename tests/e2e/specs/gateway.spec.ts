// The console of a platform elsewhere: it is used without a key, and the browser never sees one.
import { type ChildProcess, spawn } from "node:child_process";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { binary, dist, expect, test } from "../platform.ts";

/** Starts a gateway, and gives its address. */
async function serve(upstream: string, keyFile: string): Promise<{ child: ChildProcess; url: string }> {
  const child = spawn(
    binary,
    ["serve", "--listen", "127.0.0.1:0", "--console", dist, "--upstream", upstream, "--upstream-key-file", keyFile],
    { stdio: ["ignore", "pipe", "inherit"] },
  );
  const url = await new Promise<string>((found, failed) => {
    let output = "";
    child.stdout.on("data", (chunk: Buffer) => {
      output += chunk.toString();
      const address = /Console\s+(http:\/\/\S+?)\/\s/.exec(output)?.[1];
      if (address) found(address);
    });
    child.on("exit", (code) => failed(new Error(`the gateway ended with ${code}`)));
  });
  return { child, url };
}

test("a platform elsewhere is used without a key", async ({ page, context, platform }) => {
  const folder = mkdtempSync(join(tmpdir(), "pilothouse-e2e-"));
  const key = platform.key("gateway");
  const keyFile = join(folder, "key");
  writeFileSync(keyFile, key, { mode: 0o600 });
  const { child, url } = await serve(platform.url, keyFile);
  const seen: string[] = [];
  page.on("request", (request) => seen.push(request.url() + JSON.stringify(request.headers())));
  page.on("response", (response) => seen.push(JSON.stringify(response.headers())));
  try {
    await page.goto(url);
    await expect(page.getByRole("heading", { level: 1 })).toBeVisible();
    await expect(page).not.toHaveURL(/\/connect/);
    await platform.api("POST", "/orgs/", { name: "Behind a gateway" });
    await page.goto(`${url}/o/behind-a-gateway`);
    await expect(page.getByRole("heading", { level: 1 })).toContainText("Behind a gateway");
    expect(await context.cookies()).toEqual([]);
    expect(seen.filter((one) => one.includes(key))).toEqual([]);
  } finally {
    child.kill("SIGTERM");
    rmSync(folder, { recursive: true, force: true });
  }
});
