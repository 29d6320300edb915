// A clock and timers that a test moves. Nothing fires by itself.
import type { Clock, Scheduler } from "../time.ts";

/** Time that stands still until it is moved. */
export interface FakeTime {
  readonly clock: Clock;
  readonly scheduler: Scheduler;
  /** Moves the clock, fires what falls due on the way in due order, and lets the code run on after each. */
  readonly advance: (ms: number) => Promise<void>;
  /** Lets promises, and the streams of the in-memory transport, run until they have nothing to do. */
  readonly settle: () => Promise<void>;
  /** Delays of the timers that wait, ascending. */
  readonly pending: () => number[];
}

/** Turns of the event loop after which the in-memory transport is quiet: it needs a handful. */
const quietTurns = 25;

export function createFakeTime(): FakeTime {
  let now = 1_000_000;
  const timers = new Set<{ readonly dueAt: number; readonly task: () => void }>();

  async function settle(): Promise<void> {
    for (let turn = 0; turn < quietTurns; turn += 1) await new Promise((resolve) => setImmediate(resolve));
  }

  return {
    clock: () => now,
    scheduler: {
      schedule: (delayMs, task) => {
        const timer = { dueAt: now + Math.max(0, delayMs), task };
        timers.add(timer);
        return () => {
          timers.delete(timer);
        };
      },
    },
    advance: async (ms) => {
      const until = now + ms;
      await settle();
      for (;;) {
        const [next] = [...timers].sort((a, b) => a.dueAt - b.dueAt);
        if (next === undefined || next.dueAt > until) break;
        now = next.dueAt;
        timers.delete(next);
        next.task();
        await settle();
      }
      now = until;
    },
    settle,
    pending: () => [...timers].map((timer) => timer.dueAt - now).sort((a, b) => a - b),
  };
}
