// Wakes whoever waits for something to change, and bounds the wait.
export interface Waiter {
  readonly wake: () => void;
  /** True at the next change, false when the time is over. */
  readonly changed: (untilMs: number) => Promise<boolean>;
}

/** `untilMs` is of `performance.now()`. */
export function createWaiter(): Waiter {
  const sleepers = new Set<() => void>();
  return {
    wake: () => {
      for (const sleeper of sleepers) sleeper();
      sleepers.clear();
    },
    changed: (untilMs) =>
      new Promise((resolve) => {
        const leftMs = untilMs - performance.now();
        if (leftMs <= 0) return resolve(false);
        const timer = setTimeout(() => {
          sleepers.delete(awake);
          resolve(false);
        }, leftMs);
        const awake = (): void => {
          clearTimeout(timer);
          resolve(true);
        };
        sleepers.add(awake);
      }),
  };
}
