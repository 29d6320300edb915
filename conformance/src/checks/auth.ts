// Checks of SPEC §3, identity: calls without a token, with a bad one, with one that has run out, and with two faults at once.
import { Platform, userIdMaxBytes } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { openAndDrop, tokenCalls } from "./lib/a-calls.ts";
import { stateOf } from "./lib/a-scenes.ts";

/** A day, so that a server whose clock is wrong by hours sees it as past all the same. */
const longPastMs = -86_400_000;

interface Scene {
  readonly session: TestSession;
  readonly targetId: string;
}

async function scene(t: Bench): Promise<Scene> {
  const [session, target] = [await t.session(), await t.user()];
  return { session, targetId: target.id };
}

/** Every call, by its own user, is refused for its token; with the good one the session is as it was. */
async function everyCallRefused(
  t: Bench,
  { session, targetId }: Scene,
  token: string | null,
  reason: "TOKEN_MISSING" | "TOKEN_INVALID" | "TOKEN_EXPIRED",
  what: string,
): Promise<void> {
  const client = session.user.client({ token });
  const calls = tokenCalls({ client, sessionId: session.id, targetId, profile: t.profile });
  for (const { name, call } of calls) await t.refused(call(), reason, `${name} ${what}`);
  t.equal(await stateOf(t, session), "success", "A call of the same session with a good token");
}

function base64url(value: unknown): string {
  return Buffer.from(JSON.stringify(value)).toString("base64url");
}

/** A JWT with these claims and a signature of nobody. */
function forgedToken(algorithm: string, claims: unknown, signature: string): string {
  return `${base64url({ alg: algorithm, typ: "JWT" })}.${base64url(claims)}.${signature}`;
}

/** The claims of a good token, if it is a JWT; else claims as they are usual. */
function claimsOf(token: string, userId: string): Record<string, unknown> {
  const payload = token.split(".")[1];
  try {
    if (payload !== undefined) return JSON.parse(Buffer.from(payload, "base64url").toString("utf8"));
  } catch {
    // Not a JWT: what is in a token is between the server and its issuer.
  }
  return { app: "some-app", sub: userId, exp: Math.floor(Date.now() / 1000) + 172_800 };
}

/** A signed token with a claim changed and the signature kept; undefined where the good one is not signed in the usual way. */
function alteredToken(token: string, change: Record<string, unknown>): string | undefined {
  const [header, payload, signature, ...rest] = token.split(".");
  if (!header || !payload || !signature || rest.length > 0) return undefined;
  return `${header}.${base64url({ ...claimsOf(token, ""), ...change })}.${signature}`;
}

/** Calls that have a fault beside that of their token. */
function faultyCalls(
  t: Bench,
  { session, targetId }: Scene,
  token: string | null,
): readonly [string, Promise<unknown>][] {
  const client = session.user.client({ token });
  const sessionId = session.id;
  const tooMany = Array.from({ length: (t.profile.query?.batchMax ?? 0) + 1 }, () => targetId);
  const tooLong = "x".repeat((t.profile.customStatus?.maxBytes ?? 0) + 1);
  const cursor = new TextEncoder().encode("no cursor");
  return [
    ["Login without a platform", client.login({ deviceId: "d", platform: Platform.UNSPECIFIED })],
    ["Login with a bad device id", client.login({ deviceId: "", platform: Platform.ANDROID })],
    ["QueryStatuses with an unknown session", client.queryStatuses({ sessionId: "never-given", userIds: [targetId] })],
    ["QueryStatuses with a bad user id", client.queryStatuses({ sessionId, userIds: ["not an id"] })],
    ["QueryStatuses with too many ids", client.queryStatuses({ sessionId, userIds: tooMany })],
    ["Subscribe with an empty list", client.subscribe({ sessionId })],
    ["SetCustomStatus with too long a text", client.setCustomStatus({ sessionId, customStatus: { text: tooLong } })],
    ["ListSubscriptions with a bad page token", client.listSubscriptions({ sessionId, pageToken: "never-given" })],
    ["Heartbeat with an unknown session", client.heartbeat({ sessionId: "never-given" })],
    ["Logout with an unknown session", client.logout({ sessionId: "never-given" })],
    ["Sync without a Watch", client.sync({ sessionId, marker: "" })],
    ["Watch with a bad cursor", openAndDrop(client, { sessionId, cursor })],
  ];
}

async function faultsRefused(
  t: Bench,
  calls: readonly [string, Promise<unknown>][],
  reason: "TOKEN_MISSING" | "TOKEN_INVALID" | "TOKEN_EXPIRED",
  what: string,
): Promise<void> {
  // All are under way at once: a rejection must not be unhandled until its turn comes.
  await Promise.allSettled(calls.map(([, call]) => call));
  for (const [name, call] of calls) await t.refused(call, reason, `${name} and ${what}`);
}

export const authChecks: readonly Check[] = [
  {
    id: "auth-missing/every-call",
    title: "Every call but GetServerInfo is refused without a token",
    everyTransport: true,
    run: async (t: Bench) => {
      const place = await scene(t);
      await everyCallRefused(t, place, null, "TOKEN_MISSING", "without a token");
      const info = await place.session.user.client({ token: null }).getServerInfo({});
      t.ok(info.profile !== undefined, "GetServerInfo without a token is answered with a profile");
    },
  },
  {
    id: "auth-invalid/server-info",
    title: "GetServerInfo, which needs no token, is refused with a bad one",
    run: async (t: Bench) => {
      const user = await t.user();
      const bad = user.client({ token: "no.such.token.as-this" }).getServerInfo({});
      await t.refused(bad, "TOKEN_INVALID", "GetServerInfo with a token that can't be read");
      const good = await user.client().getServerInfo({});
      t.equal(good.profile?.name, t.profile.name, "Name of the profile in GetServerInfo with a good token");
    },
  },
  {
    id: "auth-invalid/unreadable",
    title: "Every call is refused with a token that can't be read",
    run: async (t: Bench) => {
      const place = await scene(t);
      await everyCallRefused(t, place, "no.such.token.as-this", "TOKEN_INVALID", "with a token that can't be read");
    },
  },
  {
    id: "auth-invalid/forged",
    title: "Tokens signed by nobody, or with claims changed after signing, are refused",
    run: async (t: Bench) => {
      const { session } = await scene(t);
      const { user } = session;
      const good = await user.token();
      const claims = claimsOf(good, user.id);
      const foreign = Buffer.alloc(32, 7).toString("base64url");
      const later = Math.floor(Date.now() / 1000) + 1_000_000;
      const forged: Record<string, string | undefined> = {
        "signed with another key": forgedToken("HS256", claims, foreign),
        "without a signature": forgedToken("none", claims, ""),
        "with another user put in": alteredToken(good, { sub: `${user.id}x` }),
        "with a later expiry put in": alteredToken(good, { exp: later }),
      };
      for (const [what, token] of Object.entries(forged)) {
        if (token === undefined) continue;
        const client = user.client({ token });
        await t.refused(client.heartbeat({ sessionId: session.id }), "TOKEN_INVALID", `Heartbeat with a token ${what}`);
        const login = client.login({ deviceId: "forger", platform: session.platform });
        await t.refused(login, "TOKEN_INVALID", `Login with a token ${what}`);
      }
      t.equal(await stateOf(t, session), "success", "A call of the same session with a good token");
    },
  },
  {
    id: "auth-invalid/names-no-user",
    title:
      "A token that names a user with an id that is none is refused, and one that names him with a good id is taken",
    tools: ["short-tokens"],
    run: async (t: Bench) => {
      const user = await t.user();
      for (const id of ["z".repeat(userIdMaxBytes + 1), "a/b", "a*b"]) {
        const client = user.client({ token: await t.tokenNaming(id) });
        const login = client.login({ deviceId: "nobodys", platform: Platform.ANDROID });
        await t.refused(login, "TOKEN_INVALID", `Login with a token that names ${id}`);
        await t.refused(client.getServerInfo({}), "TOKEN_INVALID", `GetServerInfo with a token that names ${id}`);
      }
      await user.login({ token: await t.tokenNaming(user.id) });
    },
  },
  {
    id: "auth-expired/every-call",
    title: "Every call is refused with a token that has run out",
    tools: ["short-tokens"],
    run: async (t: Bench) => {
      const place = await scene(t);
      const expired = await place.session.user.token({ expiresInMs: longPastMs });
      await everyCallRefused(t, place, expired, "TOKEN_EXPIRED", "with a token that has run out");
    },
  },
  {
    id: "auth-first/missing",
    title: "Without a token it is the missing token that is told, whatever else is wrong",
    run: async (t: Bench) => {
      const place = await scene(t);
      await faultsRefused(t, faultyCalls(t, place, null), "TOKEN_MISSING", "no token");
      t.equal(await stateOf(t, place.session), "success", "A call of the same session with a good token");
    },
  },
  {
    id: "auth-first/invalid",
    title: "With an unreadable token it is the token that is told, whatever else is wrong",
    run: async (t: Bench) => {
      const place = await scene(t);
      await faultsRefused(t, faultyCalls(t, place, "no.such.token.as-this"), "TOKEN_INVALID", "an unreadable token");
      t.equal(await stateOf(t, place.session), "success", "A call of the same session with a good token");
    },
  },
  {
    id: "auth-first/expired",
    title: "With a token that has run out it is the token that is told, whatever else is wrong",
    tools: ["short-tokens"],
    run: async (t: Bench) => {
      const place = await scene(t);
      const expired = await place.session.user.token({ expiresInMs: longPastMs });
      await faultsRefused(t, faultyCalls(t, place, expired), "TOKEN_EXPIRED", "a token that has run out");
      t.equal(await stateOf(t, place.session), "success", "A call of the same session with a good token");
    },
  },
];
