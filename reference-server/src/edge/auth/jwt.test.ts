import { generateKeyPairSync } from "node:crypto";
import { SignJWT, UnsecuredJWT } from "jose";
import { describe, expect, test } from "vitest";
import { createJwtAuthenticator, type JwtAuthenticatorOptions } from "./jwt.ts";
import { keySet, publicKey, secretKey } from "./keys.ts";

const nowMs = 1_800_000_000_500;
const nowS = 1_800_000_000;
const secret = "0123456789abcdef0123456789abcdef";
const rsa = generateKeyPairSync("rsa", { modulusLength: 2_048 });
const ec = generateKeyPairSync("ec", { namedCurve: "P-256" });
const ec2 = generateKeyPairSync("ec", { namedCurve: "P-256" });
const pem = (key: typeof rsa.publicKey): string => key.export({ type: "spki", format: "pem" }).toString();

const alice = { app: "demo", sub: "alice", exp: nowS + 60 };
const aliceVerdict = { identity: { appId: "demo", role: "user", userId: "alice", expiresAtMs: (nowS + 60) * 1_000 } };
const invalid = { refused: { reason: "TOKEN_INVALID" } };
const expired = { refused: { reason: "TOKEN_EXPIRED" } };

type SigningKey = Parameters<SignJWT["sign"]>[0];

function mint(claims: Record<string, unknown>, alg = "HS256", key: SigningKey = Buffer.from(secret), kid?: string) {
  return new SignJWT(claims).setProtectedHeader({ alg, ...(kid === undefined ? {} : { kid }) }).sign(key);
}

async function judge(token: string, options: Partial<JwtAuthenticatorOptions> = {}) {
  return createJwtAuthenticator({ key: secretKey(secret), ...options }).authenticate(token, nowMs);
}

describe("claims", () => {
  test("app and sub name the user, exp the expiry", async () => {
    expect(await judge(await mint(alice))).toEqual(aliceVerdict);
    const forever = await judge(await mint({ app: "demo", sub: "alice" }));
    expect(forever).toMatchObject({ identity: { expiresAtMs: null } });
  });

  test("role admin takes the place of sub", async () => {
    const verdict = await judge(await mint({ app: "demo", role: "admin" }));
    expect(verdict).toEqual({ identity: { appId: "demo", role: "admin", userId: "", expiresAtMs: null } });
    expect(await judge(await mint({ app: "demo", role: "editor" }))).toMatchObject(invalid);
  });

  test("exp is exact to the millisecond and has no tolerance", async () => {
    expect(await judge(await mint({ ...alice, exp: nowS }))).toMatchObject(expired);
    expect(await judge(await mint({ ...alice, exp: nowS + 0.5 }))).toMatchObject(expired);
    expect(await judge(await mint({ ...alice, exp: nowS + 0.501 }))).toMatchObject({ identity: { userId: "alice" } });
    expect(await judge(await mint({ ...alice, nbf: nowS + 10 }))).toMatchObject(invalid);
  });

  test("the app may be fixed by the server", async () => {
    const token = await mint({ sub: "alice" });
    expect(await judge(token)).toMatchObject(invalid);
    expect(await judge(token, { defaultAppId: "only" })).toMatchObject({ identity: { appId: "only" } });
    expect(await judge(await mint(alice), { defaultAppId: "only" })).toEqual(aliceVerdict);
  });

  test("issuer and audience are compared where asked for", async () => {
    const options = { issuer: "https://id.example", audience: "presence" };
    const good = { ...alice, iss: options.issuer, aud: ["x", "presence"] };
    expect(await judge(await mint(good), options)).toEqual(aliceVerdict);
    expect(await judge(await mint({ ...good, iss: "other" }), options)).toMatchObject(invalid);
    expect(await judge(await mint({ ...good, aud: "other" }), options)).toMatchObject(invalid);
    expect(await judge(await mint(alice), options)).toMatchObject(invalid);
  });

  test.each([
    { sub: "alice" },
    { app: "de.mo", sub: "alice" },
    { app: 7, sub: "alice" },
    { app: "demo" },
    { app: "demo", sub: "a b" },
  ])("%j names no app or user", async (claims) => {
    expect(await judge(await mint(claims))).toMatchObject(invalid);
  });
});

describe("keys", () => {
  test("another secret, another algorithm and no algorithm are refused", async () => {
    expect(await judge(await mint(alice, "HS256", Buffer.alloc(32)))).toMatchObject(invalid);
    expect(await judge(await mint(alice, "HS512", Buffer.alloc(64)))).toMatchObject(invalid);
    expect(await judge(new UnsecuredJWT(alice).encode())).toMatchObject(invalid);
    for (const garbage of ["", "x", "a.b.c", `${await mint(alice)}x`])
      expect(await judge(garbage)).toMatchObject(invalid);
  });

  test("RS256 and ES256 by a public key, and nothing else with it", async () => {
    const byRsa = { key: publicKey(pem(rsa.publicKey)) };
    expect(await judge(await mint(alice, "RS256", rsa.privateKey), byRsa)).toEqual(aliceVerdict);
    const byEc = { key: publicKey(pem(ec.publicKey)) };
    expect(await judge(await mint(alice, "ES256", ec.privateKey), byEc)).toEqual(aliceVerdict);
    expect(await judge(await mint(alice, "ES256", ec2.privateKey), byEc)).toMatchObject(invalid);
    // The well-known confusion: the public key taken for a shared secret.
    const confused = await mint(alice, "HS256", Buffer.from(pem(rsa.publicKey)));
    expect(await judge(confused, byRsa)).toMatchObject(invalid);
  });

  test("a key set is searched by key id, or by trying", async () => {
    const jwk = (key: typeof ec.publicKey, kid: string) => ({ ...key.export({ format: "jwk" }), kid });
    const keys = [jwk(ec2.publicKey, "old"), jwk(ec.publicKey, "new"), jwk(rsa.publicKey, "rsa")];
    const options = { key: keySet(JSON.stringify({ keys })) };
    expect(await judge(await mint(alice, "ES256", ec.privateKey, "new"), options)).toEqual(aliceVerdict);
    expect(await judge(await mint(alice, "RS256", rsa.privateKey, "rsa"), options)).toEqual(aliceVerdict);
    expect(await judge(await mint(alice, "ES256", ec.privateKey), options)).toEqual(aliceVerdict);
    expect(await judge(await mint(alice, "ES256", ec.privateKey, "old"), options)).toMatchObject(invalid);
    expect(await judge(await mint(alice, "ES256", ec.privateKey, "lost"), options)).toMatchObject(invalid);
    const stranger = generateKeyPairSync("ec", { namedCurve: "P-256" });
    expect(await judge(await mint(alice, "ES256", stranger.privateKey), options)).toMatchObject(invalid);
  });

  test("keys of no use are refused at the start", () => {
    expect(() => secretKey("short")).toThrow("at least 32 bytes, got 5");
    expect(() => publicKey("hello")).toThrow("Expected a public key in PEM");
    expect(() => publicKey(ec.privateKey.export({ type: "pkcs8", format: "pem" }).toString())).toThrow(
      "got a private one",
    );
    const weak = generateKeyPairSync("rsa", { modulusLength: 1_024 });
    expect(() => publicKey(pem(weak.publicKey))).toThrow("at least 2048 bits");
    expect(() => keySet("{}")).toThrow('at least one entry in "keys"');
    expect(() => keySet("no json")).toThrow("no JSON");
    expect(() => keySet(JSON.stringify({ keys: [{ kty: "oct", k: "AAAA" }] }))).toThrow("got a secret at keys[0]");
    expect(() => keySet(JSON.stringify({ keys: [{ kty: "EC", crv: "P-256", x: "AA", y: "AA" }] }))).toThrow("keys[0]");
  });
});

test("a remembered token still expires", async () => {
  const authenticator = createJwtAuthenticator({ key: secretKey(secret) });
  const token = await mint(alice);
  expect(await authenticator.authenticate(token, nowMs)).toEqual(aliceVerdict);
  expect(await authenticator.authenticate(token, alice.exp * 1_000 - 1)).toEqual(aliceVerdict);
  expect(await authenticator.authenticate(token, alice.exp * 1_000)).toMatchObject(expired);
});
