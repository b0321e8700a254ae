// The container engine itself, asked through its own API beside the platform.
import { spawnSync } from "node:child_process";

/** Calls the engine, and gives what it answers. */
export function engine<T = unknown>(method: string, path: string, body?: object): T {
  const socket = (process.env.DOCKER_HOST ?? "").replace("unix://", "");
  const sent = body ? ["-H", "Content-Type: application/json", "--data-raw", JSON.stringify(body)] : [];
  const run = spawnSync(
    "curl",
    ["-sS", "--fail-with-body", "-X", method, "--unix-socket", socket, ...sent, `http://engine${path}`],
    { encoding: "utf8" },
  );
  if (run.status !== 0) throw new Error(`the container engine on ${socket}: ${method} ${path}: ${run.stderr}${run.stdout}`);
  return (run.stdout ? JSON.parse(run.stdout) : undefined) as T;
}
