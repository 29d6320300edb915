// Checks of SPEC §15, `gate-rows`: a gate on Subscribe that closes ends all rows for good; one's own status goes on being told.
import { Gate, OnlineStatus, type Profile, SubscriptionEndReason } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { gated, gateSwitch, withFeatures } from "./lib/b-features.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { twoSessions } from "./lib/b-sessions.ts";
import { batchOf, higher, rowIn, sampleText, targetsOf, textOf } from "./lib/b-values.ts";
import { awaitEnd, silentAbout, toldOf } from "./lib/b-watch.ts";
import { roomFor } from "./lib/c-actors.ts";

interface GateCase {
  readonly gate: Gate;
  readonly name: string;
  readonly words: string;
}

const cases: readonly GateCase[] = [
  { gate: Gate.PLAN, name: "plan", words: "The plan is taken away" },
  { gate: Gate.USER_STATUS, name: "switch", words: "The switch is turned off" },
];

function rowsCheck(
  of: GateCase,
  check: Omit<Check, "tools" | "wholeApp" | "run">,
  run: (t: Bench) => Promise<void>,
): Check {
  const applies = (profile: Profile): true | string => {
    if (!gated(profile, of.gate).includes("Subscribe")) return "the gate does not gate Subscribe";
    return check.applies === undefined ? true : check.applies(profile);
  };
  return { ...check, applies, tools: ["admin"], wholeApp: true, run: (t: Bench) => withFeatures(t, {}, () => run(t)) };
}

function end(of: GateCase): Check {
  return rowsCheck(
    of,
    {
      id: `gate-rows/ended-by-${of.name}`,
      title: `${of.words}: every row ends as FEATURE_DISABLED, nothing comes of the targets, and opened again the rows stay gone; so does a row that was made then, once more`,
      applies: batchOf(2),
      timeMs: (profile) => paceMs(profile, { Subscribe: 2 }),
    },
    async (t: Bench) => {
      const pace = createPace(t);
      const { session: watcher, watch } = await t.watcher();
      const targets = [await t.session(), await t.session()];
      const ids = targets.map((target) => target.user.id);
      const rows = await pace.subscribe(watcher, ids);
      await watch.fence();
      for (const id of ids)
        t.equal(watch.held(id)?.onlineStatus, OnlineStatus.ONLINE, "online status held of a target");
      await t.admin.features(gateSwitch(of.gate, false));
      const places: number[] = [];
      for (const id of ids) {
        const expected = {
          id,
          generation: rowIn(t, rows, id).row.generation,
          reason: SubscriptionEndReason.FEATURE_DISABLED,
        };
        places.push((await awaitEnd(t, watch, expected, "after the gate closed")).index);
      }
      await targets[0]?.logout();
      await t.admin.features(gateSwitch(of.gate, true));
      t.equal(await targetsOf(watcher), [], "targets of the rows after the gate was opened again");
      await targets[1]?.logout();
      for (const [index, id] of ids.entries())
        await silentAbout(t, watch, id, places[index] ?? 0, "after the gate closed");
      const [first = ""] = ids;
      const anew = rowIn(t, await pace.subscribe(watcher, [first]), first).row;
      higher(t, anew.generation, rowIn(t, rows, first).row.generation, "the generation of a new row");
      await t.admin.features(gateSwitch(of.gate, false));
      const once = { id: first, generation: anew.generation, reason: SubscriptionEndReason.FEATURE_DISABLED };
      await awaitEnd(t, watch, once, "after the gate closed again");
    },
  );
}

function statusAnew(of: GateCase): Check {
  return rowsCheck(
    of,
    {
      id: `sub-told/after-${of.name}`,
      title: `${of.words} and given back: a new row to a target who did not change brings his status anew`,
      claims: ["feature_gates"],
      timeMs: (profile) => paceMs(profile, { Subscribe: 2 }),
    },
    async (t: Bench) => {
      const pace = createPace(t);
      const { session: watcher, watch } = await t.watcher();
      const { id } = (await t.session()).user;
      const { row } = rowIn(t, await pace.subscribe(watcher, [id]), id);
      await t.admin.features(gateSwitch(of.gate, false));
      const ended = { id, generation: row.generation, reason: SubscriptionEndReason.FEATURE_DISABLED };
      const { index } = await awaitEnd(t, watch, ended, "after the gate closed");
      await t.admin.features(gateSwitch(of.gate, true));
      const answered = rowIn(t, await pace.subscribe(watcher, [id]), id);
      await toldOf(t, watch, answered, index, "the caller's");
    },
  );
}

function everySession(of: GateCase): Check {
  return rowsCheck(
    of,
    {
      id: `gate-rows/every-session-${of.name}`,
      title: `${of.words}: the end of a row is told on the Watch of each session of the user`,
      claims: ["multi_session"],
      applies: roomFor(2),
    },
    async (t: Bench) => {
      const [one, two] = await twoSessions(t);
      const watches = [await one.watch(), await two.watch()];
      const { id } = await t.user();
      const { generation } = rowIn(t, await one.subscribe([id]), id).row;
      await t.admin.features(gateSwitch(of.gate, false));
      for (const watch of watches) {
        await awaitEnd(
          t,
          watch,
          { id, generation, reason: SubscriptionEndReason.FEATURE_DISABLED },
          "on each Watch, after the gate closed",
        );
      }
    },
  );
}

function whileAway(of: GateCase): Check {
  return rowsCheck(
    of,
    {
      id: `gate-rows/while-away-${of.name}`,
      title: `${of.words} and given back while the user is logged out: his rows are gone when he is back`,
    },
    async (t: Bench) => {
      const watcher = await t.session();
      const target = await t.session();
      rowIn(t, await watcher.subscribe([target.user.id]), target.user.id);
      t.equal(await targetsOf(watcher), [target.user.id], "targets of the rows before the logout");
      await watcher.logout();
      await t.admin.features(gateSwitch(of.gate, false));
      await t.admin.features(gateSwitch(of.gate, true));
      const back = await watcher.user.login();
      t.equal(await targetsOf(back), [], "targets of the rows after the gate was closed and opened");
      const watch = await back.watch();
      await target.logout();
      await silentAbout(t, watch, target.user.id, 0, "after the gate was closed and opened");
    },
  );
}

function ownText(of: GateCase): Check {
  return rowsCheck(
    of,
    {
      id: `gate-rows/own-text-${of.name}`,
      title: `${of.words}: one's own new text is told to one's Watch`,
      applies: (profile) => !gated(profile, of.gate).includes("SetCustomStatus") || "the gate gates SetCustomStatus",
    },
    async (t: Bench) => {
      const { session, watch } = await t.watcher();
      await t.admin.features(gateSwitch(of.gate, false));
      const text = sampleText(t);
      const mark = watch.mark();
      await session.set(text);
      await watch.self(
        "`self` with the new text while the gate is closed",
        (self) => textOf(self.status) === text,
        mark,
      );
    },
  );
}

function ownSessions(of: GateCase): Check {
  return rowsCheck(
    of,
    {
      id: `gate-rows/own-sessions-${of.name}`,
      title: `${of.words}: a new session of the user is told to his Watch`,
      claims: ["multi_session"],
      applies: roomFor(2),
    },
    async (t: Bench) => {
      const user = await t.user();
      await t.admin.features(gateSwitch(of.gate, false));
      const [first, second] = await twoSessions(t, user);
      const watch = await first.watch();
      const mark = watch.mark();
      await second.logout();
      await watch.self(
        "`self` with one session left, while the gate is closed",
        (self) => self.sessions.length === 1,
        mark,
      );
    },
  );
}

export const gatesRowsChecks: readonly Check[] = cases.flatMap((of) => [
  end(of),
  statusAnew(of),
  everySession(of),
  whileAway(of),
  ownText(of),
  ownSessions(of),
]);
