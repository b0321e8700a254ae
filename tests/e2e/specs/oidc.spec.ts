// Signing in at a provider of identities: who is let in, who is not, and what the page says then.
import { type BrowserContext, type Page } from "@playwright/test";
import { expect, Platform, signIn, test as base } from "../platform.ts";
import { Identities, signInAtProvider, type World } from "../provider.ts";

const ADA = { email: "Ada@example.com", email_verified: true };
const START = "/api/v1/auth/oidc/start";

const test = base.extend<{ world: World; settings: string[]; identities: Identities; acme: Platform }>({
  world: [{ accounts: { ada: ADA } }, { option: true }],
  settings: [[], { option: true }],
  identities: async ({ context, world, settings }, use) => {
    // The provider's pages ask for fonts elsewhere.
    await context.route(/fonts\.googleapis\.com/, (route) => route.abort());
    const identities = await Identities.start(world, settings);
    await identities.platform.api("POST", "/orgs/", { name: "Acme" });
    await identities.platform.api("POST", "/orgs/acme/projects/", { name: "Shop" });
    await identities.open();
    await use(identities);
    await identities.remove();
  },
  acme: async ({ identities }, use) => use(identities.platform),
});

type Entry = { action: string; outcome: string; by: string; reason?: string; changes: { name: string; after?: string }[] };

async function audit(acme: Platform, action: string): Promise<Entry[]> {
  return (await acme.api<{ entries: Entry[] }>("GET", `/audit?action=${action}`)).entries;
}

const invite = (acme: Platform, email: string, name = "Ada") =>
  acme.api("POST", "/orgs/acme/invitations", { name, email, role: "viewer" });

async function people(acme: Platform): Promise<{ id: string; name: string; email: string }[]> {
  return acme.api("GET", "/orgs/acme/people");
}

/** The page for signing in tells why it led nowhere, and knows where the person wanted to be. */
async function isTurnedAway(page: Page, refused: string, words: RegExp): Promise<void> {
  await expect(page).toHaveURL(new RegExp(`/connect\\?refused=${refused}&next=`));
  await expect(page.getByRole("alert")).toHaveText(words);
  await expect(page.getByRole("link", { name: "Sign in with Acme ID" })).toBeVisible();
  const session = await page.context().request.get(`${new URL(page.url()).origin}/api/v1/auth/session`);
  expect(session.status()).toBe(401);
}

/** Takes the cookie away that ties a sign-in to its browser. */
async function takeFlowCookie(context: BrowserContext) {
  const kept = (await context.cookies()).filter((cookie) => cookie.name.startsWith("pilothouse_sign_in_"));
  await context.clearCookies({ name: /^pilothouse_sign_in_/ });
  return kept;
}

/** The address at the provider of a sign-in that begins now, in the browser's own name. */
async function providerAddress(context: BrowserContext, acme: Platform): Promise<URL> {
  const start = await context.request.get(acme.url + START, { maxRedirects: 0 });
  expect(start.status()).toBe(303);
  return new URL(start.headers().location);
}

test("who was invited ends up at the page that they wanted, and needs no invitation the next time", async ({ page, acme, browser }) => {
  await invite(acme, "ada@example.com");
  const wanted = `${acme.url}/o/acme/p/shop?q=a%20b`;
  await page.goto(wanted);
  await expect(page).toHaveURL(/\/connect\?next=/);
  await page.getByRole("link", { name: "Sign in with Acme ID" }).click();
  await expect(page).toHaveURL(/localhost:\d+\/interaction\//);
  const flow = (await page.context().cookies()).find((cookie) => cookie.name.startsWith("pilothouse_sign_in_"));
  expect(flow).toMatchObject({ httpOnly: true, sameSite: "Lax", path: "/api/v1/auth/oidc/callback" });
  expect((flow?.expires ?? 0) - Date.now() / 1000).toBeLessThanOrEqual(600);
  await page.goBack();
  await signInAtProvider(page, "ada");
  await expect(page).toHaveURL(wanted);
  await expect(page.getByRole("heading", { level: 1 })).toContainText("Shop");
  const session = (await page.context().cookies()).find((cookie) => cookie.name === "pilothouse_session");
  expect(session).toMatchObject({ httpOnly: true, sameSite: "Strict" });

  expect(await acme.api("GET", "/orgs/acme/invitations")).toEqual([]);
  expect(await people(acme)).toMatchObject([{ name: "Ada", email: "ada@example.com" }]);
  const linked = await audit(acme, "person.link");
  expect(linked).toHaveLength(1);
  expect(linked[0]).toMatchObject({ by: "Ada", outcome: "done" });
  expect(linked[0].changes.map((change) => [change.name, change.after])).toEqual([
    ["account", expect.stringMatching(/^ada at http:\/\/localhost:/)],
    ["email", "ada@example.com"],
    ["roles", "viewer of acme"],
  ]);
  expect((await audit(acme, "session.create"))[0]).toMatchObject({
    by: "Ada",
    outcome: "done",
    changes: [{ name: "with", after: "Acme ID" }],
  });

  const another = await browser.newContext();
  await another.route(/fonts\.googleapis\.com/, (route) => route.abort());
  const other = await another.newPage();
  await other.goto(`${acme.url}/connect`);
  await signInAtProvider(other, "ada");
  await expect(other).toHaveURL(`${acme.url}/`);
  expect(await people(acme)).toHaveLength(1);
  expect(await audit(acme, "person.link")).toHaveLength(1);
  await another.close();
});

test("an admin invites somebody by address in the page, and changes that there", async ({ page, acme, browser }) => {
  await signIn(page, acme);
  await page.goto(`${acme.url}/o/acme/people`);
  await page.getByRole("button", { name: "Invite somebody" }).click();
  const dialog = page.getByRole("dialog", { name: "Invite somebody" });
  await dialog.getByLabel("Name", { exact: true }).fill("Ada");
  await dialog.getByLabel("E-mail").fill("ada");
  await dialog.getByRole("button", { name: "Make the link" }).click();
  await expect(dialog.getByText("An e-mail address looks like ada@example.com.")).toBeVisible();
  await dialog.getByLabel("E-mail").fill("ada@example.com");
  await dialog.getByRole("button", { name: "Make the link" }).click();
  await page.getByRole("dialog", { name: "Link for Ada" }).getByRole("button", { name: "Done" }).click();

  const another = await browser.newContext();
  await another.route(/fonts\.googleapis\.com/, (route) => route.abort());
  const ada = await another.newPage();
  await ada.goto(`${acme.url}/connect`);
  await signInAtProvider(ada, "ada");
  await expect(ada).toHaveURL(/\/o\/acme|\/$/);
  await another.close();

  await page.reload();
  await page.getByRole("button", { name: "Change what Ada may do" }).click();
  const roles = page.getByRole("dialog", { name: "What Ada may do" });
  await expect(roles.getByLabel("E-mail")).toHaveValue("ada@example.com");
  await roles.getByLabel("E-mail").fill("ada@other.example");
  await roles.getByRole("button", { name: "Save" }).click();
  await expect(roles).toBeHidden();
  expect(await people(acme)).toMatchObject([{ name: "Ada", email: "ada@other.example", grants: [{ role: "viewer" }] }]);
});

test("who was not invited is told so", async ({ page, acme }) => {
  await page.goto(`${acme.url}/o/acme`);
  await signInAtProvider(page, "ada");
  await isTurnedAway(page, "not_invited", /Nobody has invited the address/);
  expect(new URL(page.url()).searchParams.get("next")).toBe("/o/acme");
  expect((await audit(acme, "session.create"))[0]).toMatchObject({
    by: "nobody",
    outcome: "refused",
    reason: "Nobody has invited Ada@example.com.",
  });
  // The way on is the same one: an invitation is all that was missing.
  await invite(acme, "ada@example.com");
  await page.getByRole("link", { name: "Sign in with Acme ID" }).click();
  await expect(page).toHaveURL(`${acme.url}/o/acme`);
});

test.describe("an address that the provider does not vouch for", () => {
  test.use({ world: { accounts: { ada: { ...ADA, email_verified: false } } } });

  test("opens nothing, wherever the provider tells it", async ({ page, acme }) => {
    await invite(acme, "ada@example.com");
    await page.goto(`${acme.url}/connect`);
    await signInAtProvider(page, "ada");
    await isTurnedAway(page, "unverified", /does not vouch/);
    expect(await people(acme)).toEqual([]);
  });
});

test.describe("an address in the token itself", () => {
  test.use({ world: { accounts: { ada: ADA }, emailInToken: true } });

  test("is as good as one that is asked for", async ({ page, acme }) => {
    await invite(acme, "ada@example.com");
    await page.goto(`${acme.url}/connect`);
    await signInAtProvider(page, "ada");
    await expect(page).toHaveURL(`${acme.url}/`);
  });
});

test("an account stays somebody's when its address changes, and the address alone is nobody's", async ({ page, acme, identities, browser }) => {
  await invite(acme, "ada@example.com");
  await page.goto(`${acme.url}/connect`);
  await signInAtProvider(page, "ada");
  await expect(page).toHaveURL(`${acme.url}/`);
  identities.change({ accounts: { ada: { ...ADA, email: "lovelace@example.com" }, eve: ADA } });
  await page.context().clearCookies({ name: "pilothouse_session" });
  await page.goto(`${acme.url}/connect`);
  await page.getByRole("link", { name: "Sign in with Acme ID" }).click();
  await expect(page).toHaveURL(`${acme.url}/`);
  expect(await people(acme)).toMatchObject([{ name: "Ada", email: "ada@example.com" }]);

  const another = await browser.newContext();
  await another.route(/fonts\.googleapis\.com/, (route) => route.abort());
  const eve = await another.newPage();
  await eve.goto(`${acme.url}/connect`);
  await signInAtProvider(eve, "eve");
  await isTurnedAway(eve, "address_taken", /another account/);
  await another.close();
});

test("who turns back at the provider is at the page for signing in again", async ({ page, acme }) => {
  await page.goto(`${acme.url}/o/acme`);
  await page.getByRole("link", { name: "Sign in with Acme ID" }).click();
  await page.getByRole("link", { name: "Cancel" }).click();
  await isTurnedAway(page, "cancelled", /turned back/);
  expect(await audit(acme, "session.create")).toEqual([]);
});

test("a way back opens once, and in its own browser alone", async ({ page, context, acme, browser }) => {
  await invite(acme, "ada@example.com");
  const back: string[] = [];
  page.on("request", (request) => {
    if (request.url().includes("/auth/oidc/callback?")) back.push(request.url());
  });
  await page.goto(`${acme.url}/connect`);
  await page.getByRole("link", { name: "Sign in with Acme ID" }).click();
  await expect(page).toHaveURL(/interaction/);
  const kept = await takeFlowCookie(context);
  expect(kept).toHaveLength(1);
  await page.goBack();
  await page.goForward();
  await page.getByPlaceholder("Enter any login").fill("ada");
  await page.getByPlaceholder("and password").fill("whatever");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await isTurnedAway(page, "expired", /began in another browser/);

  const another = await browser.newContext();
  const thief = await another.newPage();
  await thief.goto(back[0]);
  await isTurnedAway(thief, "expired", /began in another browser/);
  await another.close();

  await context.addCookies(kept);
  await page.goto(back[0]);
  await expect(page).toHaveURL(`${acme.url}/`);
  await expect(page.getByRole("heading", { level: 1 })).toBeVisible();

  await context.clearCookies({ name: "pilothouse_session" });
  await context.addCookies(kept);
  await page.goto(back[0]);
  await isTurnedAway(page, "expired", /was used before/);
});

test("a token that was made for another sign-in, or changed on its way, opens nothing", async ({ page, context, acme, identities }) => {
  await invite(acme, "ada@example.com");
  const turnedAway = () => isTurnedAway(page, "provider_failed", /can't be trusted/);

  const nonce = await providerAddress(context, acme);
  nonce.searchParams.set("nonce", "of another sign-in");
  await page.goto(nonce.href);
  await page.getByPlaceholder("Enter any login").fill("ada");
  await page.getByPlaceholder("and password").fill("whatever");
  await page.getByRole("button", { name: "Sign-in" }).click();
  await page.getByRole("button", { name: "Continue" }).click();
  await turnedAway();

  for (const spoil of ["tampered", "unsigned"] as const) {
    identities.change({ spoil });
    await page.goto((await providerAddress(context, acme)).href);
    await turnedAway();
  }
  identities.change({ spoil: undefined, idTokenSeconds: -60 });
  await page.goto((await providerAddress(context, acme)).href);
  await turnedAway();
  identities.change({ idTokenSeconds: undefined });

  const challenge = await providerAddress(context, acme);
  challenge.searchParams.set("code_challenge", "A".repeat(43));
  await page.goto(challenge.href);
  await turnedAway();

  const client = await providerAddress(context, acme);
  client.searchParams.set("client_id", "another");
  await page.goto(client.href);
  await page.getByRole("button", { name: "Continue" }).click();
  await turnedAway();

  expect(await people(acme)).toEqual([]);
  await page.goto((await providerAddress(context, acme)).href);
  await expect(page).toHaveURL(`${acme.url}/`);
});

test.describe("a domain that needs no invitation", () => {
  const mallory = { email: "mallory@mail.example.com", email_verified: true };
  test.use({
    world: { accounts: { ada: ADA, mallory } },
    settings: ["--oidc-domain", "example.com", "--oidc-org", "acme", "--oidc-role", "member"],
  });

  test("lets its own addresses in, and never who was removed", async ({ page, acme, browser }) => {
    await page.goto(`${acme.url}/connect`);
    await signInAtProvider(page, "ada");
    await expect(page).toHaveURL(`${acme.url}/`);
    const [ada] = await people(acme);
    expect(ada).toMatchObject({ name: "ada@example.com", grants: [{ role: "member", org: "acme" }] });

    await acme.api("DELETE", `/orgs/acme/people/${ada.id}`);
    await page.goto(`${acme.url}/o/acme`);
    await expect(page).toHaveURL(/\/connect/);
    await page.getByRole("link", { name: "Sign in with Acme ID" }).click();
    await isTurnedAway(page, "not_invited", /Nobody has invited/);
    expect((await audit(acme, "session.create"))[0].reason).toMatch(/was removed/);
    await invite(acme, "ada@example.com", "Ada again");
    await page.getByRole("link", { name: "Sign in with Acme ID" }).click();
    await expect(page).toHaveURL(`${acme.url}/o/acme`);
    expect(await people(acme)).toMatchObject([{ name: "Ada again" }]);

    const another = await browser.newContext();
    await another.route(/fonts\.googleapis\.com/, (route) => route.abort());
    const other = await another.newPage();
    await other.goto(`${acme.url}/connect`);
    await signInAtProvider(other, "mallory");
    await isTurnedAway(other, "not_invited", /Nobody has invited/);
    await another.close();
  });
});

base("a provider that is away is named as the reason, and used as soon as it is back", async ({ page, context }) => {
  await context.route(/fonts\.googleapis\.com/, (route) => route.abort());
  const identities = await Identities.start({ accounts: { ada: ADA } });
  const acme = identities.platform;
  try {
    await acme.api("POST", "/orgs/", { name: "Acme" });
    await invite(acme, "ada@example.com");
    await page.goto(`${acme.url}/connect`);
    await page.getByRole("link", { name: "Sign in with Acme ID" }).click();
    await isTurnedAway(page, "provider_unavailable", /does not answer just now/);
    await identities.open();
    // It is left alone for some seconds after it did not answer.
    await expect(async () => {
      await page.goto(`${acme.url}/connect`);
      await page.getByRole("link", { name: "Sign in with Acme ID" }).click();
      await expect(page).toHaveURL(/interaction/, { timeout: 2_000 });
    }).toPass({ timeout: 30_000 });
    await page.goto(`${acme.url}/connect`);
    await signInAtProvider(page, "ada");
    await expect(page).toHaveURL(`${acme.url}/`);
  } finally {
    await identities.remove();
  }
});
