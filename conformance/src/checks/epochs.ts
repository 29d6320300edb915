// SPEC §13: the epoch, in every answer and on every Watch, and what its change does.
import { ResumeResult, WatchEndReason } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { flip, type Target, targets } from "./lib/c-actors.ts";
import { eventsOf, fold, foldToFence, holdsAll, resumeResultOf } from "./lib/c-state.ts";

/** The epoch in each kind of answer that has one. */
async function epochs(t: Bench, session: TestSession, target: Target): Promise<Map<string, string>> {
  const found = new Map([["Login", session.login.epoch]]);
  found.set("SetCustomStatus", (await session.set("epochal")).epoch);
  found.set("QueryStatuses", (await session.raw.query([target.id])).epoch);
  found.set("Subscribe", (await session.raw.subscribe([target.id])).epoch);
  found.set("ListSubscriptions", (await session.raw.list()).epoch);
  const watch = await session.watch();
  found.set("hello", watch.epoch);
  found.set("hello of a later Watch", (await session.watch({ cursor: watch.cursor })).epoch);
  found.set("Logout", (await session.logout()).epoch);
  found.set("Login of another user", (await t.session()).login.epoch);
  return found;
}

const epoch: Check[] = [
  {
    id: "epoch-same/everywhere",
    title: "every answer that tells the epoch, and every hello, tells the same, of 1 to 64 bytes",
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const found = await epochs(t, await t.session(), target);
      const first = found.get("Login") ?? "";
      const bytes = new TextEncoder().encode(first).length;
      t.ok(bytes >= 1 && bytes <= 64, "the epoch must be of 1 to 64 bytes", first);
      for (const [where, one] of found) t.equal(one, first, `epoch in ${where}`);
    },
  },
  {
    id: "epoch-change/ends-watches",
    title: "a new epoch ends every Watch of the app with RESYNC and may_resume, and is another one",
    tools: ["test-clock"],
    wholeApp: true,
    async run(t: Bench) {
      const watchers = [await t.watcher(), await t.watcher()];
      const older = watchers[0]?.watch.epoch ?? "";
      const newer = await t.clock.changeEpoch();
      t.ok(newer !== older && newer !== "", `ChangeEpoch must answer with another epoch than ${older}`, newer);
      for (const { session, watch } of watchers) {
        const { end, error } = await watch.end("a Watch when the epoch changed");
        t.equal(error, undefined, "error with which the Watch closed");
        t.equal(
          [end?.reason, end?.mayResume],
          [WatchEndReason.RESYNC, true],
          "reason and may_resume of the Watch's end",
        );
        const again = await session.watch();
        t.equal(again.epoch, newer, "epoch in hello of a new Watch");
        t.equal((await session.raw.list()).epoch, newer, "epoch in ListSubscriptions");
        await again.fence();
      }
    },
  },
  {
    id: "epoch-change/old-cursor",
    title: "a cursor of the older epoch gives RESET and a full snapshot under the new one",
    tools: ["test-clock"],
    wholeApp: true,
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const session = await t.session();
      await session.subscribe([target.id]);
      const watch = await session.watch();
      const { cursor } = watch;
      const newer = await t.clock.changeEpoch();
      await watch.end("a Watch when the epoch changed");
      const again = await session.watch({ cursor });
      t.equal([resumeResultOf(again), again.epoch], [ResumeResult.RESET, newer], "resume_result and epoch of hello");
      const [end] = eventsOf(again, "snapshotEnd");
      await holdsAll(
        t,
        fold(undefined, again.seen.slice(0, end?.index ?? 0)),
        session,
        "snapshot with a cursor of the older epoch",
      );
      const online = await flip(target);
      t.equal(
        (await foldToFence(again)).statuses.get(target.id)?.onlineStatus,
        online,
        "online status told under the new epoch",
      );
    },
  },
  {
    id: "epoch-change/again-and-again",
    title: "each of three changes at one instant gives another epoch than the one before, and its cursors give RESET",
    tools: ["test-clock"],
    wholeApp: true,
    async run(t: Bench) {
      await t.clock.advance(0);
      const session = await t.session();
      let watch = await session.watch();
      for (const which of ["first", "second", "third"]) {
        const { cursor, epoch: older } = watch;
        const newer = await t.clock.changeEpoch();
        t.ok(newer !== older && newer !== "", `the ${which} ChangeEpoch must give another epoch than ${older}`, newer);
        const { end } = await watch.end(`a Watch at the ${which} change of the epoch`);
        t.equal(end?.reason, WatchEndReason.RESYNC, `reason of the Watch's end at the ${which} change`);
        watch = await session.watch({ cursor });
        t.equal(
          [resumeResultOf(watch), watch.epoch],
          [ResumeResult.RESET, newer],
          `resume_result and epoch of hello after the ${which} change`,
        );
      }
    },
  },
];

/** Checks of epochs. */
export const epochChecks: readonly Check[] = epoch;
