// Checks of SPEC §5, error-vendor-code: the vendor's own number in every refusal for whose reason the profile has one.
import { Gate, type Profile, type ReasonName } from "@userstatus/protocol";
import type { Bench, Check, Refusal } from "../check.ts";
import { plainCalls } from "./lib/a-calls.ts";
import { firstOf, gracesMs, hasOffline, offlineSamples } from "./lib/a-profile.ts";
import {
  argumentRefusals,
  hasRate,
  identityRefusals,
  inProfile,
  type RefusedCall,
  ratedCall,
  usableRates,
  useUp,
} from "./lib/a-refusals.ts";
import { lostSession } from "./lib/a-scenes.ts";

/** The vendor's number for a reason, as it travels. */
function codeOf(profile: Profile, reason: string): string | undefined {
  const code = profile.vendorNumbers?.codes[reason];
  return code === undefined ? undefined : String(code);
}

/** `applies`: the profile has a number for one of these. */
function hasCode(...reasons: readonly ReasonName[]): (profile: Profile) => true | string {
  return (profile) =>
    reasons.some((reason) => codeOf(profile, reason) !== undefined) ||
    `the profile has no number for ${reasons.join(", ")}`;
}

function both(...conditions: readonly ((profile: Profile) => true | string)[]): (profile: Profile) => true | string {
  return (profile) => conditions.map((condition) => condition(profile)).find((verdict) => verdict !== true) ?? true;
}

function hasNumber(t: Bench, refusal: Refusal, reason: ReasonName, what: string): void {
  const code = codeOf(t.profile, reason);
  if (code !== undefined) t.equal(refusal.metadata.vendor_code, code, `vendor_code of ${reason}: ${what}`);
}

async function allNumbered(t: Bench, calls: readonly RefusedCall[]): Promise<void> {
  const session = await t.session();
  for (const { reason, what, call } of inProfile(calls, t.profile)) {
    if (codeOf(t.profile, reason) === undefined) continue;
    hasNumber(t, await t.refused(call(t, session), reason, what), reason, what);
  }
}

const reasonsOf = (calls: readonly RefusedCall[]): ReasonName[] => calls.map(({ reason }) => reason);

async function gateNumbered(t: Bench, gate: Gate, reason: ReasonName): Promise<void> {
  const [session, target] = [await t.session(), await t.user()];
  await t.admin.features(gate === Gate.PLAN ? { plan: false } : { userStatus: false });
  const gated = t.profile.gates.filter((rule) => rule.gate === gate).flatMap(({ procedures }) => procedures);
  const options = { client: session.user.client(), sessionId: session.id, targetId: target.id, profile: t.profile };
  const calls = plainCalls(options).filter(({ name }) => gated.includes(name));
  t.ok(calls.length > 0, "A call that the gate names is known", gated);
  for (const { name, call } of calls)
    hasNumber(t, await t.refused(call(), reason, `${name} behind the gate`), reason, name);
  await t.admin.features({ plan: true, userStatus: true });
}

function hasGate(gate: Gate): (profile: Profile) => true | string {
  return (profile) => profile.gates.some((rule) => rule.gate === gate) || "the profile has no such gate";
}

export const vendorCodeChecks: readonly Check[] = [
  {
    id: "error-vendor-code/arguments",
    title: "Refusals of bad requests carry the vendor's number",
    applies: hasCode(...reasonsOf(argumentRefusals)),
    run: (t: Bench) => allNumbered(t, argumentRefusals),
  },
  {
    id: "error-vendor-code/identity",
    title: "Refusals of bad tokens and unknown sessions carry the vendor's number",
    applies: hasCode(...reasonsOf(identityRefusals)),
    run: (t: Bench) => allNumbered(t, identityRefusals),
  },
  {
    id: "error-vendor-code/token-expired",
    title: "TOKEN_EXPIRED carries the vendor's number",
    applies: hasCode("TOKEN_EXPIRED"),
    tools: ["short-tokens"],
    run: async (t: Bench) => {
      const session = await t.session();
      const token = await session.user.token({ expiresInMs: -86_400_000 });
      const call = session.user.client({ token }).heartbeat({ sessionId: session.id });
      const refusal = await t.refused(call, "TOKEN_EXPIRED", "Heartbeat with a token that has run out");
      hasNumber(t, refusal, "TOKEN_EXPIRED", "Heartbeat with a token that has run out");
    },
  },
  {
    id: "error-vendor-code/session-ended",
    title: "SESSION_ENDED carries the vendor's number",
    applies: hasCode("SESSION_ENDED"),
    run: async (t: Bench) => {
      const session = await t.session();
      await session.logout();
      const refusal = await t.refused(session.raw.list(), "SESSION_ENDED", "ListSubscriptions after Logout");
      hasNumber(t, refusal, "SESSION_ENDED", "ListSubscriptions after Logout");
      t.equal(refusal.endReason, "LOGGED_OUT", "end_reason beside the vendor's number");
    },
  },
  {
    id: "error-vendor-code/session-lost",
    title: "SESSION_LOST carries the vendor's number",
    applies: both(hasCode("SESSION_LOST"), hasOffline),
    timeMs: (profile) => gracesMs(profile, offlineSamples(profile).slice(0, 1)),
    run: async (t: Bench) => {
      const platform = firstOf(offlineSamples(t.profile));
      const { session } = await lostSession(t, await t.user(), platform);
      const refusal = await t.refused(session.raw.list(), "SESSION_LOST", "ListSubscriptions with a lost session");
      hasNumber(t, refusal, "SESSION_LOST", "ListSubscriptions with a lost session");
    },
  },
  {
    id: "error-vendor-code/rate",
    title: "RATE_LIMITED carries the vendor's number, for each rate",
    applies: both(hasCode("RATE_LIMITED"), hasRate),
    run: async (t: Bench) => {
      const target = await t.user();
      for (const limit of usableRates(t.profile)) {
        const session = await t.session();
        const { call } = await useUp(t, ratedCall(t, session, limit.procedure, target.id), limit);
        const what = `${limit.procedure} beyond its rate`;
        hasNumber(t, await t.refused(call, "RATE_LIMITED", what), "RATE_LIMITED", what);
      }
    },
  },
  {
    id: "error-vendor-code/plan",
    title: "PLAN_REQUIRED carries the vendor's number",
    claims: ["feature_gates"],
    tools: ["admin"],
    wholeApp: true,
    applies: both(hasCode("PLAN_REQUIRED"), hasGate(Gate.PLAN)),
    run: (t: Bench) => gateNumbered(t, Gate.PLAN, "PLAN_REQUIRED"),
  },
  {
    id: "error-vendor-code/switch",
    title: "FEATURE_DISABLED carries the vendor's number",
    claims: ["feature_gates"],
    tools: ["admin"],
    wholeApp: true,
    applies: both(hasCode("FEATURE_DISABLED"), hasGate(Gate.USER_STATUS)),
    run: (t: Bench) => gateNumbered(t, Gate.USER_STATUS, "FEATURE_DISABLED"),
  },
  {
    id: "error-vendor-code/admin",
    title: "Refusals of the admin service carry the vendor's number, and so do the UserErrors of its query",
    claims: ["user_registry"],
    tools: ["admin"],
    applies: hasCode("INVALID_USER_ID", "USER_NOT_FOUND"),
    run: async (t: Bench) => {
      const { client } = t.admin;
      const unknown = t.unregisteredId();
      const bad = "not an id";
      for (const [what, reason, call] of [
        ["RegisterUsers of a bad id", "INVALID_USER_ID", () => client.registerUsers({ userIds: [bad] })],
        ["QueryStatuses of a bad id", "INVALID_USER_ID", () => client.queryStatuses({ userIds: [bad] })],
        ["EndSessions of nobody registered", "USER_NOT_FOUND", () => client.endSessions({ userId: unknown })],
      ] as const)
        hasNumber(t, await t.refused(call(), reason, `${what}, by the admin`), reason, `${what}, by the admin`);
      const [one] = await t.admin.query([unknown]);
      const error = one?.result.case === "error" ? one.result.value : undefined;
      t.equal(error?.reason, "USER_NOT_FOUND", "Reason of the UserError of the admin's QueryStatuses");
      const code = codeOf(t.profile, "USER_NOT_FOUND");
      if (code !== undefined)
        t.equal(error?.metadata.vendor_code, code, "vendor_code of the UserError of the admin's QueryStatuses");
    },
  },
  {
    id: "error-vendor-code/users-of-a-batch",
    title: "The UserError of a user who is not registered carries the vendor's number",
    claims: ["user_registry"],
    applies: hasCode("USER_NOT_FOUND"),
    run: async (t: Bench) => {
      const session = await t.session();
      const unknown = t.unregisteredId();
      const code = codeOf(t.profile, "USER_NOT_FOUND");
      const [query] = await session.query([unknown]);
      const [row] = await session.subscribe([unknown]);
      const { failures } = await session.unsubscribe([unknown]);
      const errors = {
        QueryStatuses: query?.result.case === "error" ? query.result.value : undefined,
        Subscribe: row?.result.case === "error" ? row.result.value : undefined,
        Unsubscribe: failures[0]?.error,
      };
      for (const [name, error] of Object.entries(errors)) {
        t.equal(error?.reason, "USER_NOT_FOUND", `Reason of the UserError of ${name}`);
        t.equal(error?.metadata.vendor_code, code, `vendor_code of the UserError of ${name}`);
      }
    },
  },
];
