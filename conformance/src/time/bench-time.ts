// What the tiers of time have in common, seen from a bench.
import type { KeepAlive, TestSession, Time } from "../check.ts";
import { CheckFailure, SuiteFault } from "../failure.ts";

/** A session as the tiers see it: something that can be kept alive. */
export interface Living {
  readonly leaseMs: () => number;
  readonly heartbeatMs: () => number;
  /** A Heartbeat. A refusal fails the check, if the session must live; else a session that is over is left alone. */
  readonly beat: (mustLive: boolean) => Promise<void>;
  /** The suite has ended neither it nor its link. */
  readonly isKept: () => boolean;
  /** Whether, by what the suite did to it, the server should count it as live. */
  readonly seemsLive: () => boolean;
  /** Stretches without a sign of life of a session that the suite has not ended, nor its link: the present one, and those of a lease or more. */
  readonly silences: () => readonly Silence[];
}

/** Local time in milliseconds since 1970. */
export interface Silence {
  readonly from: number;
  readonly until: number;
}

/** The sessions of a check, to be found by what checks hold of them. */
export type LivingSessions = ReadonlyMap<TestSession, Living>;

/** Which sessions a KeepAlive names; "all": those that seem live. */
export function keptSessions(keep: KeepAlive, sessions: LivingSessions): Living[] {
  if (keep === "all") return [...sessions.values()].filter((session) => session.seemsLive());
  return keep.map((session) => {
    const living = sessions.get(session);
    if (living === undefined) throw new SuiteFault("a session of another check can't be kept alive");
    return living;
  });
}

/** Durations come from the server's answers, too: what it left out shows here as no number, and is its fault. */
export function requireDuration(ms: number): void {
  if (ms >= 0 && ms <= Number.MAX_SAFE_INTEGER) return;
  const what = "could not be reached: time must be able to pass by what follows from the server's times";
  throw new CheckFailure(what, "0 ms or more", `${ms} ms`);
}

export interface BenchTime extends Time {
  /** The server's time as last heard; for the transcript, without a call. */
  readonly lastKnown: () => number | undefined;
  /** Stops the clock (virtual tier); elsewhere nothing. */
  readonly freeze: () => Promise<void>;
  /** A check of the clock moved it itself. */
  readonly moved: (now: number) => void;
  /**
   * Why a failure now decides nothing, because this machine was too slow: the moment of a `justBefore` went by before what was to be done was, or
   * a lease ran out that no wait of the check was to let run out.
   */
  readonly overdue: () => string | undefined;
}
