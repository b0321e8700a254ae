// A provider of identities as a process of its own: `node provider.mjs PORT REDIRECT_URI FILE`. Who is
// known there, and how its tokens are spoilt, is read from the file each time.
import { readFileSync } from "node:fs";
import Provider from "oidc-provider";

const [port, redirectUri, file] = process.argv.slice(2);
const world = () => JSON.parse(readFileSync(file, "utf8"));

/** Ways to spoil a token that was signed. */
const spoilt = {
  // Another subject under the same signature.
  tampered([head, body, signature]) {
    const claims = JSON.parse(Buffer.from(body, "base64url").toString());
    return [head, Buffer.from(JSON.stringify({ ...claims, sub: "root" })).toString("base64url"), signature];
  },
  unsigned([, body]) {
    return [Buffer.from(JSON.stringify({ alg: "none" })).toString("base64url"), body, ""];
  },
};

const provider = new Provider(`http://localhost:${port}`, {
  clients: [
    { client_id: "pilothouse", client_secret: "a secret of the client", redirect_uris: [redirectUri] },
    { client_id: "another", client_secret: "a secret of another", redirect_uris: [redirectUri] },
  ],
  pkce: { required: () => true },
  claims: { openid: ["sub"], email: ["email", "email_verified"] },
  conformIdTokenClaims: !world().emailInToken,
  cookies: { keys: ["a key of the tests"] },
  ttl: { IdToken: () => world().idTokenSeconds ?? 600 },
  async findAccount(_, id) {
    const account = world().accounts[id];
    return account && { accountId: account.subject ?? id, claims: async () => ({ sub: account.subject ?? id, ...account }) };
  },
});
provider.use(async (ctx, next) => {
  await next();
  const spoil = spoilt[world().spoil];
  if (spoil && ctx.body?.id_token) ctx.body.id_token = spoil(ctx.body.id_token.split(".")).join(".");
});
provider.listen(Number(port), () => process.stdout.write("ready\n"));
