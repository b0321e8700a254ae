// A reply that breaks off in the middle, as it does when a server dies.
import { createServer } from "node:http";
import { type AddressInfo } from "node:net";
import { type Page } from "@playwright/test";

/** Answers calls of the page with the begin of a reply, until what it gives is called. */
export async function cutReplies(page: Page, calls: RegExp | string, begin: string): Promise<() => Promise<void>> {
  const server = createServer((_, response) => {
    response.writeHead(200, { "content-type": "application/json", "content-length": "100000" });
    response.write(begin, () => response.destroy());
  });
  await new Promise<void>((listening) => server.listen(0, "127.0.0.1", listening));
  const { port } = server.address() as AddressInfo;
  await page.route(calls, (route) => route.continue({ url: `http://127.0.0.1:${port}/` }));
  return async () => {
    await page.unroute(calls);
    server.close();
  };
}
