// Checks of SPEC §15 and §16 where a rule has no self_exempt: a query of oneself alone is gated and counted as any other.
import { Gate, type Profile, type ReasonName } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { admitted } from "./lib/b-calls.ts";
import { gateSwitch, rulesOf, withFeatures } from "./lib/b-features.ts";
import { createPace, paceMs, rateOf } from "./lib/b-pace.ts";
import { exhaust, limited, ruleFor } from "./lib/b-rates.ts";
import { all } from "./lib/b-values.ts";

/** Oneself alone, once and twice. */
function lists(t: Bench, { user }: TestSession): readonly string[][] {
  return (t.profile.query?.batchMax ?? 1) >= 2 ? [[user.id], [user.id, user.id]] : [[user.id]];
}

function gates(gate: Gate): (profile: Profile) => true | string {
  return (profile) =>
    rulesOf(profile, gate).some((rule) => !rule.selfExempt && rule.procedures.includes("QueryStatuses")) ||
    "the gate has no rule of QueryStatuses without self_exempt";
}

function gatedToo(gate: Gate, requirement: string, reason: ReasonName, words: string): Check {
  return {
    id: `${requirement}/query-of-oneself`,
    title: `Asks for oneself only ${words}: refused, for the rule has no self_exempt; with the gate open, answered`,
    tools: ["admin"],
    wholeApp: true,
    applies: gates(gate),
    timeMs: (profile) => paceMs(profile, { QueryStatuses: 4 }),
    run: (t: Bench) =>
      withFeatures(t, {}, async () => {
        const pace = createPace(t);
        const session = await t.session();
        for (const ids of lists(t, session)) {
          await pace.room(session, "QueryStatuses");
          await admitted(t, session.raw.query(ids), "QueryStatuses of oneself with the gate open");
        }
        await t.admin.features(gateSwitch(gate, false));
        for (const ids of lists(t, session)) {
          await pace.room(session, "QueryStatuses");
          await t.refused(session.raw.query(ids), reason, `QueryStatuses of oneself ${words}`);
        }
      }),
  };
}

const countedToo: Check = {
  id: "rate-limit/QueryStatuses-of-oneself",
  title: "Asks for oneself only: such calls are limited, for the rule has no self_exempt",
  applies: all(
    limited("QueryStatuses"),
    (profile) => rateOf(profile, "QueryStatuses")?.selfExempt !== true || "the rule of QueryStatuses has self_exempt",
  ),
  run: async (t: Bench) => {
    const session = await t.session();
    const ways = lists(t, session);
    await exhaust(t, ruleFor(t, "QueryStatuses"), (nth) => session.raw.query(ways[nth % ways.length] ?? []));
  },
};

/** Checks of queries of oneself that no rule exempts. */
export const selfNotExemptChecks: readonly Check[] = [
  gatedToo(Gate.PLAN, "gate-plan", "PLAN_REQUIRED", "without the plan"),
  gatedToo(Gate.USER_STATUS, "gate-switch", "FEATURE_DISABLED", "with the switch off"),
  countedToo,
];
