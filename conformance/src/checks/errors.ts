// Checks of SPEC §5: what every refusal has. Each refusal that the document names is provoked, and read.
import { errorDomain, type RateLimit, type ReasonName } from "@userstatus/protocol";
import type { Bench, Check, Refusal, TestSession } from "../check.ts";
import { firstOf, gracesMs, hasOffline, offlineSamples, windowMs } from "./lib/a-profile.ts";
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
import { lostSession, stateOf } from "./lib/a-scenes.ts";

function complete(t: Bench, refusal: Refusal, reason: ReasonName, what: string): void {
  t.equal(refusal.domain, errorDomain, `Domain of the ErrorInfo of ${what}`);
  t.equal(refusal.reason, reason, `Reason in the ErrorInfo of ${what}`);
}

async function allComplete(t: Bench, calls: readonly RefusedCall[]): Promise<void> {
  const session = await t.session();
  for (const { reason, what, call } of inProfile(calls, t.profile)) {
    complete(t, await t.refused(call(t, session), reason, what), reason, what);
  }
  t.equal(await stateOf(t, session), "success", "A good call of the same session");
}

async function userErrors(
  t: Bench,
  session: TestSession,
): Promise<{ what: string; got: string | undefined; expected: ReasonName }[]> {
  const self = session.user.id;
  const errors: { what: string; got: string | undefined; expected: ReasonName }[] = [];
  const [own] = await session.subscribe([self]);
  const ownReason = own?.result.case === "error" ? own.result.value.reason : undefined;
  errors.push({ what: "Subscribe to oneself", got: ownReason, expected: "SELF_NOT_ALLOWED" });
  if (!t.claims.has("user_registry")) return errors;
  const unknown = t.unregisteredId();
  const [query] = await (await t.session()).query([unknown]);
  const queryReason = query?.result.case === "error" ? query.result.value.reason : undefined;
  errors.push({ what: "QueryStatuses of nobody registered", got: queryReason, expected: "USER_NOT_FOUND" });
  const [row] = await (await t.session()).subscribe([unknown]);
  const rowReason = row?.result.case === "error" ? row.result.value.reason : undefined;
  errors.push({ what: "Subscribe to nobody registered", got: rowReason, expected: "USER_NOT_FOUND" });
  const { failures } = await session.unsubscribe([unknown]);
  errors.push({
    what: "Unsubscribe of nobody registered",
    got: failures[0]?.error?.reason,
    expected: "USER_NOT_FOUND",
  });
  return errors;
}

async function refusedWithRetryInfo(t: Bench, limit: RateLimit): Promise<void> {
  const [target, session] = [await t.user(), await t.session()];
  const call = ratedCall(t, session, limit.procedure, target.id);
  const what = `${limit.procedure} beyond its rate`;
  const { retryAfterMs } = await t.refused((await useUp(t, call, limit)).call, "RATE_LIMITED", what);
  t.ok(retryAfterMs !== undefined, `${what} has a RetryInfo with a delay`, retryAfterMs);
  t.ok(retryAfterMs > 0, `The delay of ${what} is above zero`, retryAfterMs);
  const boundMs = windowMs(limit);
  t.ok(retryAfterMs <= boundMs, `The delay of ${what} is at most the window of ${boundMs} ms`, retryAfterMs);
}

export const errorChecks: readonly Check[] = [
  {
    id: "error-info/arguments",
    title: "Refusals of bad requests carry ErrorInfo with the domain and the reason, over every wire protocol",
    everyTransport: true,
    run: (t: Bench) => allComplete(t, argumentRefusals),
  },
  {
    id: "error-info/identity",
    title: "Refusals of callers carry ErrorInfo with the domain and the reason, over every wire protocol",
    everyTransport: true,
    run: (t: Bench) => allComplete(t, identityRefusals),
  },
  {
    id: "error-info/sessions",
    title: "SESSION_ENDED and NO_OPEN_WATCH carry ErrorInfo, and SESSION_ENDED the end_reason",
    run: async (t: Bench) => {
      const session = await t.session();
      const quiet = await t.refused(session.raw.sync("marker"), "NO_OPEN_WATCH", "Sync without a Watch");
      complete(t, quiet, "NO_OPEN_WATCH", "Sync without a Watch");
      await session.logout();
      const over = await t.refused(session.raw.list(), "SESSION_ENDED", "ListSubscriptions after Logout");
      complete(t, over, "SESSION_ENDED", "ListSubscriptions after Logout");
      t.equal(over.endReason, "LOGGED_OUT", "end_reason of ListSubscriptions after Logout");
    },
  },
  {
    id: "error-info/lost",
    title: "SESSION_LOST carries ErrorInfo",
    applies: hasOffline,
    timeMs: (profile) => gracesMs(profile, offlineSamples(profile).slice(0, 1)),
    run: async (t: Bench) => {
      const platform = firstOf(offlineSamples(t.profile));
      const { session } = await lostSession(t, await t.user(), platform);
      const refusal = await t.refused(session.raw.list(), "SESSION_LOST", "ListSubscriptions with a lost session");
      complete(t, refusal, "SESSION_LOST", "ListSubscriptions with a lost session");
    },
  },
  {
    id: "error-info/rate",
    title: "RATE_LIMITED carries ErrorInfo",
    applies: hasRate,
    run: async (t: Bench) => {
      const target = await t.user();
      for (const limit of usableRates(t.profile)) {
        const session = await t.session();
        const refused = await useUp(t, ratedCall(t, session, limit.procedure, target.id), limit);
        const refusal = await t.refused(refused.call, "RATE_LIMITED", `${limit.procedure} beyond its rate`);
        complete(t, refusal, "RATE_LIMITED", `${limit.procedure} beyond its rate`);
      }
    },
  },
  {
    id: "error-info/users-of-a-batch",
    title: "The failure of one user of a batch is a UserError with the reason, and the call succeeds",
    run: async (t: Bench) => {
      const session = await t.session();
      for (const { what, got, expected } of await userErrors(t, session))
        t.equal(got, expected, `Reason of the UserError of ${what}`);
    },
  },
  {
    id: "error-retry-info/rates",
    title: "RATE_LIMITED comes with a RetryInfo above zero and at most the window, for each rate",
    applies: hasRate,
    run: async (t: Bench) => {
      for (const limit of usableRates(t.profile)) await refusedWithRetryInfo(t, limit);
    },
  },
  {
    id: "error-retry-info/every-transport",
    title: "RATE_LIMITED comes with a RetryInfo above zero and at most the window, over each transport",
    applies: hasRate,
    everyTransport: true,
    run: async (t: Bench) => {
      // The one that is soonest used up: what differs between transports is how details travel.
      const [limit] = usableRates(t.profile).toSorted((left, right) => left.maxCalls - right.maxCalls);
      if (limit) await refusedWithRetryInfo(t, limit);
    },
  },
];
