// Transitions that fall due. Every node looks in turn at all buckets, takes those that are due for a few seconds, and settles them; those that a node took and did not
// settle come up again. Settling is at the due time, so whoever does it computes the same.
import { bucketCount, splitUserKey } from "./keys.ts";
import type { RedisLink } from "./link.ts";

export interface DueRounds {
  start(): void;
  stop(): void;
}

export interface DueOptions {
  readonly link: RedisLink;
  readonly schedule: (delayMs: number, run: () => void) => () => void;
  readonly settle: (appId: string, userId: string) => Promise<unknown>;
  readonly onFault: (fault: unknown) => void;
}

/** Between two rounds over all buckets: how late others see what fell due, at most, while nobody reads. */
const roundMs = 100;
/** How long those who were taken are left alone by other nodes. */
const leaseMs = 5_000;
const sliceMax = 64;

export function createDueRounds({ link, schedule, settle, onFault }: DueOptions): DueRounds {
  let cancel = (): void => {};
  let stopped = false;

  const round = async (): Promise<void> => {
    const nowMs = Math.floor(link.now());
    for (let more = true; more && !stopped; ) {
      const buckets = Array.from({ length: bucketCount }, (_, bucket) => link.claim(bucket, nowMs, leaseMs, sliceMax));
      const taken = await Promise.all(buckets);
      more = taken.some((users) => users.length === sliceMax);
      await Promise.all(
        taken.flat().map(async (user) => {
          const { appId, userId } = splitUserKey(user);
          await settle(appId, userId).catch(onFault);
        }),
      );
    }
  };
  const next = (): void => {
    if (stopped) return;
    cancel = schedule(roundMs, () => void round().catch(onFault).finally(next));
  };
  return {
    start: next,
    stop: () => {
      stopped = true;
      cancel();
    },
  };
}
