// The sample service as a `FROM scratch` image in the engine, built from its static binary.
import { spawnSync } from "node:child_process";
import { copyFileSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join, resolve } from "node:path";

/** The sample's static binary. */
export const sampleBinary =
  process.env.PILOTHOUSE_SAMPLE_BINARY ??
  resolve(import.meta.dirname, "../../target/x86_64-unknown-linux-musl/release/pilothouse-sample");

/** Builds the image through the engine's own build API and returns its reference. */
export async function buildSampleImage(): Promise<string> {
  const reference = "localhost/pilothouse-e2e-sample:1";
  const folder = mkdtempSync(join(tmpdir(), "pilothouse-image-"));
  try {
    copyFileSync(sampleBinary, join(folder, "service"));
    writeFileSync(join(folder, "Dockerfile"), 'FROM scratch\nCOPY service /service\nENTRYPOINT ["/service"]\n');
    run("tar", ["-C", folder, "-cf", join(folder, "..", "context.tar"), "Dockerfile", "service"]);
    const socket = (process.env.DOCKER_HOST ?? "").replace("unix://", "");
    const output = run("curl", [
      "-sS", "--fail-with-body", "--unix-socket", socket,
      "-H", "Content-Type: application/x-tar",
      "--data-binary", `@${join(folder, "..", "context.tar")}`,
      `http://engine/build?t=${encodeURIComponent(reference)}`,
    ]);
    if (/"error"/.test(output)) throw new Error(`the image was not built: ${output}`);
    return reference;
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

function run(command: string, args: string[]): string {
  const result = spawnSync(command, args, { encoding: "utf8" });
  if (result.status !== 0) throw new Error(`${command}: ${result.stderr}${result.stdout}`);
  return result.stdout;
}
