// client-resume-advice: after watch_end a client comes back only where it may, after the delays given; never by itself after a kick.
import { WatchEndReason } from "@userstatus/protocol";
import { durationOf } from "../../units.ts";
import type { ClientBench, ClientCheck } from "../check.ts";
import type { MethodName } from "../server/arrivals.ts";
import { refusal } from "../server/replies.ts";
import { target } from "./lib.ts";

const { RESYNC, DRAIN, KICKED, LOGGED_OUT, REPLACED, USER_DELETED } = WatchEndReason;

/** Timers and clocks are no finer than this. */
const tickMs = 15;

const comingBack: readonly MethodName[] = ["watch", "login"];

/** Longer than the first waits of any client, so that one that comes back is seen. */
export function watchMs(t: ClientBench): number {
  return Math.min(6_000, Math.max(2_000, t.backoff.baseMs * 4));
}

/** Sees to it that it does not come back. */
export async function staysAway(t: ClientBench, mark: number, what: string): Promise<void> {
  await t.quiet(what, watchMs(t), () => {
    const [call] = t.server.arrivals.after(mark, ...comingBack);
    return call === undefined ? undefined : `a call of ${call.method}`;
  });
}

function endsForGood(id: string, reason: WatchEndReason, title: string): ClientCheck {
  const name = Object.entries(WatchEndReason).find(([, number]) => number === reason)?.[0] ?? String(reason);
  return {
    id: `client-resume-advice/${id}`,
    title,
    longMs: () => 2_000,
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 1) });
      const mark = t.server.arrivals.mark();
      watch.end({ reason });
      await staysAway(t, mark, `after ${name} without may_resume a client must not come back by itself`);
    },
  };
}

/** Delays that leave room for chance, and how often each client gets them. */
const spread = { minMs: 100, maxMs: 900 } as const;
const advisedTimes = 6;

async function advisedWaits(t: ClientBench): Promise<number[]> {
  const delays = { minDelay: durationOf(spread.minMs), maxDelay: durationOf(spread.maxMs) };
  const what = "after DRAIN with may_resume and delays a client must come back";
  const limitMs = spread.maxMs + t.backoff.maxMs + t.patienceMs;
  const waits: number[] = [];
  let watch = await t.connect();
  for (let time = 0; time < advisedTimes; time++) {
    const mark = t.server.arrivals.mark();
    const endedAtMs = watch.end({ reason: DRAIN, mayResume: true, ...delays });
    waits.push((await t.server.arrivals.next(what, mark, limitMs, ...comingBack)).atMs - endedAtMs);
    watch = await t.nextOpenWatch(what, {}, limitMs);
  }
  return waits;
}

export const adviceChecks: readonly ClientCheck[] = [
  {
    id: "client-resume-advice/delays",
    title: "comes back not before min_delay, and at about max_delay at the latest",
    longMs: () => 2_000,
    run: async (t) => {
      const [minMs, maxMs] = [900, 1_300];
      const watch = await t.connect({ events: target("alice", 1) });
      const mark = t.server.arrivals.mark();
      const delays = { minDelay: durationOf(minMs), maxDelay: durationOf(maxMs) };
      const endedAtMs = watch.end({ reason: DRAIN, mayResume: true, ...delays });
      const what = "after DRAIN with may_resume and delays a client must come back";
      const limitMs = maxMs + t.backoff.baseMs + t.patienceMs;
      const back = await t.server.arrivals.next(what, mark, limitMs, ...comingBack);
      const waitedMs = back.atMs - endedAtMs;
      t.ok(
        waitedMs >= minMs - tickMs,
        `the wait where min_delay is ${minMs} ms`,
        `at least ${minMs} ms`,
        `${Math.round(waitedMs)} ms`,
      );
      t.atMost(`the wait where max_delay is ${maxMs} ms`, waitedMs, maxMs + t.backoff.baseMs + t.patienceMs / 2);
      await t.nextOpenWatch(what);
    },
  },
  {
    id: "client-resume-advice/delays-again",
    title: "keeps to min_delay each time, and on a stream that was up for a moment only",
    longMs: () => 2_500,
    run: async (t) => {
      const minMs = 500;
      let watch = await t.connect();
      for (let time = 1; time <= 3; time++) {
        const endedAtMs = watch.end({ reason: RESYNC, mayResume: true, minDelay: durationOf(minMs) });
        const limitMs = minMs + t.backoff.maxMs + t.patienceMs;
        watch = await t.nextOpenWatch(
          `after RESYNC with may_resume a client must come back (time ${time})`,
          {},
          limitMs,
        );
        const waitedMs = watch.arrival.atMs - endedAtMs;
        t.ok(
          waitedMs >= minMs - tickMs,
          `the wait where min_delay is ${minMs} ms (time ${time})`,
          `at least ${minMs} ms`,
          `${Math.round(waitedMs)} ms`,
        );
      }
    },
  },
  {
    id: "client-resume-advice/delays-random",
    title:
      "waits at random between min_delay and max_delay: clients of a server that drains do not all come back at once",
    // Short: the delays are longer than the client's own waits.
    backoff: { baseMs: 20, maxMs: 50, stableMs: 10_000 },
    longMs: () => advisedTimes * 600,
    run: async (t) => {
      const other = await t.sibling();
      const waits = (await Promise.all([advisedWaits(t), advisedWaits(other)])).flat();
      // 12 random numbers from 0 to 1 are all below 0.2 once in 200 million times (0.2 ** 12).
      const leastMs = spread.minMs + 0.2 * (spread.maxMs - spread.minMs);
      t.ok(
        Math.max(...waits) >= leastMs,
        `the longest of ${waits.length} waits where min_delay is ${spread.minMs} ms and max_delay ${spread.maxMs} ms`,
        `at least ${leastMs} ms: each is at random between the two`,
        waits.map((ms) => `${Math.round(ms)} ms`).join(", "),
      );
    },
  },
  {
    id: "client-resume-advice/no-delays",
    title: "comes back where may_resume is set without any delay",
    run: async (t) => {
      const watch = await t.connect();
      watch.end({ reason: RESYNC, mayResume: true });
      await t.nextOpenWatch("after RESYNC with may_resume a client must come back");
    },
  },
  endsForGood("logged-out", LOGGED_OUT, "stays away after LOGGED_OUT without may_resume"),
  endsForGood(
    "replaced",
    REPLACED,
    "stays away after REPLACED without may_resume: two places would replace each other for ever",
  ),
  endsForGood("user-deleted", USER_DELETED, "stays away after USER_DELETED without may_resume"),
  endsForGood("unknown-reason", 90 as WatchEndReason, "stays away after an unknown reason without may_resume"),
  {
    id: "client-resume-advice/kicked",
    title: "after a kick nothing is called by itself, heartbeats neither",
    server: { heartbeatMs: 400 },
    longMs: () => 2_500,
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 1) });
      t.server.script({
        heartbeat: () => {
          throw refusal("SESSION_ENDED", { end_reason: "KICKED" });
        },
      });
      const mark = t.server.arrivals.mark();
      watch.end({ reason: KICKED });
      await t.quiet(
        "after a kick a client must not come back by itself, and its session has no use of heartbeats",
        watchMs(t),
        () => {
          const calls = t.server.arrivals.after(mark, "watch", "login", "heartbeat");
          const heartbeats = calls.filter(({ method }) => method === "heartbeat");
          // One may have been on its way.
          if (heartbeats.length <= 1 && calls.length === heartbeats.length) return undefined;
          return `calls of ${calls.map(({ method }) => method).join(", ")}`;
        },
      );
    },
  },
];
