import { decodeJwt, jwtVerify } from "jose";
import { expect, test } from "vitest";
import { cached, commandTokens, devTokens, secretTokens } from "./tokens.ts";

const nowMs = 1_700_000_000_500;
const now = () => nowMs;

test("tokens of the development mode", async () => {
  const { token } = devTokens(now);
  expect(await token({ app: "a", user: "u", role: "user" })).toBe("dev:a:u");
  expect(await token({ app: "a", user: "", role: "admin" })).toBe("dev-admin:a");
  expect(await token({ app: "a", user: "u", role: "user", expiresInMs: 2000 })).toBe("dev@1700000003:a:u");
  expect(await token({ app: "a", user: "u", role: "user", expiresInMs: -1000 })).toBe("dev@1699999999:a:u");
});

test("JWT by a shared secret: app, sub and exp, or role", async () => {
  const { token } = secretTokens("a secret that is long enough", now);
  const user = await token({ app: "a", user: "u", role: "user" });
  expect(decodeJwt(user)).toEqual({ app: "a", sub: "u", exp: 1_700_172_801 });
  const admin = await token({ app: "a", user: "", role: "admin", expiresInMs: 60_000 });
  const key = new TextEncoder().encode("a secret that is long enough");
  const { payload, protectedHeader } = await jwtVerify(admin, key, { currentDate: new Date(nowMs) });
  expect(payload).toEqual({ app: "a", role: "admin", exp: 1_700_000_061 });
  expect(protectedHeader.alg).toBe("HS256");
});

test("a command gets app, user, role and seconds, as arguments and in the environment", async () => {
  const { token } = commandTokens(
    'tell() { echo "$1|$2|$3|$4|$USERSTATUS_APP|$USERSTATUS_USER|$USERSTATUS_ROLE|$USERSTATUS_EXPIRES_IN_SECONDS"; }; tell',
  );
  const printed = await token({ app: "a b", user: "u$", role: "user", expiresInMs: 1500 });
  expect(printed).toBe("a b|u$|user|2|a b|u$|user|2");
});

test("a command that fails or prints nothing is told in its own words", async () => {
  await expect(commandTokens("echo no luck >&2; false").token({ app: "a", user: "u", role: "user" })).rejects.toThrow(
    /ended with 1.*no luck/s,
  );
  await expect(commandTokens("true").token({ app: "a", user: "u", role: "user" })).rejects.toThrow("printed nothing");
});

test("the usual token of an identity is made once, others each time", async () => {
  let made = 0;
  const source = cached({ name: "counting", mintsAnything: true, token: async () => `token-${++made}` });
  const ask = (user: string, expiresInMs?: number) =>
    source.token({ app: "a", user, role: "user", ...(expiresInMs === undefined ? {} : { expiresInMs }) });
  expect(await ask("u")).toBe("token-1");
  expect(await ask("u")).toBe("token-1");
  expect(await ask("v")).toBe("token-2");
  expect(await ask("u", 10)).toBe("token-3");
});
