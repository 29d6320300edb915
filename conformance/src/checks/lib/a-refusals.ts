// The refusals that this protocol names, each with a call that is refused for it alone. For checks of what every refusal has.
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { Platform, type Profile, type RateLimit, type ReasonName } from "@userstatus/protocol";
import type { Bench, TestSession } from "../../check.ts";
import { type NamedCall, openAndDrop, plainCalls } from "./a-calls.ts";
import { rowTtlMs, windowMs } from "./a-profile.ts";

/** A call that is refused. */
export interface RefusedCall {
  readonly reason: ReasonName;
  readonly what: string;
  /** Whether the profile has it; always, if absent. */
  readonly applies?: (profile: Profile) => boolean;
  /** Makes the call, as a user with this live session. */
  readonly call: (t: Bench, session: TestSession) => Promise<unknown>;
}

function many(count: number): string[] {
  return Array.from({ length: count }, (_, index) => `many-${index}`);
}

function longText(profile: Profile): string {
  return "x".repeat((profile.customStatus?.maxBytes ?? 0) + 1);
}

function newDevice(t: Bench): string {
  return `device-${t.random.text(12)}`;
}

const customTtl = (profile: Profile): boolean => profile.customStatus?.callerTtl === true;
const rowTtl = (profile: Profile): boolean => profile.subscription?.callerTtl === true;
const other = "somebody-else";

/** A little more than the greatest ttl. */
function beyond(rules: Profile["customStatus"] | Profile["subscription"]): number {
  return (rules?.maxTtl ? durationMs(rules.maxTtl) : 0) + 1000;
}

/** Refusals for what a request says. None changes anything, and none needs time. */
export const argumentRefusals: readonly RefusedCall[] = [
  {
    reason: "INVALID_FIELD",
    what: "Login with an empty device id",
    call: (_, { user }) =>
      user.client().login({ deviceId: "", platform: Platform.ANDROID, customStatus: { text: "x" } }),
  },
  {
    reason: "INVALID_FIELD",
    what: "Login without a platform",
    call: (t, { user }) => user.client().login({ deviceId: newDevice(t), customStatus: { text: "x" } }),
  },
  {
    reason: "INVALID_FIELD",
    what: "ListSubscriptions with a negative page size",
    call: (_, { raw }) => raw.list({ pageSize: -1 }),
  },
  {
    // Of another user: without an open Watch a second reason applies, and this session's own Watch must stay as it is.
    reason: "INVALID_FIELD",
    what: "Sync with an empty marker",
    call: async (t) => (await t.watcher()).session.raw.sync(""),
  },
  { reason: "INVALID_USER_ID", what: "QueryStatuses of a bad id", call: (_, { raw }) => raw.query(["not an id"]) },
  { reason: "INVALID_USER_ID", what: "Subscribe to a bad id", call: (_, { raw }) => raw.subscribe(["not an id"]) },
  { reason: "INVALID_USER_ID", what: "Unsubscribe of a bad id", call: (_, { raw }) => raw.unsubscribe(["not an id"]) },
  {
    reason: "INVALID_USER_ID",
    what: "ListSubscriptions of a bad id",
    call: (_, { raw }) => raw.list({ userIds: ["not an id"] }),
  },
  {
    reason: "BATCH_TOO_LARGE",
    what: "QueryStatuses of too many",
    call: (t, { raw }) => raw.query(many((t.profile.query?.batchMax ?? 0) + 1)),
  },
  {
    reason: "BATCH_TOO_LARGE",
    what: "Subscribe to too many",
    call: (t, { raw }) => raw.subscribe(many((t.profile.subscription?.subscribeBatchMax ?? 0) + 1)),
  },
  {
    reason: "BATCH_TOO_LARGE",
    what: "Unsubscribe of too many",
    call: (t, { raw }) => raw.unsubscribe(many((t.profile.subscription?.unsubscribeBatchMax ?? 0) + 1)),
  },
  { reason: "BATCH_EMPTY", what: "QueryStatuses of nobody", call: (_, { raw }) => raw.query([]) },
  { reason: "BATCH_EMPTY", what: "Subscribe to nobody", call: (_, { raw }) => raw.subscribe([]) },
  {
    reason: "BATCH_EMPTY",
    what: "Unsubscribe of nobody",
    applies: (profile) => profile.subscription?.emptyUnsubscribeMeansAll !== true,
    call: (_, { raw }) => raw.unsubscribe([]),
  },
  {
    reason: "CUSTOM_STATUS_TOO_LONG",
    what: "SetCustomStatus of too long a text",
    call: (t, { raw }) => raw.set({ text: longText(t.profile) }),
  },
  {
    reason: "CUSTOM_STATUS_TOO_LONG",
    what: "Login with too long a text",
    call: (t, { user, platform }) =>
      user.client().login({ deviceId: newDevice(t), platform, customStatus: { text: longText(t.profile) } }),
  },
  {
    reason: "TTL_OUT_OF_RANGE",
    what: "SetCustomStatus with too long a ttl",
    applies: customTtl,
    call: (t, { raw }) => raw.set({ text: "x", ttlMs: beyond(t.profile.customStatus) }),
  },
  {
    reason: "TTL_OUT_OF_RANGE",
    what: "Subscribe with too long a ttl",
    applies: rowTtl,
    call: (t, { raw }) => raw.subscribe([other], beyond(t.profile.subscription)),
  },
  {
    reason: "TTL_NOT_SUPPORTED",
    what: "SetCustomStatus with a ttl",
    applies: (profile) => !customTtl(profile),
    call: (_, { raw }) => raw.set({ text: "x", ttlMs: 60_000 }),
  },
  {
    reason: "TTL_NOT_SUPPORTED",
    what: "Subscribe with a ttl",
    applies: (profile) => !rowTtl(profile),
    call: (_, { user, id }) =>
      user.client().subscribe({ sessionId: id, userIds: [other], ttl: durationFromMs(60_000) }),
  },
  {
    reason: "MALFORMED_CURSOR",
    what: "Watch with a cursor of nobody",
    call: (_, { user, id }) =>
      openAndDrop(user.client(), { sessionId: id, cursor: new TextEncoder().encode("a cursor of nobody") }),
  },
  {
    reason: "MALFORMED_PAGE_TOKEN",
    what: "ListSubscriptions with a page token of nobody",
    call: (_, { raw }) => raw.list({ pageToken: "a page token of nobody" }),
  },
];

/** Refusals for who calls. */
export const identityRefusals: readonly RefusedCall[] = [
  {
    reason: "TOKEN_MISSING",
    what: "QueryStatuses without a token",
    call: (_, { user, id }) => user.client({ token: null }).queryStatuses({ sessionId: id, userIds: [other] }),
  },
  {
    reason: "TOKEN_INVALID",
    what: "QueryStatuses with an unreadable token",
    call: (_, { user, id }) =>
      user.client({ token: "no.such.token.as-this" }).queryStatuses({ sessionId: id, userIds: [other] }),
  },
  {
    reason: "SESSION_NOT_FOUND",
    what: "QueryStatuses with an unknown session",
    call: (_, { user }) => user.client().queryStatuses({ sessionId: "never-given", userIds: [other] }),
  },
  {
    reason: "SESSION_NOT_FOUND",
    what: "Subscribe with an unknown session",
    call: (t, { user }) => {
      const ttlMs = rowTtlMs(t.profile);
      const ttl = ttlMs === undefined ? {} : { ttl: durationFromMs(ttlMs) };
      return user.client().subscribe({ sessionId: "never-given", userIds: [other], ...ttl });
    },
  },
  {
    reason: "SESSION_NOT_FOUND",
    what: "SetCustomStatus with an unknown session",
    call: (_, { user }) => user.client().setCustomStatus({ sessionId: "never-given", customStatus: { text: "x" } }),
  },
  {
    reason: "SESSION_NOT_FOUND",
    what: "Watch with an unknown session",
    call: (_, { user }) => openAndDrop(user.client(), { sessionId: "never-given" }),
  },
  {
    reason: "SESSION_NOT_FOUND",
    what: "Logout with an unknown session",
    call: (_, { user }) => user.client().logout({ sessionId: "never-given" }),
  },
];

/** Those of a list that this profile has. */
export function inProfile(calls: readonly RefusedCall[], profile: Profile): readonly RefusedCall[] {
  return calls.filter(({ applies }) => applies?.(profile) ?? true);
}

/** Rates with more calls than this are not used up. */
const usedUpMax = 500;

/** The rates that a check can use up, each with a call that counts. */
export function usableRates(profile: Profile): readonly RateLimit[] {
  const names = ["SetCustomStatus", "QueryStatuses", "Subscribe", "Unsubscribe", "ListSubscriptions"];
  return profile.rateLimits.filter(
    (limit) => names.includes(limit.procedure) && limit.maxCalls <= usedUpMax && windowMs(limit) > 0,
  );
}

/** `applies` of checks that use up a rate. */
export function hasRate(profile: Profile): true | string {
  return usableRates(profile).length > 0 || `no rate of at most ${usedUpMax} calls`;
}

/** A call of a limited procedure that counts: it names somebody else. */
export function ratedCall(t: Bench, session: TestSession, procedure: string, targetId: string): () => Promise<unknown> {
  const options = { client: session.user.client(), sessionId: session.id, targetId, profile: t.profile };
  const call = plainCalls(options).find(({ name }: NamedCall) => name === procedure);
  if (!call) throw new Error(`no call of ${procedure} is known`);
  return call.call;
}

/** Rounds in which a rate is tried to be used up, where time runs. */
const roundsMax = 3;

/** Calls until one is refused; in the `call` of the answer is that one, or the last that was admitted. */
export async function useUp(
  t: Bench,
  call: () => Promise<unknown>,
  limit: RateLimit,
): Promise<{ readonly call: Promise<unknown> }> {
  // Within less than a window, fixed windows and token buckets admit up to twice as many, and no more.
  const most = 2 * limit.maxCalls + 1;
  if (t.time.tier === "virtual") {
    for (let made = 1; ; made++) {
      const last = call();
      if ((await isRefused(last)) || made >= most) return { call: last };
    }
  }
  for (let round = 1; ; round++) {
    const until = (await t.time.now()) + windowMs(limit);
    const calls = Array.from({ length: most }, call);
    const outcomes = await Promise.all(calls.map(isRefused));
    const refused = calls[outcomes.indexOf(true)];
    if (refused) return { call: refused };
    if ((await t.time.now()) < until) return { call: calls.at(-1) ?? call() };
    // Too slow to make them all within a window: after some rounds that is told, and nothing decided.
    if (round === roundsMax) await t.time.justBefore(until);
  }
}

async function isRefused(call: Promise<unknown>): Promise<boolean> {
  return call.then(
    () => false,
    () => true,
  );
}

/** Where time runs, a sign of life before every tenth of many calls: scaled leases are short. */
export async function stayAlive(t: Bench, session: TestSession, made: number): Promise<void> {
  if (t.time.tier !== "virtual" && made % 10 === 0) await session.heartbeat();
}
