// Calls Heartbeat each interval and when asked, one at a time. Implements SPEC §19: client-heartbeat.
import type { Scheduler } from "./time.ts";

/** Keeps a session's lease fresh. */
export interface Heartbeat {
  /** Begins, or goes on with another interval; the first beat comes after one interval. */
  readonly start: (intervalMs: number) => void;
  /** Beats now; joins the beat that is under way, if there is one. Rejects as `send` does. */
  readonly beat: () => Promise<void>;
  /** Beats now with the state of now: a beat that is under way is awaited first. */
  readonly beatAnew: () => Promise<void>;
  readonly stop: () => void;
}

export interface HeartbeatOptions {
  readonly scheduler: Scheduler;
  /** Makes the call. */
  readonly send: () => Promise<void>;
  /** Told when a beat by the timer failed. */
  readonly onError: (error: unknown) => void;
}

/**
 * A beat that failed is tried again after this part of the interval: the lease is some intervals long, so there is time
 * for a few.
 */
const retryPart = 1 / 4;

export function createHeartbeat(options: HeartbeatOptions): Heartbeat {
  const { scheduler, send } = options;
  let intervalMs = 0;
  let running = false;
  let cancelTimer = (): void => {};
  let beating: Promise<void> | undefined;

  function arm(delayMs: number): void {
    cancelTimer();
    if (running) cancelTimer = scheduler.schedule(delayMs, onTimer);
  }

  function onTimer(): void {
    beat().catch(options.onError);
  }

  function beat(): Promise<void> {
    beating ??= run().finally(() => {
      beating = undefined;
    });
    return beating;
  }

  async function run(): Promise<void> {
    // The next beat is due one interval after this one began, however long the answer takes.
    arm(intervalMs);
    try {
      await send();
    } catch (error) {
      arm(intervalMs * retryPart);
      throw error;
    }
  }

  return {
    start: (nextIntervalMs) => {
      intervalMs = nextIntervalMs;
      running = true;
      arm(intervalMs);
    },
    beat,
    beatAnew: async () => {
      await beating?.catch(() => {});
      await beat();
    },
    stop: () => {
      running = false;
      cancelTimer();
    },
  };
}
