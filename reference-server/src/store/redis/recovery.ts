// After messages were lost: whether Redis has lost changes, too, or its clock went back. Either ends in a new epoch of every app, for cursors speak of numbers that stand no more, or come again.
import type { Apps } from "./apps.ts";
import type { Interest } from "./interest.ts";
import type { RedisLink } from "./link.ts";

export interface Recovery {
  /** The connection is lost. */
  interrupted(): void;
  /** Listening stands again. Tried again until it has been done. */
  resumed(): void;
  /** Redis stands at this number. */
  fenced(seq: number): void;
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
  let cancel = (): void => {};
  let stopped = false;

  const isMissing = (seq: number | undefined): void => {
    if (seq !== undefined) lostUpTo = Math.max(lostUpTo ?? 0, seq);
  };
  const recover = async (): Promise<void> => {
    isMissing(await link.lost());
    isMissing(await apps.lost());
    const isLost = lostUpTo !== undefined || isBack;
    await apps.renew(lostUpTo);
    lostUpTo = undefined;
    isBack = false;
    if (isLost) onLost?.();
  };
  const resumed = (): void => interest.resumed(recover, () => schedule(retryAfterMs, resumed));
  const look = (): void => {
    if (stopped) return;
    cancel = schedule(lookEveryMs, () => void interest.catchUp().catch(onFault).finally(look));
  };
  return {
    interrupted: apps.interrupted,
    resumed,
    fenced: (seq) => {
      if (!apps.fenced(seq) || isBack) return;
      isBack = true;
      resumed();
    },
    start: look,
    stop: () => {
      stopped = true;
      cancel();
    },
  };
}
