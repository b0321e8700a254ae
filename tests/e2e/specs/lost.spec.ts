// The network is cut in the middle of each change: the platform has done it, and its answer is lost. The
// page says so, what was typed stays, and the same again brings the answer and does nothing twice.
import { type Locator, type Page } from "@playwright/test";
import { expect, Platform, signIn, test as base } from "../platform.ts";

const PRODUCTION = "/o/acme/p/shop/e/production";
const PROJECT = "/orgs/acme/projects/shop";
const SERVICES = `${PROJECT}/envs/production/services`;

/** A platform of its own with a service that runs, one that is never ready, and a person. */
const test = base.extend<{ acme: Platform }>({
  acme: async ({ page }, use) => {
    const acme = await Platform.start("simulated");
    await acme.api("POST", "/orgs/", { name: "Acme" });
    await acme.api("POST", "/orgs/acme/projects/", { name: "Shop" });
    await acme.api("POST", `${PROJECT}/envs/`, { name: "Staging", env_type: "staging" });
    await signIn(page, acme);
    await use(acme);
    await acme.remove();
  },
});

type Named = { id: string; name: string; slug: string };
type At = { page: Page; acme: Platform };

/** One change as a person makes it. */
type Change = {
  /** The operation, as the API's document names it. */
  operation: string;
  /** What has to be there before. */
  given?: (at: At) => Promise<void>;
  /** Goes to where it is made and fills in what it needs; gives what is pressed. */
  begin: (at: At) => Promise<Locator>;
  /** The call that makes it. */
  call: { method: string; path: RegExp };
  /** Seen once the page has the answer. */
  done: (at: At) => Promise<void>;
  /** Whether the page sees by itself that it is done, and leaves nothing to press again. */
  shows?: boolean;
  /** How often it was made, in the platform's own words; nothing for what a second time is no different. */
  count?: (at: At) => Promise<number>;
};

const running = (name: string) => async ({ acme }: At) => {
  await acme.api("POST", `${SERVICES}/`, { name, image: "shop:1", port: 8080, platform: "wind" });
  await acme.api("POST", `${SERVICES}/${name}/deploy`, {});
  await expect
    .poll(async () => (await acme.api<{ ready: number }>("GET", `${SERVICES}/${name}/status`)).ready, { timeout: 60_000 })
    .toBe(1);
};
const stuck = (name: string) => async ({ acme }: At) => {
  await acme.api("POST", `${SERVICES}/`, { name, image: "shop:unhealthy", port: 8080, platform: "wind" });
  await acme.api("POST", `${SERVICES}/${name}/deploy`, {});
};
const described = (name: string, image = "shop:1") => async ({ acme }: At) => {
  await acme.api("POST", `${SERVICES}/`, { name, image, port: 8080, platform: "wind" });
};
const invited = (name: string) => async ({ acme }: At) => {
  await acme.api("POST", "/orgs/acme/invitations", { name, role: "viewer" });
};
const joined = (name: string) => async ({ acme }: At) => {
  const { link, token } = await acme.api<{ link?: string; token?: string }>("POST", "/orgs/acme/invitations", { name, role: "viewer" });
  const used = token ?? /token=(.*)$/.exec(link ?? "")?.[1];
  const reply = await fetch(`${acme.url}/api/v1/auth/session`, {
    method: "POST",
    headers: { "Content-Type": "application/json" },
    body: JSON.stringify({ token: used }),
  });
  expect(reply.ok).toBe(true);
};
const dialog = (page: Page, name: string | RegExp) => page.getByRole("dialog", { name });
const service = (name: string, tab = "overview") => `${PRODUCTION}/s/${name}/${tab}`;
const events = (name: string, kind: string) => async ({ acme }: At) => {
  const { events } = await acme.api<{ events: { kind: string; count?: number }[] }>("GET", `${SERVICES}/${name}/events`);
  return events.filter((event) => event.kind === kind).reduce((sum, event) => sum + (event.count ?? 1), 0);
};
const named = (path: string, name: string) => async ({ acme }: At) =>
  (await acme.api<Named[]>("GET", path)).filter((one) => one.name === name).length;
const open = (path: string, button: string | RegExp, title: string | RegExp, press: string | RegExp, fill?: (dialog: Locator) => Promise<void>) =>
  async ({ page, acme }: At) => {
    await page.goto(acme.url + path);
    await page.getByRole("button", { name: button, exact: typeof button === "string" }).first().click();
    await fill?.(dialog(page, title));
    return dialog(page, title).getByRole("button", { name: press, exact: typeof press === "string" });
  };
const gone = (title: string | RegExp) => ({ page }: At) => expect(dialog(page, title)).toBeHidden();

const CHANGES: Change[] = [
  {
    operation: "org.create",
    begin: open("/?all=yes", "New organisation", "New organisation", "Create organisation", (at) => at.getByLabel("Name").fill("Other")),
    call: { method: "POST", path: /\/orgs\/?$/ },
    done: ({ page }) => expect(page.getByRole("heading", { level: 1, name: "Other" })).toBeVisible(),
    count: named("/orgs/", "Other"),
  },
  {
    operation: "project.create",
    begin: open("/o/acme", "New project", "New project", "Create project", (at) => at.getByLabel("Name").fill("Second")),
    call: { method: "POST", path: /\/projects\/?$/ },
    done: ({ page }) => expect(page.getByRole("heading", { level: 1, name: "Second" })).toBeVisible(),
    count: named("/orgs/acme/projects/", "Second"),
  },
  {
    operation: "environment.create",
    begin: open("/o/acme/p/shop", "New environment", "New environment", "Create environment", (at) => at.getByLabel("Name").fill("Preview")),
    call: { method: "POST", path: /\/envs\/?$/ },
    done: ({ page }) => expect(page).toHaveURL(/\/e\/preview$/),
    count: named(`${PROJECT}/envs/`, "Preview"),
  },
  {
    operation: "environment.update",
    begin: open("/o/acme/p/shop", "Settings of Production", "Settings of Production", "Save changes", (at) =>
      at.getByRole("button", { name: /^Protected/ }).click(),
    ),
    call: { method: "PATCH", path: /\/envs\/production$/ },
    done: ({ page }) => expect(page.getByText("Production is changed.")).toBeVisible(),
  },
  {
    operation: "service.create",
    begin: async ({ page, acme }) => {
      await page.goto(`${acme.url}${PRODUCTION}/services/new`);
      await page.getByLabel("Name", { exact: true }).first().fill("Created");
      await page.getByLabel("Image", { exact: true }).fill("shop:1");
      return page.getByRole("button", { name: "Create only" });
    },
    call: { method: "POST", path: /\/services\/?$/ },
    done: ({ page }) => expect(page.getByRole("heading", { level: 1, name: "Created" })).toBeVisible(),
    count: named(`${SERVICES}/`, "Created"),
  },
  {
    operation: "service.update",
    given: described("changed"),
    begin: async ({ page, acme }) => {
      await page.goto(acme.url + service("changed", "settings"));
      await page.getByLabel("Tags").fill("edge");
      return page.getByRole("button", { name: "Save changes" });
    },
    call: { method: "PATCH", path: /\/services\/changed$/ },
    done: ({ page }) => expect(page.getByText(/^Saved\./)).toBeVisible(),
  },
  {
    operation: "service.delete",
    given: described("deleted"),
    begin: open(service("deleted", "settings"), "Delete service", "Delete service", "Delete for good", (at) => at.getByRole("textbox").fill("deleted")),
    call: { method: "DELETE", path: /\/services\/deleted$/ },
    done: ({ page }) => expect(page.getByText("deleted is deleted.")).toBeVisible(),
  },
  {
    operation: "service.deploy",
    given: described("deployed"),
    begin: open(service("deployed"), "Deploy", "Deploy", "Deploy"),
    call: { method: "POST", path: /\/deployed\/deploy$/ },
    done: gone("Deploy"),
    count: async ({ acme }) => (await acme.api<unknown[]>("GET", `${SERVICES}/deployed/deployments`)).length,
  },
  {
    operation: "service.restart",
    given: running("restarted"),
    begin: open(service("restarted"), "Restart", "Restart", "Restart"),
    call: { method: "POST", path: /\/restarted\/restart$/ },
    done: gone("Restart"),
    count: events("restarted", "restarted"),
  },
  {
    operation: "service.scale",
    given: running("scaled"),
    begin: open(service("scaled"), "Scale", "Scale", "Scale", (at) => at.getByLabel("Instances").fill("2")),
    call: { method: "POST", path: /\/scaled\/scale$/ },
    done: gone("Scale"),
    count: events("scaled", "scaled"),
  },
  {
    operation: "config.bulk",
    given: described("configured"),
    begin: async ({ page, acme }) => {
      await page.goto(acme.url + service("configured", "config"));
      await page.getByRole("button", { name: "Add variable" }).first().click();
      await dialog(page, /variable/i).getByLabel("Name", { exact: true }).fill("ONE");
      await dialog(page, /variable/i).getByLabel("Value", { exact: true }).fill("1");
      await dialog(page, /variable/i).getByRole("button", { name: "Keep as pending" }).click();
      await page.getByRole("button", { name: /Review/ }).click();
      return dialog(page, "Review changes").getByRole("button", { name: "Save changes" });
    },
    call: { method: "POST", path: /\/config\/bulk$/ },
    done: ({ page }) => expect(page.getByText(/^Saved: 1 added/)).toBeVisible(),
    count: async ({ acme }) => (await acme.api<unknown[]>("GET", `${SERVICES}/configured/config/history`)).length,
  },
  {
    operation: "image.build",
    given: described("built"),
    begin: async ({ page, acme }) => {
      await page.goto(acme.url + service("built", "images"));
      return page.getByRole("button", { name: "Pull and pin" });
    },
    call: { method: "POST", path: /\/images\/build$/ },
    done: ({ page }) => expect(page.getByRole("heading", { name: "Image v1" })).toBeVisible(),
    count: async ({ acme }) => (await acme.api<{ items: unknown[] }>("GET", `${SERVICES}/built/images`)).items.length,
  },
  {
    operation: "image.cancel",
    shows: true,
    given: async (at) => {
      await described("builds", "builds:slow")(at);
      await at.acme.api("POST", `${SERVICES}/builds/images/build`, {});
    },
    begin: async ({ page, acme }) => {
      await page.goto(acme.url + service("builds", "images?image=1"));
      return page.getByRole("button", { name: "Cancel build" });
    },
    call: { method: "POST", path: /\/images\/1\/cancel$/ },
    done: ({ page }) => expect(page.getByText("Cancelled", { exact: true }).first()).toBeVisible(),
  },
  {
    operation: "deployment.cancel",
    shows: true,
    given: stuck("cancelled"),
    begin: async ({ page, acme }) => {
      await page.goto(acme.url + service("cancelled"));
      return page.getByRole("button", { name: "Cancel deployment" });
    },
    call: { method: "POST", path: /\/deployments\/[^/]+\/cancel$/ },
    done: ({ page }) => expect(page.getByText("Cancelled", { exact: true }).first()).toBeVisible(),
  },
  {
    operation: "deployment.approve",
    shows: true,
    given: async (at) => {
      await at.acme.api("PATCH", `${PROJECT}/envs/production`, { protected: true });
      await described("guarded")(at);
      // The harness asks for it, and whoever is signed in approves it.
      await at.acme.api("POST", `${SERVICES}/guarded/deploy`, {});
    },
    begin: async ({ page, acme }) => {
      await page.goto(acme.url + service("guarded"));
      return page.getByRole("button", { name: "Approve" });
    },
    call: { method: "POST", path: /\/approve$/ },
    done: ({ page }) => expect(page.getByRole("button", { name: "Approve" })).toHaveCount(0),
  },
  {
    operation: "promotion.create",
    given: async (at) => {
      await running("promoted")(at);
      await at.acme.api("POST", `${PROJECT}/envs/staging/services/`, { name: "promoted", image: "shop:1", platform: "wind" });
    },
    begin: async ({ page, acme }) => {
      await page.goto(acme.url + service("promoted"));
      await page.getByRole("button", { name: "More actions" }).click();
      await page.getByRole("button", { name: "Promote…" }).click();
      await dialog(page, "Promote").getByLabel("To", { exact: true }).selectOption("staging");
      return dialog(page, "Promote").getByRole("button", { name: "Promote" });
    },
    call: { method: "POST", path: /\/promote$/ },
    done: ({ page }) => expect(page).toHaveURL(/\/e\/staging\//),
    count: async ({ acme }) => (await acme.api<unknown[]>("GET", `${PROJECT}/envs/staging/services/promoted/deployments`)).length,
  },
  {
    operation: "invitation.create",
    begin: open("/o/acme/people", "Invite somebody", "Invite somebody", "Make the link", (at) => at.getByLabel("Name", { exact: true }).fill("Ada")),
    call: { method: "POST", path: /\/invitations$/ },
    done: ({ page }) => expect(dialog(page, "Link for Ada")).toBeVisible(),
    count: named("/orgs/acme/invitations", "Ada"),
  },
  {
    operation: "invitation.delete",
    shows: true,
    given: invited("Bob"),
    begin: async ({ page, acme }) => {
      await page.goto(`${acme.url}/o/acme/people`);
      return page.getByRole("button", { name: "Take back the invitation of Bob" });
    },
    call: { method: "DELETE", path: /\/invitations\/[^/]+$/ },
    done: ({ page }) => expect(page.getByRole("button", { name: "Take back the invitation of Bob" })).toHaveCount(0),
  },
  {
    operation: "person.update",
    given: joined("Cleo"),
    begin: open("/o/acme/people", "Change what Cleo may do", "What Cleo may do", "Save", (at) =>
      at.getByRole("group", { name: "Role 1" }).getByLabel("Role", { exact: true }).selectOption("member").then(() => undefined),
    ),
    call: { method: "PATCH", path: /\/people\/[^/]+$/ },
    done: gone("What Cleo may do"),
  },
  {
    operation: "person.sign-in-link",
    given: joined("Dan"),
    begin: async ({ page, acme }) => {
      await page.goto(`${acme.url}/o/acme/people`);
      return page.getByRole("button", { name: "Sign-in link for Dan" });
    },
    call: { method: "POST", path: /\/sign-in-link$/ },
    done: ({ page }) => expect(page.getByRole("dialog").locator("code")).toBeVisible(),
  },
  {
    operation: "person.remove",
    given: joined("Eve"),
    begin: open("/o/acme/people", "Remove Eve", /Eve/, "Remove Eve"),
    call: { method: "DELETE", path: /\/people\/[^/]+$/ },
    done: ({ page }) => expect(page.getByRole("button", { name: "Remove Eve" })).toHaveCount(0),
  },
  {
    operation: "node.update",
    begin: open("/nodes", "Drain", "Drain simulated", "Drain simulated"),
    call: { method: "PATCH", path: /\/nodes\/[^/]+$/ },
    done: ({ page }) => expect(page.getByRole("button", { name: "Activate", exact: true })).toBeVisible(),
  },
  {
    operation: "key.create",
    begin: open("/o/acme/keys", "New key", "New key", "Make key", (at) => at.getByLabel("Name", { exact: true }).fill("builder")),
    call: { method: "POST", path: /\/keys$/ },
    done: ({ page }) => expect(dialog(page, "Key builder").locator("code")).toBeVisible(),
    count: named("/orgs/acme/keys", "builder"),
  },
  {
    operation: "key.revoke",
    given: async ({ acme }) => {
      await acme.api("POST", "/orgs/acme/keys", { name: "lost", role: "viewer" });
    },
    begin: open("/o/acme/keys", "Revoke lost", /lost/, "Revoke lost"),
    call: { method: "DELETE", path: /\/keys\/[^/]+$/ },
    done: ({ page }) => expect(page.getByText("No key yet")).toBeVisible(),
  },
];

for (const change of CHANGES) {
  test(`${change.operation} whose answer is lost is made once`, async ({ page, acme }) => {
    const at = { page, acme };
    await change.given?.(at);
    const press = await change.begin(at);
    await expect(press).toBeEnabled();
    const before = (await change.count?.(at)) ?? 0;
    const keys: (string | undefined)[] = [];
    await page.route(
      (url) => change.call.path.test(url.pathname),
      async (route) => {
        const request = route.request();
        if (request.method() !== change.call.method) return route.fallback();
        keys.push(request.headers()["idempotency-key"]);
        if (keys.length > 1) return route.fallback();
        const reply = await route.fetch();
        expect(reply.ok(), await reply.text()).toBe(true);
        return route.abort();
      },
    );
    await press.click();
    if (change.shows) {
      await change.done(at);
      return;
    }
    await expect(page.getByText("The platform does not answer.").first()).toBeVisible();
    await press.click();
    await change.done(at);
    expect(keys).toHaveLength(2);
    if (change.call.method === "POST") {
      expect(keys[0]).toBeTruthy();
      expect(keys[1]).toBe(keys[0]);
    }
    if (change.count) await expect.poll(async () => (await change.count!(at)) - before).toBe(1);
  });
}

/** What the page does not do, or does in another way. */
const NOT_MADE = [
  // Config is saved as a whole here; one by one only where a platform can't do that.
  "config.delete",
  "config.preview",
  "config.set",
  "environment.delete",
  "org.delete",
  "org.update",
  "pipeline.deploy",
  "pipeline.rollback",
  "project.delete",
  "project.update",
  // Signing in and out twice is signing in and out.
  "session.create",
  "session.delete",
  "session.delete-all",
  "workspace.create",
  "workspace.project.create",
];

test("no change that the page makes is left out above", async ({ acme }) => {
  type Methods = Record<string, { operationId: string }>;
  const { paths } = await acme.api<{ paths: Record<string, Methods> }>("GET", "/openapi.json");
  const changes = Object.values(paths).flatMap((methods) =>
    ["post", "patch", "delete"].flatMap((method) => methods[method]?.operationId.replace(/\.workspace$/, "") ?? []),
  );
  const made = CHANGES.map(({ operation }) => operation);
  expect([...new Set(changes)].filter((operation) => !made.includes(operation)).sort()).toEqual([...NOT_MADE].sort());
});
