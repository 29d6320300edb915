// After messages were lost: whether Redis has lost changes, too, or its clock went back. Either ends in a new epoch of every app, for cursors speak of numbers that stand no more, or come again.
import type { Apps } from "./apps.ts";
import type { Interest } from "./interest.ts";
import type { RedisLink } from "./link.ts";

export interface Recovery {
  /** The connection is lost. */
  interrupted(): void;
  /** Listening stands again. Tried again until it has been done. */
  resumed(): void;
  /** The clock of Redis went back. */
  clockBack(): void;
  /** Looks at the clock of Redis regularly: who has no Watch open would not notice where it goes, and cursors of his are with clients. */
  start(): void;
  stop(): void;
}

export interface RecoveryOptions {
  readonly link: RedisLink;
  readonly apps: Apps;
  readonly interest: Interest;
  readonly schedule: (delayMs: number, run: () => void) => () => void;
  readonly onFault: (fault: unknown) => void;
  /** The apps have new epochs. */
  readonly onLost: (() => void) | undefined;
}

export const retryAfterMs = 1_000;
const lookEveryMs = 1_000;

export function createRecovery({ link, apps, interest, schedule, onFault, onLost }: RecoveryOptions): Recovery {
  /** Numbers up to this one say nothing any more, and the apps have no new epochs yet. */
  let lostUpTo: number | undefined;
  let isBack = false;
  let cancelLook = (): void => {};
  let cancelRetry = (): void => {};
  let stopped = false;

  const isMissing = (seq: number | undefined): void => {
    if (seq !== undefined) lostUpTo = Math.max(lostUpTo ?? 0, seq);
  };
  const recover = async (): Promise<void> => {
    const since = apps.interruptions;
    isMissing(await link.lost());
    isMissing(await apps.lost());
    const isLost = lostUpTo !== undefined || isBack;
    const wasBack = isBack;
    isBack = false;
    try {
      await apps.renew(lostUpTo, since);
    } catch (error) {
      isBack ||= wasBack;
      throw error;
    }
    lostUpTo = undefined;
    if (isLost) onLost?.();
  };
  const resumed = (): void => {
    if (stopped) return;
    interest.resumed(recover, () => {
      cancelRetry();
      if (!stopped) cancelRetry = schedule(retryAfterMs, resumed);
    });
  };
  const look = (): void => {
    if (stopped) return;
    cancelLook = schedule(lookEveryMs, () => void interest.catchUp().catch(onFault).finally(look));
  };
  return {
    interrupted: apps.interrupted,
    resumed,
    clockBack: () => {
      apps.clockBack();
      isBack = true;
      resumed();
    },
    start: look,
    stop: () => {
      stopped = true;
      cancelLook();
      cancelRetry();
    },
  };
}
