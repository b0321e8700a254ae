// A platform that has nothing but what one source document describes: it lets through to a real platform
// the documented routes with the documented fields alone, and answers 404 to all else.
import { createServer, type IncomingMessage, type Server, type ServerResponse } from "node:http";
import { type AddressInfo } from "node:net";
import { type Platform } from "./platform.ts";

export type Dialect = "workspaces" | "environments";

type Json = Record<string, unknown>;

/** A documented route: which query and body fields it takes, and what it answers. */
type Route = {
  method: string;
  path: RegExp;
  query?: string[];
  body?: string[];
  reply?: (reply: Json) => unknown;
};

const pick = (fields: string[]) => (whole: Json): Json =>
  Object.fromEntries(fields.filter((field) => field in whole).map((field) => [field, whole[field]]));
const each = (one: (whole: Json) => Json) => (list: unknown) => (list as Json[]).map(one);
const nothing = () => null;

const WINDOW = ["since", "start", "end"];

function workspaceRoutes(): Route[] {
  const services = "/workspaces/[^/]+/projects/[^/]+/services";
  const at = (rest: string) => new RegExp(`^${services}${rest}/?$`);
  const service = pick(["id", "name", "image", "port", "instances", "env", "domains", "volumes", "tags"]);
  const create = ["image", "name", "port", "domains", "instances", "tags", "volumes"];
  const update = ["domains", "image", "instances", "name", "port", "tags"];
  return [
    { method: "GET", path: at(""), reply: (list) => each(service)(list) },
    { method: "POST", path: at(""), body: create, reply: service },
    { method: "GET", path: at("/[^/]+"), reply: service },
    { method: "PATCH", path: at("/[^/]+"), body: update, reply: service },
    { method: "DELETE", path: at("/[^/]+"), reply: nothing },
    { method: "GET", path: at("/[^/]+/logs"), query: [...WINDOW, "limit", "filter"], reply: pick(["lines", "truncated"]) },
    { method: "GET", path: at("/[^/]+/metrics"), query: [...WINDOW, "names"] },
    {
      method: "GET",
      path: at("/[^/]+/access-logs"),
      query: [...WINDOW, "limit", "status", "method", "path_contains"],
      reply: pick(["rows", "truncated"]),
    },
    { method: "POST", path: at("/[^/]+/restart"), reply: nothing },
    { method: "POST", path: at("/[^/]+/scale"), body: ["instances"], reply: nothing },
    { method: "GET", path: at("/[^/]+/status"), reply: pick(["total", "ready", "available"]) },
  ];
}

function environmentRoutes(): Route[] {
  const services = "/orgs/[^/]+/projects/[^/]+/envs/[^/]+/services";
  const at = (rest: string) => new RegExp(`^${services}${rest}/?$`);
  const fields = [
    "name", "platform", "github_repository", "health_check_path", "auto_deploy_branch", "deployment_timeout",
  ];
  const service = pick(["id", "slug", "process_counts", ...fields]);
  const log = pick(["status", "version", "log_text", "error", "error_detail", "build_step"]);
  return [
    { method: "GET", path: at(""), reply: (list) => each(service)(list) },
    { method: "POST", path: at(""), body: fields, reply: service },
    { method: "GET", path: at("/[^/]+"), reply: service },
    { method: "PATCH", path: at("/[^/]+"), body: fields, reply: service },
    { method: "GET", path: at("/[^/]+/config") },
    { method: "GET", path: at("/[^/]+/config/resolved") },
    { method: "POST", path: at("/[^/]+/config"), body: ["name", "value", "secret", "buildtime"] },
    { method: "GET", path: at("/[^/]+/images"), query: ["page", "per_page"] },
    { method: "GET", path: at("/[^/]+/images/\\d+") },
    { method: "GET", path: at("/[^/]+/images/\\d+/log"), reply: log },
    { method: "POST", path: at("/[^/]+/images/build"), body: [], reply: pick(["image_id", "version"]) },
    { method: "GET", path: at("/[^/]+/releases") },
    { method: "GET", path: at("/[^/]+/releases/\\d+") },
    { method: "GET", path: at("/[^/]+/releases/\\d+/log"), reply: log },
    { method: "POST", path: at("/[^/]+/deploy"), body: [], reply: pick(["release_id", "deployment_id"]) },
  ];
}

/** A strict server in front of a platform. */
export class Strict {
  /** What was asked for and is not documented: `GET /orgs/`. */
  readonly refused: string[] = [];
  /** Answers each call with this status from now on, once set. */
  failing?: number;

  private constructor(private server: Server, readonly url: string, readonly key: string) {}

  static async start(platform: Platform, dialect: Dialect): Promise<Strict> {
    const routes = dialect === "workspaces" ? workspaceRoutes() : environmentRoutes();
    const key = platform.key(`strict-${dialect}`);
    const server = createServer((request, response) => {
      answer(request, response).catch((error: unknown) => {
        response.writeHead(500).end(String(error));
      });
    });
    await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
    const strict = new Strict(server, `http://127.0.0.1:${(server.address() as AddressInfo).port}`, key);
    const header = dialect === "workspaces" ? "authorization" : "x-api-key";
    const credential = dialect === "workspaces" ? `Bearer ${key}` : key;

    async function answer(request: IncomingMessage, response: ServerResponse): Promise<void> {
      const address = new URL(request.url ?? "/", strict.url);
      const path = address.pathname.replace(/^\/api\/v1/, "");
      const send = (status: number, body: unknown) => {
        response.writeHead(status, { "content-type": "application/json" }).end(JSON.stringify(body));
      };
      // Pages of any origin, with the documented headers alone.
      response.setHeader("access-control-allow-origin", "*");
      if (request.method === "OPTIONS") {
        response.setHeader("access-control-allow-headers", `content-type, ${header}`);
        response.setHeader("access-control-allow-methods", "GET, POST, PATCH, DELETE");
        response.writeHead(200).end();
        return;
      }
      const refuse = (status: number, message: string) => {
        strict.refused.push(`${request.method} ${path}${address.search}`);
        send(status, { message });
      };
      if (strict.failing !== undefined) return send(strict.failing, { message: "It fails on purpose." });
      if (request.headers[header] !== credential) return send(401, { message: "Who is that?" });
      const route = routes.find((route) => route.method === request.method && route.path.test(path));
      if (!route) return refuse(404, "There is no such route.");
      const unknown = [...address.searchParams.keys()].filter((name) => !route.query?.includes(name));
      const text = await textOf(request);
      const sent = text === "" ? {} : (JSON.parse(text) as Json);
      unknown.push(...Object.keys(sent).filter((name) => !route.body?.includes(name)));
      if (unknown.length > 0) return refuse(422, `Not documented: ${unknown.join(", ")}`);
      const reply = await fetch(`${platform.url}/api/v1${path}${address.search}`, {
        method: request.method,
        headers: {
          "X-API-Key": key,
          ...(text === "" ? {} : { "Content-Type": "application/json" }),
        },
        body: text === "" ? undefined : text,
      });
      const whole = (await reply.json()) as Json;
      if (!reply.ok) return send(reply.status, whole);
      const shape = route.reply ?? ((same: Json) => same);
      if (dialect === "environments") return send(reply.status, shape(whole));
      const { message, status, data } = whole;
      send(reply.status, { message, status, data: shape(data as Json) });
    }
    return strict;
  }

  close(): void {
    this.server.close();
    this.server.closeAllConnections();
  }
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = "";
  for await (const chunk of request) text += String(chunk);
  return text;
}
