// A Git repository of the sample service below a folder, as builds clone it.
import { spawnSync } from "node:child_process";
import { randomUUID } from "node:crypto";
import { copyFileSync, existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { sampleBinary } from "./image.ts";

/** `owner/name` below a folder. */
export class Repository {
  private readonly folder: string;

  constructor(base: string, name: string) {
    this.folder = join(base, name);
  }

  /** Commits a Dockerfile to `main`, and gives the commit. */
  commit(dockerfile: string): string {
    if (!existsSync(this.folder)) {
      mkdirSync(this.folder, { recursive: true });
      this.git("init", "--quiet", "--initial-branch=main");
      copyFileSync(sampleBinary, join(this.folder, "sample"));
    }
    writeFileSync(join(this.folder, "Dockerfile"), dockerfile);
    this.git("add", "--all");
    this.git("commit", "--quiet", "--allow-empty", "--message", "A change");
    return this.git("rev-parse", "HEAD");
  }

  /** Puts a file of this machine beside the Dockerfile. */
  copy(from: string, name: string): void {
    copyFileSync(from, join(this.folder, name));
  }

  private git(...args: string[]): string {
    const who = ["-c", "user.name=Tester", "-c", "user.email=tester@example.com"];
    const run = spawnSync("git", [...who, ...args], { cwd: this.folder, encoding: "utf8" });
    if (run.status !== 0) throw new Error(`git ${args.join(" ")}: ${run.stderr}`);
    return run.stdout.trim();
  }
}

/** A Dockerfile of the sample that tells its version. */
export function recipe(version: string, more = ""): string {
  return `FROM scratch\nCOPY sample /sample\nENV RELEASE_VERSION=${version}\nEXPOSE 8080\n${more}ENTRYPOINT ["/sample"]\n`;
}

/** Commits a Dockerfile whose build prints so many bytes, in lines of 70. */
export function printing(repository: Repository, bytes: number): void {
  repository.commit("FROM scratch\n");
  repository.copy("/bin/busybox", "busybox");
  const line = "a line of a build that prints as much as it can, and then some more .";
  // Otherwise the engine may know the outcome from an earlier time.
  const print = `yes '${line}' | head -c ${bytes} # ${randomUUID()}`;
  repository.commit(`FROM scratch\nCOPY busybox /bin/busybox\nRUN ["/bin/busybox", "sh", "-c", "/bin/busybox ${print.replace("| head", "| /bin/busybox head")}"]\n`);
}
