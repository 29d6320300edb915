// SPEC §11.2: whose statuses a Watch carries, readers that stall, and keep-alives.
import { OnlineStatus } from "@userstatus/protocol";
import type { Bench, Check, TestWatch } from "../check.ts";
import { flip, publish, rowsWithinLimits, sessionOf, subscribeAll, targets } from "./lib/c-actors.ts";
import { eventsOf, foldToFence, showsLast } from "./lib/c-state.ts";
import { keepAliveMs, progressBy } from "./lib/c-wall.ts";

/** Longest a publisher may take for a call while a watcher stalls: the suite's patience, far above a call that waits for none. */
const patienceMs = 5_000;

/** Ids of all users whose status or row a Watch carried. */
function usersOn(watch: TestWatch): string[] {
  const all = [...eventsOf(watch, "status"), ...eventsOf(watch, "subscribed")].map((event) => event.value.userId);
  return [...new Set(all)].sort();
}

const visible: Check[] = [
  {
    id: "watch-only-visible/strangers",
    title: "who is asked for, or watches back, or was unsubscribed, does not come; who is subscribed does",
    async run(t: Bench) {
      const [seen, asked, fan, dropped] = await targets(t, 4);
      const session = await t.session();
      await session.subscribe([seen.id, dropped.id]);
      await session.unsubscribe([dropped.id]);
      const watch = await session.watch();
      await session.query([asked.id]);
      await sessionOf(fan).subscribe([session.user.id]);
      for (let round = 0; round < 3; round += 1) for (const target of [asked, fan, dropped, seen]) await flip(target);
      const held = await foldToFence(watch);
      t.equal(
        held.statuses.get(seen.id)?.onlineStatus,
        OnlineStatus.LOGGED_OUT,
        "online status of the subscribed target",
      );
      t.equal(usersOn(watch), [seen.id], "users that the Watch told of");
      const again = await session.watch();
      await again.fence();
      t.equal(usersOn(again), [seen.id], "users that a new Watch told of");
    },
  },
  {
    id: "watch-only-visible/another-watcher",
    title: "what one user subscribes to does not come on the Watches of others",
    async run(t: Bench) {
      const [mine, theirs] = await targets(t, 2);
      const me = await t.watcher();
      const them = await t.watcher();
      await me.session.subscribe([mine.id]);
      await them.session.subscribe([theirs.id]);
      await Promise.all([flip(mine), flip(theirs)]);
      await me.watch.fence();
      await them.watch.fence();
      t.equal(usersOn(me.watch), [mine.id], "users that the first Watch told of");
      t.equal(usersOn(them.watch), [theirs.id], "users that the second Watch told of");
    },
  },
];

const stalled: Check[] = [
  {
    id: "watch-conflates/stalled-reader",
    title:
      "some hundred changes are answered in time while a watcher reads nothing; reading again, it gets the last of each target",
    async run(t: Bench) {
      const crowd = await targets(t, rowsWithinLimits(t.profile, 10));
      const { session, watch } = await t.watcher({ relay: true });
      await subscribeAll(
        t,
        session,
        crowd.map((target) => target.id),
      );
      await watch.fence();
      watch.link.stall();
      const { slowestMs, shown } = await publish(t, crowd, 45);
      watch.link.unstall();
      t.ok(slowestMs < patienceMs, `every call of a publisher must be answered within ${patienceMs} ms`, slowestMs);
      showsLast(t, watch, await watch.fence(), shown, "the Watch that had stalled");
    },
  },
  {
    id: "watch-conflates/others-go-on",
    title: "while one watcher reads nothing, another watcher of the same targets gets everything",
    async run(t: Bench) {
      const crowd = await targets(t, rowsWithinLimits(t.profile, 5));
      const ids = crowd.map((target) => target.id);
      const still = await t.watcher({ relay: true });
      const quick = await t.watcher();
      await subscribeAll(t, still.session, ids);
      await subscribeAll(t, quick.session, ids);
      await still.watch.fence();
      still.watch.link.stall();
      for (let round = 0; round < 4; round += 1) {
        const { slowestMs, shown } = await publish(t, crowd, 15);
        t.ok(slowestMs < patienceMs, `every call of a publisher must be answered within ${patienceMs} ms`, slowestMs);
        showsLast(t, quick.watch, await quick.watch.fence(), shown, `the Watch that reads, in round ${round}`);
      }
      still.watch.link.unstall();
      await still.watch.fence();
    },
  },
];

const keepAlive: Check[] = [
  {
    id: "watch-keep-alive/quiet-stream",
    title: "on a Watch where nothing happens comes a progress with a cursor, each keep_alive_interval of wall time",
    async run(t: Bench) {
      const intervalMs = keepAliveMs(t);
      const { session, watch } = await t.watcher();
      await watch.fence();
      for (let round = 0; round < (intervalMs <= 3_000 ? 2 : 1); round += 1) {
        const came = await progressBy(session, watch, intervalMs * 1.5 + 1_500);
        t.ok(came, `a progress must come within the keep_alive_interval of ${intervalMs} ms and some slack`);
        const cursor = eventsOf(watch, "progress").at(-1)?.value.cursor.length ?? 0;
        t.ok(cursor >= 1 && cursor <= 512, "progress must have a cursor of 1 to 512 bytes", cursor);
      }
    },
  },
];

/** Checks of what a Watch carries, of readers that stall, and of keep-alives. */
export const watchLiveChecks: readonly Check[] = [...visible, ...stalled, ...keepAlive];
