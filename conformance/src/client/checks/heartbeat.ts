// client-heartbeat: each heartbeat interval, and when the server asks.
import { Code, ConnectError } from "@connectrpc/connect";
import { durationOf } from "../../units.ts";
import type { ClientBench, ClientCheck } from "../check.ts";
import { firstEpoch, refusal, selfOf } from "../server/replies.ts";
import { asking, secondSession, status } from "./lib.ts";

const intervalMs = 700;
const quick = { heartbeatMs: intervalMs } as const;

/** Beats that are looked at, and how far their mean distance may be from the interval. */
const beats = 5;
const least = 0.3;
const most = 1.6;
const lagMaxMs = 250;

/** So many are no reason to stop; the short interval is for them. */
const failuresInRow = 8;
const shortMs = 400;

/** Waits for so many beats from `mark` on, and judges their mean distance: single ones may be late on a busy machine. */
async function beatsEvenly(t: ClientBench, mark: number, what: string): Promise<void> {
  const limitMs = beats * intervalMs * most * 1.5 + t.patienceMs;
  let last = mark;
  for (let beat = 0; beat < beats; beat++) {
    const { index } = await t.server.arrivals.next(what, last, limitMs, "heartbeat");
    last = index + 1;
  }
  const times = t.server.arrivals.after(mark, "heartbeat").map(({ atMs }) => atMs);
  const meanMs = ((times.at(beats - 1) ?? 0) - (times[0] ?? 0)) / (beats - 1);
  if (meanMs < intervalMs * least && t.lagMs() > lagMaxMs)
    t.inconclusive("this machine stood still, and saw beats at once that were not made so");
  t.ok(
    meanMs >= intervalMs * least,
    `${what}: the mean distance of ${beats} beats, where the interval is ${intervalMs} ms`,
    `at least ${intervalMs * least} ms`,
    `${Math.round(meanMs)} ms`,
  );
  t.atMost(
    `${what}: the mean distance of ${beats} beats, where the interval is ${intervalMs} ms`,
    meanMs,
    intervalMs * most,
  );
}

/** Sees signs of life go on for some intervals: a client that logs in for each try has no need of heartbeats beside that. */
async function livesOn(t: ClientBench, mark: number, what: string): Promise<void> {
  const untilMs = performance.now() + beats * intervalMs;
  let last = mark;
  while (performance.now() < untilMs) {
    const limitMs = intervalMs * most + t.patienceMs / 2;
    last = (await t.server.arrivals.next(what, last, limitMs, "heartbeat", "login")).index + 1;
  }
}

export const heartbeatChecks: readonly ClientCheck[] = [
  {
    id: "client-heartbeat/interval",
    title:
      "calls Heartbeat each interval that Login gave, with the session's id, however often the stream brings something",
    server: quick,
    longMs: () => intervalMs * beats,
    run: async (t) => {
      const mark = t.server.arrivals.mark();
      const watch = await t.connect();
      let revision = 1;
      const news = setInterval(() => watch.send(status("alice", revision++)), intervalMs / 3);
      try {
        await beatsEvenly(t, mark, "a client must call Heartbeat each heartbeat interval");
      } finally {
        clearInterval(news);
      }
      const ids = t.server.arrivals.after(mark, "heartbeat").map(({ request }) => request.sessionId);
      t.equal([...new Set(ids)], ["session-1"], "the session ids of its heartbeats");
    },
  },
  {
    id: "client-heartbeat/asked",
    title: "calls Heartbeat at once where progress asks for it, each time that it asks",
    run: async (t) => {
      const watch = await t.connect();
      for (let time = 1; time <= 3; time++) {
        const mark = t.server.arrivals.mark();
        watch.send(asking);
        const what = `a client must call Heartbeat when heartbeat_requested is set (time ${time})`;
        await t.server.arrivals.next(what, mark, t.patienceMs, "heartbeat");
        // The answer is there before it is asked again.
        await t.fence(watch);
      }
    },
  },
  {
    id: "client-heartbeat/after-failure",
    title: "goes on calling Heartbeat after calls that failed, however many in a row",
    longMs: () => failuresInRow * shortMs,
    run: async (t) => {
      let failures = 0;
      // The lease outlasts them all.
      const lease = durationOf(90_000);
      t.server.script({
        login: () => ({
          sessionId: "session-1",
          epoch: firstEpoch,
          self: selfOf(t.user, 1),
          lease,
          heartbeatInterval: durationOf(shortMs),
        }),
        heartbeat: () => {
          if (failures++ < failuresInRow) throw new ConnectError("not now", Code.Unavailable);
          return { lease };
        },
      });
      let mark = t.server.arrivals.mark();
      await t.connect();
      for (let beat = 1; beat <= failuresInRow + 2; beat++) {
        const what = `a client must go on calling Heartbeat after ${failuresInRow} that failed (beat ${beat})`;
        const limitMs = shortMs * 2 + t.patienceMs;
        mark = (await t.server.arrivals.next(what, mark, limitMs, "heartbeat")).index + 1;
      }
    },
  },
  {
    id: "client-heartbeat/without-watch",
    title: "goes on calling Heartbeat while its Watch is refused",
    server: quick,
    longMs: () => intervalMs * beats,
    run: async (t) => {
      const watch = await t.connect();
      t.server.onWatch(() => {
        throw refusal("STORE_UNAVAILABLE", {}, 100);
      });
      const mark = t.server.arrivals.mark();
      watch.finish();
      await livesOn(t, mark, "a client whose Watch is refused must call Heartbeat each interval, or log in");
    },
  },
  {
    id: "client-heartbeat/new-session",
    title: "after a new login, calls Heartbeat with the new session's id, in its interval",
    run: async (t) => {
      const watch = await t.connect();
      const first = t.server.arrivals.mark();
      watch.send(asking);
      await t.server.arrivals.next("a client must answer heartbeat_requested", first, t.patienceMs, "heartbeat");
      await secondSession(t, watch, {}, intervalMs);
      const mark = t.server.arrivals.mark();
      await beatsEvenly(t, mark, "a client must call Heartbeat in the interval of its newest login");
      const ids = t.server.arrivals.after(mark, "heartbeat").map(({ request }) => request.sessionId);
      t.equal([...new Set(ids)], ["session-2"], "the session ids of its heartbeats after a new login");
    },
  },
];
