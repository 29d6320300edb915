// Gets a newer token before the one in use runs out, and tells the server with a Heartbeat.
import { type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import { type Clock, maxTimerMs, type Scheduler } from "./time.ts";

/** Looks ahead to the end of the token. */
export interface TokenRenewal {
  /**
   * What an answer says of the token. Both times are the server's, so this machine's clock need not be right.
   * @param expireTime unset: never
   */
  readonly observe: (expireTime: Timestamp | undefined, serverTime: Timestamp | undefined) => void;
  readonly stop: () => void;
}

export interface TokenRenewalOptions {
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  /** Called ahead of the end, which is `remainingMs` away. */
  readonly onExpiring: (remainingMs: number) => void;
  /** Whether one call per end is enough: nobody but the app can do something about it. */
  readonly once: boolean;
}

/** Renewal begins this long before the end, or after 4/5 of what is left of a token that lives shorter. */
const aheadMs = 60_000;
const aheadPart = 1 / 5;

/** Least time between two tries: a token function that gives the same token again must not make the client spin. */
const leastMs = 1_000;

export function createTokenRenewal(options: TokenRenewalOptions): TokenRenewal {
  const { scheduler, clock } = options;
  let cancelTimer = (): void => {};
  /** End that the timer looks ahead to; that which was told last. */
  let armedForMs: number | undefined;
  let toldOfMs: number | undefined;

  function arm(dueAt: number, expiresAt: number, expireMs: number): void {
    cancelTimer = scheduler.schedule(Math.min(dueAt - clock(), maxTimerMs), () => {
      // A far aim is reached in several steps.
      if (clock() < dueAt) {
        arm(dueAt, expiresAt, expireMs);
        return;
      }
      armedForMs = undefined;
      toldOfMs = expireMs;
      options.onExpiring(Math.max(0, expiresAt - clock()));
    });
  }

  return {
    observe: (expireTime, serverTime) => {
      const expireMs = expireTime === undefined ? undefined : timestampMs(expireTime);
      // Each heartbeat tells the same end again; arming anew would push a part of what is left ever closer to it.
      if (expireMs !== undefined && expireMs === armedForMs) return;
      cancelTimer();
      armedForMs = undefined;
      if (expireMs === undefined || serverTime === undefined || (options.once && expireMs === toldOfMs)) return;
      const remainingMs = expireMs - timestampMs(serverTime);
      // Past its end the stream or the next call tells.
      if (remainingMs <= 0) return;
      const now = clock();
      const waitMs = remainingMs - Math.min(aheadMs, remainingMs * aheadPart);
      armedForMs = expireMs;
      arm(now + Math.max(leastMs, waitMs), now + remainingMs, expireMs);
    },
    stop: () => {
      cancelTimer();
      armedForMs = undefined;
    },
  };
}
