// How long this process could not run: a suite that stood still can't say that another was late.

/** How often it looks. */
const tickMs = 25;

export interface LagMeter {
  /** Longest stretch that a timer of this process came too late by, in milliseconds. */
  readonly maxMs: () => number;
  readonly stop: () => void;
}

export function createLagMeter(): LagMeter {
  let last = performance.now();
  let max = 0;
  const look = (): void => {
    const now = performance.now();
    max = Math.max(max, now - last - tickMs);
    last = now;
  };
  const timer = setInterval(look, tickMs);
  return {
    maxMs: () => {
      look();
      return max;
    },
    stop: () => clearInterval(timer),
  };
}
