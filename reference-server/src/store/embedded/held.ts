// Who waits for what to become durable. Changes are counted; a group makes all of them durable up to a number.
import type { Refused } from "../../core/refused.ts";

export interface Held {
  /** Number of the last change that was noted. */
  readonly last: number;
  noted(): void;
  hold(release: (durable: boolean) => void): boolean;
  settled(refusal: () => Refused): Promise<void> | undefined;
  /** Everything up to this number is durable. */
  durable(upTo: number): void;
  /** Everything noted was undone. */
  undone(): void;
}

export function createHeld(): Held {
  let last = 0;
  let durableUpTo = 0;
  /** In the order of their numbers. */
  let queue: { readonly upTo: number; readonly release: (durable: boolean) => void }[] = [];
  /** The promise that everyone shares who asks before the next change. */
  let shared: { readonly upTo: number; readonly promise: Promise<void> } | undefined;

  const hold = (release: (durable: boolean) => void): boolean => {
    if (durableUpTo >= last) return false;
    queue.push({ upTo: last, release });
    return true;
  };
  return {
    get last() {
      return last;
    },
    noted: () => {
      last++;
    },
    hold,
    settled: (refusal) => {
      if (durableUpTo >= last) return undefined;
      if (shared?.upTo === last) return shared.promise;
      const promise = new Promise<void>((resolve, reject) => {
        hold((durable) => (durable ? resolve() : reject(refusal())));
      });
      shared = { upTo: last, promise };
      return promise;
    },
    durable: (upTo) => {
      durableUpTo = Math.max(durableUpTo, upTo);
      let done = 0;
      for (const { upTo: needed, release } of queue) {
        if (needed > durableUpTo) break;
        done++;
        release(true);
      }
      if (done === queue.length) queue = [];
      else if (done > 0) queue.splice(0, done);
    },
    undone: () => {
      durableUpTo = last;
      const released = queue;
      queue = [];
      for (const { release } of released) release(false);
    },
  };
}
