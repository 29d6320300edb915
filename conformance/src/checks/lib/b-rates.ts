// Using up a rate. Where time stands still, exactly max_calls calls are admitted. Where it runs, a token bucket refills and a fixed window may end
// on the way, so that a few more may be: then calls go on until one is refused while no other is under way, within what any legal way of counting admits.
import type { Profile, RateLimit } from "@userstatus/protocol";
import type { Bench, Refusal } from "../../check.ts";
import { rateOutcome } from "./b-calls.ts";
import { rateOf, windowMs } from "./b-pace.ts";

/** Procedures that published profiles limit; there are checks for each. The rest of a profile's rules share one. */
export const usual: readonly string[] = ["SetCustomStatus", "QueryStatuses", "Subscribe", "Unsubscribe"];

/** For `applies`: the profile limits the procedure. */
export function limited(procedure: string): (profile: Profile) => true | string {
  return (profile) => rateOf(profile, procedure) !== undefined || `the profile does not limit ${procedure}`;
}

/** The rule of a procedure; for checks that apply only where there is one. */
export function ruleFor(t: Bench, procedure: string): RateLimit {
  const rule = rateOf(t.profile, procedure);
  t.ok(rule !== undefined, `the profile has a rule of ${procedure}`);
  return rule;
}

/** For `timeMs`: the window of a procedure's rule. */
export function windowOf(procedure: string): (profile: Profile) => number {
  return (profile) => {
    const rule = rateOf(profile, procedure);
    return rule === undefined ? 0 : windowMs(rule) + 1;
  };
}

/** One call of the procedure. */
export type RatedCall = (nth: number) => Promise<unknown>;

/** Rounds after which a server that never refuses a lone call is too slow to be judged. */
const roundsMax = 20;

/** So long such a server is tried at most, and so many windows at least: a session needs a sign of life now and then. */
const giveUpMs = 2_000;
const giveUpWindows = 5;

/** Makes `count` calls at once; answers how each came out. */
async function burst(t: Bench, count: number, call: RatedCall, what: string): Promise<(Refusal | undefined)[]> {
  const outcomes: (Refusal | undefined)[] = [];
  const abreast = 16;
  for (let from = 0; from < count; from += abreast) {
    const size = Math.min(abreast, count - from);
    outcomes.push(
      ...(await Promise.all(Array.from({ length: size }, (_, index) => rateOutcome(t, call(from + index), what)))),
    );
  }
  return outcomes;
}

/** So many calls are admitted after a window without calls. */
export async function admitsAll(t: Bench, rule: RateLimit, call: RatedCall): Promise<void> {
  const outcomes = await burst(t, rule.maxCalls, call, `${rule.procedure} up to max_calls`);
  const refused = outcomes.filter((outcome) => outcome !== undefined).length;
  t.equal(refused, 0, `${rule.procedure}: refusals among ${rule.maxCalls} calls after a window without calls`);
}

/**
 * Uses up a rate that was not used for a window: max_calls calls are admitted, and the next is refused. Answers with the refusal; undefined only
 * where time runs and calls are too slow to run into the limit, which is noted.
 */
export async function exhaust(t: Bench, rule: RateLimit, call: RatedCall): Promise<Refusal | undefined> {
  const what = `${rule.procedure} beyond max_calls`;
  const startMs = await t.time.now();
  await admitsAll(t, rule, call);
  let admitted = rule.maxCalls;
  for (let round = 0; round < roundsMax; round++) {
    const refusal = await rateOutcome(t, call(admitted), what);
    if (refusal !== undefined) return refusal;
    admitted++;
    const elapsedMs = (await t.time.now()) - startMs;
    const windows = Math.floor(elapsedMs / windowMs(rule));
    // Time that stands still leaves no room; else each window that passed may have a full count of its own, and one may have been cut.
    const most = t.time.tier === "virtual" ? rule.maxCalls : rule.maxCalls * (windows + 2);
    t.ok(admitted <= most, `${rule.procedure}: at most ${most} calls are admitted`, admitted);
    if (elapsedMs > giveUpMs && windows >= giveUpWindows) break;
    const outcomes = await burst(t, rule.maxCalls, call, what);
    admitted += outcomes.filter((outcome) => outcome === undefined).length;
  }
  t.note(`${rule.procedure}: calls take too long to run into ${rule.maxCalls} calls in ${windowMs(rule)} ms`);
  return undefined;
}

/** How long the refusal says to wait, in whole milliseconds. */
export function waitMs(t: Bench, rule: RateLimit, refusal: Refusal): number {
  const { retryAfterMs } = refusal;
  t.ok(retryAfterMs !== undefined, `${rule.procedure}: RATE_LIMITED comes with a RetryInfo`, refusal);
  return Math.ceil(retryAfterMs);
}
