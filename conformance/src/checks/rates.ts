// Checks of SPEC §16, how many calls: max_calls in a window, one more refused, admitted again after the delay; none where no rule is.
import type { Profile, RateLimit } from "@userstatus/protocol";
import type { Bench, Check, Refusal } from "../check.ts";
import { admitted, call, procedures, rateOutcome } from "./lib/b-calls.ts";
import { rateOf, windowMs } from "./lib/b-pace.ts";
import { exhaust, limited, ruleFor, usual, waitMs, windowOf } from "./lib/b-rates.ts";
import { keepLive } from "./lib/b-sessions.ts";

async function limitHolds(t: Bench, rule: RateLimit): Promise<void> {
  const { session } = await t.watcher();
  const other = await t.user();
  // What came before, such as the Login, is to be counted no more.
  if (!usual.includes(rule.procedure)) await t.time.pass(windowMs(rule) + 1, "all");
  const once = (): Promise<unknown> => call(t, rule.procedure, session, other.id);
  const refusal = await exhaust(t, rule, once);
  if (refusal === undefined) return;
  const delayMs = waitMs(t, rule, refusal);
  t.ok(
    delayMs <= windowMs(rule),
    `${rule.procedure}: the RetryInfo is at most the window of ${windowMs(rule)} ms`,
    delayMs,
  );
  await t.time.pass(delayMs, "all");
  await admitted(t, once(), `${rule.procedure} after the ${delayMs} ms of the RetryInfo`);
}

function limit(procedure: string): Check {
  return {
    id: `rate-limit/${procedure}`,
    title: `Calls ${procedure} max_calls times: admitted; once more: refused, with a RetryInfo; after its delay: admitted`,
    applies: limited(procedure),
    timeMs: windowOf(procedure),
    run: (t: Bench) => limitHolds(t, ruleFor(t, procedure)),
  };
}

const others: Check = {
  id: "rate-limit/other-procedures",
  title: "The same of every further procedure that the profile limits",
  applies: (profile) =>
    profile.rateLimits.some((rule) => !usual.includes(rule.procedure)) || "the profile limits no further procedure",
  timeMs: (profile) =>
    profile.rateLimits.reduce((sum, rule) => sum + (usual.includes(rule.procedure) ? 0 : 2 * windowMs(rule) + 2), 0),
  run: async (t: Bench) => {
    for (const rule of t.profile.rateLimits) {
      if (usual.includes(rule.procedure)) continue;
      await limitHolds(t, rule);
    }
  },
};

function again(procedure: string): Check {
  return {
    id: `rate-limit/${procedure}-next-window`,
    title: `Uses up the rate of ${procedure}, waits a window: max_calls are admitted again, and no more`,
    applies: limited(procedure),
    timeMs: windowOf(procedure),
    run: async (t: Bench) => {
      const rule = ruleFor(t, procedure);
      const { session } = await t.watcher();
      const other = await t.user();
      const once = (): Promise<unknown> => call(t, procedure, session, other.id);
      await exhaust(t, rule, once);
      await t.time.pass(windowMs(rule) + 1, "all");
      await exhaust(t, rule, once);
    },
  };
}

function refusedUncounted(procedure: string): Check {
  return {
    id: `error-no-effect/rate-of-limited-${procedure}`,
    title: `Uses up the rate of ${procedure} and calls on half-way through the delay: what is refused does not count, and after it a call is admitted`,
    applies: limited(procedure),
    timeMs: (profile) => 2 * windowOf(procedure)(profile),
    run: async (t: Bench) => {
      const rule = ruleFor(t, procedure);
      const session = await t.session();
      const other = await t.user();
      const once = (): Promise<unknown> => call(t, procedure, session, other.id);
      const first = await exhaust(t, rule, once);
      if (first === undefined) return;
      const delayMs = waitMs(t, rule, first);
      const halfMs = Math.floor(delayMs / 2);
      await t.time.pass(halfMs, "all");
      const outcomes: (Refusal | undefined)[] = [];
      for (let calls = 0; calls < rule.maxCalls; calls++)
        outcomes.push(await rateOutcome(t, once(), `${procedure} beyond max_calls`));
      // A server may admit a call earlier than it said; then that one counts, and the first delay says no more.
      const held = outcomes.every((outcome) => outcome !== undefined);
      await t.time.pass(held ? delayMs - halfMs : windowMs(rule) + 1, "all");
      await admitted(t, once(), `${procedure} after the delay of the RetryInfo, and more refused calls`);
    },
  };
}

/** Limited procedures whose calls may fail for each user that they name. */
function naming(profile: Profile): readonly RateLimit[] {
  return ["QueryStatuses", "Subscribe", "Unsubscribe"].flatMap((procedure) => rateOf(profile, procedure) ?? []);
}

const failedCounted: Check = {
  id: "error-no-effect/failed-users-count",
  title: "Calls that are answered count, though their only user is not registered: max_calls are admitted, and no more",
  claims: ["user_registry"],
  applies: (profile) => naming(profile).length > 0 || "the profile limits no procedure that names users",
  run: async (t: Bench) => {
    for (const rule of naming(t.profile)) {
      const session = await t.session();
      await exhaust(t, rule, () => call(t, rule.procedure, session, t.unregisteredId()));
    }
  },
};

const callsInARow = 50;

function unlimited(procedure: string): Check {
  return {
    id: `rate-none/${procedure}`,
    title: `Calls ${procedure} ${callsInARow} times in a row: none is refused`,
    applies: (profile) => rateOf(profile, procedure) === undefined || `the profile limits ${procedure}`,
    run: async (t: Bench) => {
      const { session, watch } = await t.watcher();
      const other = await t.user();
      for (let calls = 0; calls < callsInARow; calls++) {
        if (procedure !== "Heartbeat" && calls % 10 === 9) await keepLive(t, [session]);
        await admitted(t, call(t, procedure, session, other.id), `${procedure}, call ${calls + 1} in a row`);
        // A server keeps so many markers only: each is waited for before the next.
        if (procedure === "Sync") await watch.fence();
      }
    },
  };
}

export const ratesChecks: readonly Check[] = [
  ...usual.flatMap((procedure) => [limit(procedure), again(procedure), refusedUncounted(procedure)]),
  others,
  failedCounted,
  ...procedures.map(unlimited),
];
