// Clock and timers as the client sees them, so that tests can put their own in place.

/** Milliseconds from any fixed origin; never runs backwards. */
export type Clock = () => number;

/** A number of at least 0 and below 1. */
export type Random = () => number;

/** Makes timers. */
export interface Scheduler {
  /** Runs `task` once after `delayMs`. The function returned takes it back; calling it later does nothing. */
  readonly schedule: (delayMs: number, task: () => void) => () => void;
}

/** Longest delay that JavaScript timers keep to; a longer one would fire at once. */
export const maxTimerMs: number = 2 ** 31 - 1;

/** The runtime's monotonic clock. */
export const systemClock: Clock = () => performance.now();

/** The runtime's timers. A delay beyond `maxTimerMs` (24.8 days) fires then: tasks with far aims look at the clock again. */
export const systemScheduler: Scheduler = {
  schedule: (delayMs, task) => {
    const timer = setTimeout(task, Math.min(Math.max(0, delayMs), maxTimerMs));
    return () => clearTimeout(timer);
  },
};
