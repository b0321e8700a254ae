// Debian's nginx as a reverse proxy to one address, set up as well as it can be: connections to the
// service are kept, and the access log is written in blocks.
import { expect } from "@playwright/test";
import { spawn, type ChildProcess } from "node:child_process";
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { createServer, type AddressInfo } from "node:net";
import { tmpdir } from "node:os";
import { join } from "node:path";

export class Nginx {
  private constructor(
    private readonly folder: string,
    private readonly child: ChildProcess,
    readonly url: string,
  ) {}

  static async start(upstream: string): Promise<Nginx> {
    const folder = mkdtempSync(join(tmpdir(), "pilothouse-nginx-"));
    const port = await freePort();
    const file = join(folder, "nginx.conf");
    writeFileSync(file, configuration(folder, port, upstream));
    const child = spawn("nginx", ["-p", folder, "-c", file], { stdio: ["ignore", "ignore", "pipe"] });
    let words = "";
    child.stderr?.on("data", (chunk: Buffer) => (words += chunk.toString()));
    const nginx = new Nginx(folder, child, `http://127.0.0.1:${port}`);
    const status = async () => (await fetch(nginx.url).catch(() => undefined))?.status;
    await expect.poll(status, { message: words }).toBe(200);
    return nginx;
  }

  /** How many requests its access log holds. */
  rows(): number {
    return readFileSync(join(this.folder, "access.log"), "utf8").split("\n").length - 1;
  }

  async remove(): Promise<void> {
    const gone = new Promise((done) => this.child.once("exit", done));
    this.child.kill("SIGTERM");
    await gone;
    rmSync(this.folder, { recursive: true, force: true });
  }
}

function configuration(folder: string, port: number, upstream: string): string {
  return `
    daemon off;
    pid ${folder}/pid;
    error_log stderr warn;
    worker_processes auto;
    events { worker_connections 1024; }
    http {
      access_log ${folder}/access.log combined buffer=64k flush=1s;
      client_body_temp_path ${folder}/body;
      proxy_temp_path ${folder}/proxy;
      fastcgi_temp_path ${folder}/fastcgi;
      uwsgi_temp_path ${folder}/uwsgi;
      scgi_temp_path ${folder}/scgi;
      keepalive_requests 1000000;
      tcp_nodelay on;
      upstream service { server ${upstream}; keepalive 64; keepalive_requests 1000000; }
      server {
        listen 127.0.0.1:${port};
        location / {
          proxy_pass http://service;
          proxy_http_version 1.1;
          proxy_set_header Connection "";
          proxy_set_header Host $http_host;
          proxy_set_header X-Forwarded-For $proxy_add_x_forwarded_for;
          proxy_set_header X-Forwarded-Host $http_host;
          proxy_set_header X-Forwarded-Proto $scheme;
          proxy_set_header X-Request-Id $request_id;
        }
      }
    }`;
}

function freePort(): Promise<number> {
  return new Promise((done) => {
    const server = createServer().listen(0, "127.0.0.1", () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => done(port));
    });
  });
}
