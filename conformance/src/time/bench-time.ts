// What the tiers of time have in common, seen from a bench.
import type { KeepAlive, TestSession, Time } from "../check.ts";
import { SuiteFault } from "../failure.ts";

/** A session as the tiers see it: something that can be kept alive. */
export interface Living {
  readonly leaseMs: () => number;
  readonly heartbeatMs: () => number;
  /** A Heartbeat. A refusal fails the check, if the session must live; else a session that is over is left alone. */
  readonly beat: (mustLive: boolean) => Promise<void>;
  /** Whether, by what the suite did to it, the server should count it as live. */
  readonly seemsLive: () => boolean;
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

export interface BenchTime extends Time {
  /** The server's time as last heard; for the transcript, without a call. */
  readonly lastKnown: () => number | undefined;
  /** Stops the clock (virtual tier); elsewhere nothing. */
  readonly freeze: () => Promise<void>;
  /** A check of the clock moved it itself. */
  readonly moved: (now: number) => void;
  /** After `justBefore`: why a failure now decides nothing, because the moment went by meanwhile. */
  readonly overdue: () => string | undefined;
}
