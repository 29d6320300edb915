// How fast this machine and the way to the server are: round trip, lag of the event loop, and what margins follow.
import { monitorEventLoopDelay } from "node:perf_hooks";

export interface Pace {
  /** A round trip took so long. */
  readonly sample: (rttMs: number) => void;
  /** Typical round trip. */
  readonly rttMs: () => number;
  /** How late timers are, at worst, of late. */
  readonly lagMs: () => number;
  /** How long before a moment the suite must look to be sure to look before it. */
  readonly marginMs: () => number;
  readonly stop: () => void;
}

const keepMax = 32;

/** Measures from now on. Until the first sample a round trip counts as 5 ms. */
export function createPace(): Pace {
  const loop = monitorEventLoopDelay({ resolution: 10 });
  loop.enable();
  const samples: number[] = [];
  const rttMs = (): number => {
    const sorted = [...samples].sort((left, right) => left - right);
    return sorted[Math.floor(sorted.length / 2)] ?? 5;
  };
  // The histogram holds whole intervals: what is above the resolution is lag.
  const lagMs = (): number => Math.max(0, loop.percentile(95) / 1e6 - 10);
  return {
    sample: (rtt) => {
      samples.push(rtt);
      if (samples.length > keepMax) samples.shift();
    },
    rttMs,
    lagMs,
    marginMs: () => Math.min(500, Math.max(20, 4 * rttMs() + 2 * lagMs())),
    stop: () => void loop.disable(),
  };
}
