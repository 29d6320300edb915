// SPEC §11.3: a cursor covers nothing that its stream had not carried when it came.
import { setTimeout as wallPause } from "node:timers/promises";
import type { Bench, Check, TestSession, TestWatch } from "../check.ts";
import { flip, type Target, targets } from "./lib/c-actors.ts";
import { sameDevice } from "./lib/c-away.ts";
import { backlog } from "./lib/c-backlog.ts";
import { eventsOf, fold, foldToFence, type Held, holdsAll } from "./lib/c-state.ts";
import { keepAliveMs, progressBy, progressDueMs, wallWait } from "./lib/c-wall.ts";

/** Keep-alive intervals that a stalled reader sleeps through, and that changes come in. */
const sleptIntervals = 1.2;

/** A cursor, and what a client held when it came. */
interface Point {
  readonly cursor: Uint8Array;
  readonly held: Held;
}

/** From each point, once everything is quiet, a Watch leads to what the server holds. */
async function completeFrom(t: Bench, session: TestSession, points: readonly Point[]): Promise<void> {
  for (const [place, point] of points.entries()) {
    const watch = await session.watch({ cursor: point.cursor });
    await holdsAll(
      t,
      await foldToFence(watch, point.held),
      session,
      `going on from cursor ${place + 1} of ${points.length}`,
    );
  }
}

/** The points that the snapshot and the keep-alives of a Watch gave. */
function pointsOf(watch: TestWatch): Point[] {
  return [...eventsOf(watch, "snapshotEnd"), ...eventsOf(watch, "progress")].map(({ index, value }) => ({
    cursor: value.cursor,
    held: fold(undefined, watch.seen.slice(0, index)),
  }));
}

/** Flips random targets until told to stop. */
function unrest(t: Bench, crowd: readonly Target[], pauseMs: number): () => Promise<void> {
  let over = false;
  const run = (async () => {
    while (!over) {
      await flip(t.random.pick(crowd));
      if (pauseMs > 0) await wallPause(pauseMs);
    }
  })();
  run.catch(() => undefined);
  return async () => {
    over = true;
    await run;
  };
}

/** Checks of what a cursor covers. */
export const cursorSafeChecks: readonly Check[] = [
  {
    id: "cursor-safe/under-fire",
    title: "cursors taken while targets change: from each of them a Watch leads to what the server holds",
    async run(t: Bench) {
      const crowd = await targets(t, 4);
      const session = await t.session();
      await session.subscribe(crowd.map((target) => target.id));
      const points: Point[] = [];
      const stop = unrest(t, crowd, 0);
      try {
        while (points.length < 8) {
          const last = points.at(-1);
          const watch = await session.watch(last === undefined ? {} : { cursor: last.cursor });
          const [end] = eventsOf(watch, "snapshotEnd");
          t.ok(end !== undefined, "a Watch must tell snapshot_end");
          points.push({ cursor: end.value.cursor, held: fold(last?.held, watch.seen.slice(0, end.index)) });
        }
      } finally {
        await stop();
      }
      await completeFrom(t, session, points);
    },
  },
  {
    id: "cursor-safe/twice",
    title: "the same cursor twice, and an older one after a newer one, lead to what the server holds",
    async run(t: Bench) {
      const crowd = await targets(t, 2);
      const session = await t.session();
      await session.subscribe(crowd.map((target) => target.id));
      const first = await session.watch();
      const older = { cursor: first.cursor, held: await foldToFence(first) };
      await flip(crowd[0]);
      const second = await session.watch({ cursor: older.cursor });
      const newer = { cursor: second.cursor, held: await foldToFence(second, older.held) };
      await flip(crowd[1]);
      await completeFrom(t, session, [older, older, newer, older, newer]);
    },
  },
  {
    id: "cursor-safe/not-read",
    title: "cursors of keep-alives that fell due while changes waited for a reader cover none of those that came later",
    wallMs: (intervalMs) => intervalMs * sleptIntervals + progressDueMs(intervalMs),
    async run(t: Bench) {
      const intervalMs = keepAliveMs(t);
      const session = await t.session();
      const pile = await backlog(t, session);
      const watch = await session.watch({ relay: true });
      watch.link.stall();
      await pile.press(8);
      await wallWait(session, intervalMs * sleptIntervals);
      watch.link.unstall();
      await progressBy(session, watch, progressDueMs(intervalMs));
      const points = pointsOf(watch);
      await watch.close();
      await completeFrom(t, await sameDevice(session), points.slice(0, 4));
    },
  },
  {
    id: "cursor-safe/progress",
    title: "from the cursor of a keep-alive that came among changes, a Watch leads to what the server holds",
    wallMs: (intervalMs) => intervalMs * sleptIntervals + progressDueMs(intervalMs),
    async run(t: Bench) {
      const intervalMs = keepAliveMs(t);
      const crowd = await targets(t, 3);
      const session = await t.session();
      await session.subscribe(crowd.map((target) => target.id));
      const watch = await session.watch();
      const stop = unrest(t, crowd, 10);
      await progressBy(session, watch, intervalMs * sleptIntervals);
      await stop();
      if (eventsOf(watch, "progress").length === 0) await progressBy(session, watch, progressDueMs(intervalMs));
      const points = pointsOf(watch);
      t.ok(points.length > 1, "a progress must come within the keep_alive_interval and some slack");
      await watch.close();
      for (const target of crowd) await flip(target);
      await completeFrom(t, await sameDevice(session), points.slice(-3));
    },
  },
];
