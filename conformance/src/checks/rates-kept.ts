// Checks of SPEC §5 and §16, the count of a rate: what a gate refuses does not raise it, and a logout does not empty it.
import { Gate, type Profile, type RateLimit, type ReasonName } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { hasRate, ratedCall, stayAlive, usableRates } from "./lib/a-refusals.ts";
import { call, rateOutcome } from "./lib/b-calls.ts";
import { gated, gateSwitch, withFeatures } from "./lib/b-features.ts";
import { rateOf } from "./lib/b-pace.ts";
import { exhaust, usual } from "./lib/b-rates.ts";

const gates: readonly { readonly gate: Gate; readonly reason: ReasonName }[] = [
  { gate: Gate.PLAN, reason: "PLAN_REQUIRED" },
  { gate: Gate.USER_STATUS, reason: "FEATURE_DISABLED" },
];

/** Rates of procedures that this gate gates. */
function gatedRates(profile: Profile, gate: Gate): readonly RateLimit[] {
  const procedures = gated(profile, gate);
  return usableRates(profile).filter(({ procedure }) => procedures.includes(procedure));
}

/** Calls enough to be seen, if they count, where the calls after them are as many as the rate has. */
const refusedMax = 20;

const gateUncounted: Check = {
  id: "error-no-effect/rate-count-of-a-gate",
  title:
    "Calls that a gate refuses are not counted against a rate: once it is open, all calls of the rate are admitted",
  claims: ["feature_gates"],
  tools: ["admin"],
  wholeApp: true,
  applies: (profile) =>
    gates.some(({ gate }) => gatedRates(profile, gate).length > 0) || "no gate gates a procedure with a usable rate",
  run: (t: Bench) =>
    withFeatures(t, {}, async () => {
      const target = await t.user();
      for (const { gate, reason } of gates) {
        for (const { procedure, maxCalls } of gatedRates(t.profile, gate)) {
          const session = await t.session();
          const rated = ratedCall(t, session, procedure, target.id);
          await t.admin.features(gateSwitch(gate, false));
          for (let made = 0; made < Math.min(maxCalls, refusedMax) + 1; made++) {
            await stayAlive(t, session, made);
            await t.refused(rated(), reason, `${procedure} behind the closed gate, call ${made + 1}`);
          }
          await t.admin.features(gateSwitch(gate, true));
          for (let made = 0; made < maxCalls; made++) {
            await stayAlive(t, session, made);
            await rated().catch((error: unknown) => {
              t.ok(false, `${procedure} number ${made + 1} of ${maxCalls} once the gate is open is admitted`, error);
            });
          }
        }
      }
    }),
};

/** Rates of the usual procedures that can be used up. */
function usualRates(profile: Profile): readonly RateLimit[] {
  const usable = usableRates(profile);
  return usual.flatMap((procedure) => usable.find((rule) => rule === rateOf(profile, procedure)) ?? []);
}

const overLogout: Check = {
  id: "rate-scope/over-a-logout",
  title:
    "A user uses up a rate with his only session, logs out and in again: while time stands still, the next call is refused all the same",
  applies: (profile) => {
    const verdict = hasRate(profile);
    return verdict === true ? usualRates(profile).length > 0 || "no usual procedure has a usable rate" : verdict;
  },
  run: async (t: Bench) => {
    const other = await t.user();
    for (const rule of usualRates(t.profile)) {
      const { procedure } = rule;
      const session = await t.session();
      await exhaust(t, rule, () => call(t, procedure, session, other.id));
      await session.logout();
      const again = await session.user.login();
      const outcome = await rateOutcome(t, call(t, procedure, again, other.id), `${procedure} after logout and login`);
      // Where time runs, a window that ended meanwhile looks the same as a count that was dropped.
      if (t.time.tier === "virtual")
        t.ok(outcome !== undefined, `${procedure} beyond its rate is refused after a logout and a login`, "admitted");
    }
  },
};

export const rateKeptChecks: readonly Check[] = [gateUncounted, overLogout];
