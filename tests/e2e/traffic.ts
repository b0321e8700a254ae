// Visitors of a service: requests that come in through ingress.
import { request } from "node:http";

type Visit = { method?: string; headers?: Record<string, string>; body?: string };

/** Asks a host behind ingress, and gives the status of the answer once it has ended. */
export function visit(ingress: string, host: string, path: string, { method, headers, body }: Visit = {}): Promise<number> {
  return new Promise((done, failed) => {
    const { hostname, port } = new URL(ingress);
    const sent = request({ hostname, port, path, method, headers: { host, ...headers }, agent: false }, (answer) => {
      answer.resume();
      answer.on("end", () => done(answer.statusCode ?? 0));
      answer.on("error", failed);
    });
    sent.on("error", failed);
    sent.end(body);
  });
}
