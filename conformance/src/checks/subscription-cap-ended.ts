// Checks of SPEC §10.2, the cap: rows that ended all at once leave room for as many as it says.
import { Gate, type Profile, SubscriptionEndReason } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { gated, gateSwitch, withFeatures } from "./lib/b-features.ts";
import { createPace, type Pace, paceMs } from "./lib/b-pace.ts";
import { batchOf, byBytes, rowIn, rowLimits, targetsOf } from "./lib/b-values.ts";
import { allEnds } from "./lib/b-watch.ts";

const rowsBefore = 2;

/** For `timeMs`: a call for the rows before, then the calls that fill the cap. */
function fillMs(profile: Profile): number {
  const { rowsMax, subscribeMax } = rowLimits(profile);
  return paceMs(profile, { Subscribe: 1 + Math.ceil(rowsMax / subscribeMax) });
}

/** Makes some rows, ends them, and makes as many as the cap says: these all stand. */
async function roomAfter(t: Bench, end: (watcher: TestSession, pace: Pace) => Promise<void>): Promise<void> {
  const pace = createPace(t);
  const watcher = await t.session();
  const { rowsMax } = rowLimits(t.profile);
  const ids = (await t.users(rowsBefore + rowsMax)).map((user) => user.id);
  const before = ids.slice(0, rowsBefore);
  const made = await pace.subscribe(watcher, before);
  for (const id of before) rowIn(t, made, id);
  await end(watcher, pace);
  t.equal(await targetsOf(watcher), [], "targets of the rows once they were ended");
  const watch = await watcher.watch();
  const after = ids.slice(rowsBefore);
  await pace.subscribe(watcher, after);
  t.equal(await targetsOf(watcher), after.sort(byBytes), `targets of ${rowsMax} rows that were made then`);
  await watch.fence();
  const evicted = allEnds(watch).filter((ended) => ended.reason === SubscriptionEndReason.EVICTED);
  t.equal(evicted.length, 0, "rows that were evicted");
}

const afterAll: Check = {
  id: "sub-cap/room-after-all",
  title: "Makes rows, unsubscribes all, and makes max_subscriptions rows: all of these stand",
  applies: batchOf(rowsBefore),
  timeMs: fillMs,
  run: (t: Bench) =>
    roomAfter(t, async (watcher, pace) => {
      await pace.room(watcher, "Unsubscribe");
      await watcher.unsubscribeAll();
    }),
};

function gateOf(profile: Profile): Gate | undefined {
  return [Gate.PLAN, Gate.USER_STATUS].find((gate) => gated(profile, gate).includes("Subscribe"));
}

const afterGate: Check = {
  id: "sub-cap/room-after-a-gate",
  title: "Makes rows, closes a gate on Subscribe and opens it, and makes max_subscriptions rows: all of these stand",
  claims: ["feature_gates"],
  tools: ["admin"],
  wholeApp: true,
  applies: (profile) => (gateOf(profile) === undefined ? "no gate gates Subscribe" : batchOf(rowsBefore)(profile)),
  timeMs: fillMs,
  run: (t: Bench) => {
    const gate = gateOf(t.profile) ?? t.notApplicable("no gate gates Subscribe");
    return withFeatures(t, {}, () =>
      roomAfter(t, async () => {
        await t.admin.features(gateSwitch(gate, false));
        await t.admin.features(gateSwitch(gate, true));
      }),
    );
  },
};

export const subscriptionCapEndedChecks: readonly Check[] = [afterAll, afterGate];
