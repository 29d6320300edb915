// Checks of SPEC §15, calls while the plan is missing or the switch is off: which are refused, which go on, and that all work again.
import { Gate, OnlineStatus, type Profile, type ReasonName } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { admitted, call, procedures } from "./lib/b-calls.ts";
import { gated, gateSwitch, rulesOf, withFeatures } from "./lib/b-features.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { all } from "./lib/b-values.ts";

interface GateCase {
  readonly gate: Gate;
  readonly requirement: string;
  readonly reason: ReasonName;
  readonly name: string;
  readonly words: string;
}

const plan: GateCase = {
  gate: Gate.PLAN,
  requirement: "gate-plan",
  reason: "PLAN_REQUIRED",
  name: "plan",
  words: "without the plan",
};
const userStatus: GateCase = {
  gate: Gate.USER_STATUS,
  requirement: "gate-switch",
  reason: "FEATURE_DISABLED",
  name: "switch",
  words: "with the switch off",
};

function hasRules(of: GateCase): (profile: Profile) => true | string {
  return (profile) => rulesOf(profile, of.gate).length > 0 || `the profile has no calls to refuse ${of.words}`;
}

/** A check that closes a gate, alone in its app, and looks at calls. */
function gateCheck(
  of: GateCase,
  check: Omit<Check, "tools" | "wholeApp" | "run">,
  run: (t: Bench) => Promise<void>,
): Check {
  const applies = check.applies === undefined ? hasRules(of) : all(hasRules(of), check.applies);
  return { ...check, applies, tools: ["admin"], wholeApp: true, run: (t: Bench) => withFeatures(t, {}, () => run(t)) };
}

function refused(of: GateCase): Check {
  return gateCheck(
    of,
    {
      id: `${of.requirement}/refused`,
      title: `Calls each procedure of the gate's rules ${of.words}: ${of.reason}, after each worked before`,
    },
    async (t: Bench) => {
      const { session } = await t.watcher();
      const other = await t.user();
      for (const procedure of gated(t.profile, of.gate)) {
        await admitted(t, call(t, procedure, session, other.id), `${procedure} with the gate open`);
      }
      const { session: late } = await t.watcher();
      await t.admin.features(gateSwitch(of.gate, false));
      for (const procedure of gated(t.profile, of.gate)) {
        await t.refused(call(t, procedure, late, other.id), of.reason, `${procedure} ${of.words}`);
      }
    },
  );
}

function selfExempt(of: GateCase): (profile: Profile) => true | string {
  return (profile) =>
    rulesOf(profile, of.gate).some((rule) => rule.selfExempt && rule.procedures.includes("QueryStatuses")) ||
    "the rule of QueryStatuses has no self_exempt";
}

function mixedQuery(of: GateCase): Check {
  return gateCheck(
    of,
    {
      id: `${of.requirement}/query-of-oneself-and-another`,
      title: `Asks for oneself and another ${of.words}: refused, for the exemption is of calls that name only the caller`,
      applies: all(selfExempt(of), (profile) => (profile.query?.batchMax ?? 1) >= 2 || "a query takes one id only"),
      timeMs: (profile) => paceMs(profile, { QueryStatuses: 3 }),
    },
    async (t: Bench) => {
      const pace = createPace(t);
      const session = await t.session();
      const other = await t.user();
      await t.admin.features(gateSwitch(of.gate, false));
      for (const ids of [
        [session.user.id, other.id],
        [other.id, session.user.id],
      ]) {
        await pace.room(session, "QueryStatuses");
        await t.refused(session.raw.query(ids), of.reason, `QueryStatuses of oneself and another ${of.words}`);
      }
      await pace.room(session, "QueryStatuses");
      await admitted(t, session.raw.query([session.user.id]), `QueryStatuses of oneself ${of.words}`);
    },
  );
}

function selfQuery(of: GateCase): Check {
  return gateCheck(
    of,
    {
      id: `gate-open/self-query-${of.name}`,
      title: `Asks for oneself only, once and twice in the list, ${of.words}: answered as ever`,
      applies: selfExempt(of),
      timeMs: (profile) => paceMs(profile, { QueryStatuses: 2 }),
    },
    async (t: Bench) => {
      const pace = createPace(t);
      const session = await t.session();
      const me = session.user.id;
      await t.admin.features(gateSwitch(of.gate, false));
      const lists = (t.profile.query?.batchMax ?? 1) >= 2 ? [[me], [me, me]] : [[me]];
      for (const ids of lists) {
        const [result] = await pace.query(session, ids);
        t.equal(result?.userId, me, "user of the answer");
        if (t.profile.query?.selfAllowed) {
          t.equal(
            result?.result.case === "status" ? result.result.value.onlineStatus : undefined,
            OnlineStatus.ONLINE,
            "one's own online status",
          );
        } else
          t.equal(
            result?.result.case === "error" ? result.result.value.reason : undefined,
            "SELF_NOT_ALLOWED",
            "reason of the error",
          );
      }
    },
  );
}

function othersWork(of: GateCase): Check {
  return gateCheck(
    of,
    {
      id: `gate-open/other-procedures-${of.name}`,
      title: `Calls every procedure that the gate has no rule of ${of.words}: each works`,
    },
    async (t: Bench) => {
      const { session, watch } = await t.watcher();
      const other = await t.user();
      await t.admin.features(gateSwitch(of.gate, false));
      const closed = gated(t.profile, of.gate);
      for (const procedure of procedures) {
        if (closed.includes(procedure)) continue;
        await admitted(t, call(t, procedure, session, other.id), `${procedure} ${of.words}`);
      }
      if (!closed.includes("Sync")) await watch.fence();
      if (!closed.includes("Login") && !closed.includes("Watch")) await t.watcher();
      if (!closed.includes("Logout")) await session.logout();
    },
  );
}

/** For `timeMs`: each gated procedure is called twice by one user. */
function twice(of: GateCase): (profile: Profile) => number {
  return (profile) => paceMs(profile, Object.fromEntries(gated(profile, of.gate).map((procedure) => [procedure, 2])));
}

function worksAgain(of: GateCase): Check {
  return gateCheck(
    of,
    {
      id: `gate-again/${of.name}`,
      title: "Closes the gate and opens it: each gated procedure is refused, then works",
      timeMs: twice(of),
    },
    async (t: Bench) => {
      const pace = createPace(t);
      const { session } = await t.watcher();
      const other = await t.user();
      await t.admin.features(gateSwitch(of.gate, false));
      const closed = gated(t.profile, of.gate);
      for (const procedure of closed) {
        await pace.room(session, procedure);
        await t.refused(call(t, procedure, session, other.id), of.reason, `${procedure} ${of.words}`);
      }
      await t.admin.features(gateSwitch(of.gate, true));
      for (const procedure of closed) {
        await pace.room(session, procedure);
        await admitted(t, call(t, procedure, session, other.id), `${procedure} with the gate open again`);
      }
    },
  );
}

/** Both are closed; when one opens, the other still refuses what it gates. */
function oneOfTwo(opened: GateCase, closed: GateCase): Check {
  return gateCheck(
    closed,
    {
      id: `${closed.requirement}/other-gate-open-again`,
      title: `Both gates close and one opens: what the other gates is refused with ${closed.reason}; then that opens too`,
      applies: hasRules(opened),
      timeMs: twice(closed),
    },
    async (t: Bench) => {
      const pace = createPace(t);
      const { session } = await t.watcher();
      const other = await t.user();
      await t.admin.features({ plan: false, userStatus: false });
      await t.admin.features(gateSwitch(opened.gate, true));
      const gatedStill = gated(t.profile, closed.gate);
      for (const procedure of gatedStill) {
        await pace.room(session, procedure);
        await t.refused(call(t, procedure, session, other.id), closed.reason, `${procedure} ${closed.words}`);
      }
      await t.admin.features(gateSwitch(closed.gate, true));
      for (const procedure of gatedStill) {
        await pace.room(session, procedure);
        await admitted(t, call(t, procedure, session, other.id), `${procedure} with both gates open`);
      }
    },
  );
}

export const gatesChecks: readonly Check[] = [
  ...[plan, userStatus].flatMap((of) => [refused(of), mixedQuery(of), selfQuery(of), othersWork(of), worksAgain(of)]),
  oneOfTwo(plan, userStatus),
  oneOfTwo(userStatus, plan),
];
