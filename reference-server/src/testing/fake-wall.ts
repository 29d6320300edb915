// A wall clock and timers that tests move by hand.

export interface FakeWall {
  readonly now: () => number;
  readonly schedule: (delayMs: number, run: () => void) => () => void;
  /** Runs everything that falls due, in due order. */
  readonly pass: (ms: number) => void;
  readonly armed: () => number;
}

export function createFakeWall(startMs = 1_800_000_000_000): FakeWall {
  let nowMs = startMs;
  let number = 0;
  const timers = new Map<number, { dueMs: number; run: () => void }>();
  return {
    now: () => nowMs,
    armed: () => timers.size,
    schedule: (delayMs, run) => {
      const id = ++number;
      timers.set(id, { dueMs: nowMs + delayMs, run });
      return () => timers.delete(id);
    },
    pass: (ms) => {
      const untilMs = nowMs + ms;
      for (;;) {
        const [next] = [...timers].filter(([, { dueMs }]) => dueMs <= untilMs).sort((a, b) => a[1].dueMs - b[1].dueMs);
        if (!next) break;
        const [id, { dueMs, run }] = next;
        timers.delete(id);
        nowMs = Math.max(nowMs, dueMs);
        run();
      }
      nowMs = untilMs;
    },
  };
}
