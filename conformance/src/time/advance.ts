// The virtual tier: time that stands still, and moves by the test clock exactly as far as a check says.
import type { Client } from "@connectrpc/connect";
import type { TestingService } from "@userstatus/protocol/testing";
import type { KeepAlive } from "../check.ts";
import { asFailure, CheckFailure, SuiteFault } from "../failure.ts";
import { durationOf, instantOf, spoken } from "../units.ts";
import { type BenchTime, keptSessions, type Living, type LivingSessions, requireDuration } from "./bench-time.ts";

/** Largest step that AdvanceClock takes. */
const stepMaxMs = 400 * 86_400_000;
/** More steps with heartbeats than this are a mistake of the check: `"all"` is for long stretches. */
const keptStepsMax = 4000;

export interface VirtualTimeOptions {
  readonly testing: Client<typeof TestingService>;
  readonly sessions: LivingSessions;
  /** A line in the transcript. */
  readonly log: (text: string) => void;
}

/** Not frozen yet: `freeze` is the first thing to call. */
export function createVirtualTime(options: VirtualTimeOptions): BenchTime {
  let known: number | undefined;

  const advance = async (ms: number, holdLeases: boolean): Promise<number> => {
    const before = known;
    try {
      const answer = await options.testing.advanceClock({ duration: durationOf(ms), holdLeases });
      known = instantOf(answer.now);
    } catch (error) {
      throw asFailure(error, `the test clock must move by ${spoken(ms)}`);
    }
    if (known === undefined)
      throw new CheckFailure("could not be reached: AdvanceClock must answer with its time", "a time", "none");
    options.log(`the clock moved by ${ms} ms${holdLeases ? ", leases held" : ""}`);
    if (before !== undefined && known !== before + ms) {
      const what = `could not be reached: AdvanceClock by ${ms} ms must move the clock by that`;
      throw new CheckFailure(what, new Date(before + ms).toISOString(), new Date(known).toISOString());
    }
    return known;
  };
  const current = (): number => {
    if (known === undefined) throw new SuiteFault("the clock was not stopped");
    return known;
  };
  const move = async (ms: number, keep: KeepAlive | undefined): Promise<void> => {
    requireDuration(ms);
    if (keep !== undefined && keep !== "all")
      return moveWithHeartbeats(Math.ceil(ms), keptSessions(keep, options.sessions), advance);
    for (let left = Math.ceil(ms); left > 0; left -= stepMaxMs)
      await advance(Math.min(left, stepMaxMs), keep === "all");
  };
  return {
    tier: "virtual",
    lastKnown: () => known,
    overdue: () => undefined,
    moved: (now) => {
      known = now;
    },
    freeze: async () => void (await advance(0, false)),
    now: async () => current(),
    errorMs: () => 0,
    pass: move,
    justBefore: async (instant, keep) => {
      // Instants come from the server's answers: one behind its own test clock is the server's doing.
      if (instant <= current()) {
        const what = "could not be reached: an instant that the server has named must lie ahead of its test clock";
        throw new CheckFailure(
          what,
          `later than ${new Date(current()).toISOString()}`,
          new Date(instant).toISOString(),
        );
      }
      await move(instant - 1 - current(), keep);
    },
    reach: async (instant, keep) => move(Math.max(0, instant - current()), keep),
  };
}

/**
 * Steps below half of the smallest lease, a Heartbeat of each session before each; exact to the millisecond at the
 * end.
 */
async function moveWithHeartbeats(
  ms: number,
  sessions: readonly Living[],
  advance: (ms: number, holdLeases: boolean) => Promise<number>,
): Promise<void> {
  const leaseMs = Math.min(...sessions.map((session) => session.leaseMs()));
  const stepMs = Math.max(1, Math.min(Math.floor(leaseMs / 2) - 1, stepMaxMs));
  if (ms / stepMs > keptStepsMax)
    throw new SuiteFault(`${spoken(ms)} is too long for heartbeats every ${spoken(stepMs)}`);
  for (let left = ms; left > 0; left -= stepMs) {
    for (const session of sessions) await session.beat(true);
    await advance(Math.min(left, stepMs), false);
  }
}
