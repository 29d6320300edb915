// SPEC §11.2: whose statuses a Watch carries, readers that stall, and keep-alives.
import { OnlineStatus } from "@userstatus/protocol";
import type { Bench, Check, TestWatch } from "../check.ts";
import { flip, sessionOf, subscribeAll, targets } from "./lib/c-actors.ts";
import { sameDevice } from "./lib/c-away.ts";
import { backlog, publisherPatienceMs, readOn, showsLast } from "./lib/c-backlog.ts";
import { eventsOf, foldToFence } from "./lib/c-state.ts";
import { keepAliveMs, progressBy, progressDueMs } from "./lib/c-wall.ts";

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
    title: "changes are answered in time while a watcher reads nothing; reading again, it gets the last of each target",
    everyTransport: true,
    async run(t: Bench) {
      const { session, watch } = await t.watcher({ relay: true });
      const pile = await backlog(t, session);
      await watch.fence();
      watch.link.stall();
      const pressed = await pile.press(13);
      watch.link.unstall();
      answeredInTime(t, pressed.slowestMs);
      showsLast(t, await readOn(t, watch), pressed, "the Watch that had stalled");
    },
  },
  {
    id: "watch-conflates/others-go-on",
    title: "while one watcher reads nothing, the Watch of another user of the same targets gets everything",
    async run(t: Bench) {
      const still = await t.watcher({ relay: true });
      const pile = await backlog(t, still.session);
      const quick = await t.watcher();
      const rows = (await still.session.list()).map((one) => one.subscription?.userId ?? "");
      await subscribeAll(t, quick.session, rows);
      await still.watch.fence();
      still.watch.link.stall();
      const pressed = await pile.press(13);
      answeredInTime(t, pressed.slowestMs);
      showsLast(t, { watch: quick.watch, marker: await quick.watch.fence() }, pressed, "the Watch that reads");
      still.watch.link.unstall();
      showsLast(t, await readOn(t, still.watch), pressed, "the Watch that had stalled");
    },
  },
];

function answeredInTime(t: Bench, slowestMs: number): void {
  const what = `every call of a publisher must be answered within ${publisherPatienceMs} ms`;
  t.ok(slowestMs < publisherPatienceMs, what, slowestMs);
}

/** Twice where that is no long wait. */
function quietRounds(intervalMs: number): number {
  return intervalMs <= 3_000 ? 2 : 1;
}

const keepAlive: Check[] = [
  {
    id: "watch-keep-alive/quiet-stream",
    title: "on a Watch where nothing happens comes a progress with a cursor, each keep_alive_interval of wall time",
    wallMs: (intervalMs) => quietRounds(intervalMs) * progressDueMs(intervalMs),
    async run(t: Bench) {
      const intervalMs = keepAliveMs(t);
      const { session, watch } = await t.watcher();
      await watch.fence();
      for (let round = 0; round < quietRounds(intervalMs); round += 1) {
        const came = await progressBy(session, watch, progressDueMs(intervalMs));
        t.ok(came, `a progress must come within the keep_alive_interval of ${intervalMs} ms and some slack`);
        const cursor = eventsOf(watch, "progress").at(-1)?.value.cursor.length ?? 0;
        t.ok(cursor >= 1 && cursor <= 512, "progress must have a cursor of 1 to 512 bytes", cursor);
      }
    },
  },
  {
    id: "watch-keep-alive/resumed",
    title: "on a Watch that was opened with a cursor, and where nothing happens, a progress comes as on any other",
    claims: ["resume"],
    wallMs: progressDueMs,
    async run(t: Bench) {
      const intervalMs = keepAliveMs(t);
      const { session, watch } = await t.watcher();
      await watch.fence();
      const { cursor } = watch;
      await watch.close();
      const back = await sameDevice(session);
      const again = await back.watch({ cursor });
      await again.fence();
      const came = await progressBy(back, again, progressDueMs(intervalMs));
      t.ok(came, `a progress must come within the keep_alive_interval of ${intervalMs} ms and some slack`);
    },
  },
];

/** Checks of what a Watch carries, of readers that stall, and of keep-alives. */
export const watchLiveChecks: readonly Check[] = [...visible, ...stalled, ...keepAlive];
