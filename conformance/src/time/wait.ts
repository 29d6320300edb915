// The tiers scaled and real: the server's time runs by itself, and the suite waits for it, with the sessions kept
// alive meanwhile.
import { setMaxListeners } from "node:events";
import type { KeepAlive, Time } from "../check.ts";
import { Inconclusive } from "../failure.ts";
import { spoken } from "../units.ts";
import { type BenchTime, keptSessions, type Living, type LivingSessions, requireDuration } from "./bench-time.ts";
import type { Pace } from "./pace.ts";

export interface WaitingTimeOptions {
  readonly tier: Exclude<Time["tier"], "virtual">;
  /** One call that tells the server's time, in milliseconds; undefined if the server tells none. */
  readonly askServer: () => Promise<number | undefined>;
  readonly pace: Pace;
  readonly sessions: LivingSessions;
  readonly log: (text: string) => void;
  /** The check is over. */
  readonly over: AbortSignal;
  /** Monotonic, in milliseconds. */
  readonly localNow?: () => number;
}

export function createWaitingTime(options: WaitingTimeOptions): BenchTime {
  const { pace, over, localNow = () => performance.timeOrigin + performance.now() } = options;
  let offset: number | undefined;
  let offsetErrorMs = Number.POSITIVE_INFINITY;
  /** The largest error of a time that was given to the check: the instants that it names may be off by as much. */
  let givenErrorMs = 0;
  let mustHoldUntil: number | undefined;
  let actsBefore = false;
  /** What the check did before such a moment, and goes on from, may have come after it. */
  let hasMissed = false;
  const waits: Wait[] = [];

  const estimate = (): number => localNow() + (offset ?? 0);
  /** Between an instant that the check names and what the server takes for it. */
  const namedErrorMs = (): number => offsetErrorMs + givenErrorMs;
  const measure = async (): Promise<number> => {
    const sent = localNow();
    const server = await options.askServer();
    const rtt = localNow() - sent;
    pace.sample(rtt);
    const seen = (server ?? sent + rtt / 2) - (sent + rtt / 2);
    // The shortest round trip knows the offset best; a change beyond its error means that the server's clock was set.
    if (offset === undefined || rtt / 2 <= offsetErrorMs || Math.abs(seen - offset) > offsetErrorMs + rtt) {
      offset = seen;
      offsetErrorMs = rtt / 2;
    }
    return estimate();
  };
  const goOn = (): void => {
    hasMissed ||= actsBefore && mustHoldUntil !== undefined && estimate() + namedErrorMs() >= mustHoldUntil;
    mustHoldUntil = undefined;
  };
  const waitUntil = async (instant: number, keep: KeepAlive | undefined): Promise<void> => {
    const kept = new Set(keep === undefined ? [] : meantToLive(keep, options.sessions));
    const wait = { from: localNow(), until: Number.POSITIVE_INFINITY, kept };
    waits.push(wait);
    const stop = new AbortController();
    // Not AbortSignal.any: in Node 24.16 and later one that nobody listens to just then may lose its abort (nodejs/node#65995), and heartbeats went on for ever.
    const onOver = (): void => stop.abort();
    over.addEventListener("abort", onOver);
    if (over.aborted) stop.abort();
    // One listener for each session that is kept alive.
    setMaxListeners(0, stop.signal, over);
    const beating = beatMeanwhile(keep, options.sessions, stop.signal);
    try {
      for (let left = instant - estimate(); left > 0; left = instant - estimate()) {
        await Promise.race([pause(Math.ceil(left), over), beating.failed]);
        if (over.aborted) throw new Inconclusive("the check was over before the wait was");
      }
    } finally {
      over.removeEventListener("abort", onOver);
      stop.abort();
      await beating.done;
      wait.until = localNow();
    }
  };
  return {
    tier: options.tier,
    lastKnown: () => (offset === undefined ? undefined : Math.round(estimate())),
    moved: () => undefined,
    freeze: async () => undefined,
    overdue: () => {
      const isLate = mustHoldUntil !== undefined && estimate() + namedErrorMs() >= mustHoldUntil - pace.rttMs();
      if (isLate || hasMissed)
        return "this machine or the way to the server was too slow to look before the moment in question";
      const ranOut = [...options.sessions.values()].some((session) => leaseRanOut(session, waits));
      return ranOut ? "this machine was too slow: the lease of a session ran out between two calls" : undefined;
    },
    now: async () => {
      const instant = Math.floor(await measure());
      givenErrorMs = Math.max(givenErrorMs, offsetErrorMs);
      return instant;
    },
    errorMs: () => givenErrorMs,
    pass: async (ms, keep) => {
      requireDuration(ms);
      goOn();
      const from = await measure();
      options.log(`waiting ${spoken(ms)}`);
      await waitUntil(from + ms, keep);
    },
    justBefore: async (instant, keep, { acts = false } = {}) => {
      goOn();
      const from = await measure();
      const target = instant - pace.marginMs() - namedErrorMs();
      options.log(`waiting ${spoken(Math.max(0, target - from))}, to just before ${new Date(instant).toISOString()}`);
      await waitUntil(target, keep);
      if (estimate() + namedErrorMs() + pace.rttMs() >= instant)
        throw new Inconclusive("the moment to look at had passed before the suite could look");
      mustHoldUntil = instant;
      actsBefore = acts;
    },
    reach: async (instant, keep) => {
      goOn();
      const from = await measure();
      options.log(`waiting ${spoken(Math.max(0, instant - from))}, to ${new Date(instant).toISOString()}`);
      await waitUntil(instant + namedErrorMs() + 2, keep);
    },
  };
}

/** A wait of the check. */
interface Wait {
  readonly from: number;
  until: number;
  /** Whom it was to keep alive: their silence in it is not on purpose. */
  readonly kept: ReadonlySet<Living>;
}

/** Whom a wait is to keep alive, also those who were too long without a sign when it began. */
function meantToLive(keep: KeepAlive, sessions: LivingSessions): Living[] {
  return keep === "all" ? [...sessions.values()].filter((session) => session.isKept()) : keptSessions(keep, sessions);
}

/** Whether the suite let a lease run out by being slow. What a check waits on purpose is its own affair. */
function leaseRanOut(session: Living, waits: readonly Wait[]): boolean {
  const leaseMs = session.leaseMs();
  return session.silences().some(({ from, until }) => {
    const onPurpose = waits
      .filter(({ kept }) => !kept.has(session))
      .map((wait) => Math.max(0, Math.min(wait.until, until) - Math.max(wait.from, from)))
      .reduce((sum, ms) => sum + ms, 0);
    // A wait of most of a lease is one for its end.
    return until - from >= leaseMs && onPurpose < leaseMs * 0.75;
  });
}

/** Ends early, without a word, when the signal says so. */
function pause(ms: number, stop: AbortSignal): Promise<void> {
  const timeoutMaxMs = 2_000_000_000;
  return new Promise((resolve) => {
    const end = (): void => {
      clearTimeout(timer);
      stop.removeEventListener("abort", end);
      resolve();
    };
    const timer = setTimeout(end, Math.min(ms, timeoutMaxMs));
    stop.addEventListener("abort", end);
    if (stop.aborted) end();
  });
}

interface Beating {
  /** Rejects if a session that must live could not be kept alive; else never settles. */
  readonly failed: Promise<never>;
  /** Settles when no heartbeat is under way any more. */
  readonly done: Promise<void>;
}

function beatMeanwhile(keep: KeepAlive | undefined, sessions: LivingSessions, stop: AbortSignal): Beating {
  let fail: (error: unknown) => void = () => undefined;
  const failed = new Promise<never>((_, reject) => {
    fail = reject;
  });
  failed.catch(() => undefined);
  if (keep === undefined) return { failed, done: Promise.resolve() };
  const beat = async (): Promise<void> => {
    while (!stop.aborted) {
      const kept = keptSessions(keep, sessions);
      await Promise.all(kept.map((session) => session.beat(keep !== "all")));
      const intervals = kept.map((session) => Math.min(session.heartbeatMs(), session.leaseMs() / 3));
      await pause(Math.max(5, Math.min(60_000, ...intervals)), stop);
    }
  };
  const done = beat().catch((error: unknown) => {
    if (!stop.aborted) fail(error);
  });
  return { failed, done };
}
