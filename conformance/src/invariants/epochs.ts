// The epoch of an app is the same in every answer and hello, until it is changed on purpose (SPEC §13: epoch-same).
import type { Observer, Sighting } from "./observer.ts";

export interface EpochBook {
  /** `where`: "hello", or the answer in words. */
  readonly seen: (at: Sighting, epoch: string, where: string) => void;
  /** The epoch of the app is being changed on purpose, until the function that this gives is called, with the new one if it is known. */
  readonly changing: (app: string) => (epoch?: string) => void;
}

export function createEpochBook({ observed, violated }: Pick<Observer, "observed" | "violated">): EpochBook {
  /** By app: the epochs that hold. Answers that were under way when it changed may give the older one. */
  const holding = new Map<string, Set<string>>();
  const changing = new Map<string, number>();
  /** Apps of which a hello was seen. */
  const streams = new Set<string>();
  return {
    seen: (at, epoch, where) => {
      const bytes = Buffer.byteLength(epoch);
      if (bytes < 1 || bytes > 64) {
        const what = `the epoch in ${where} must be of 1 to 64 bytes`;
        violated("epoch-same", at, { what, expected: "1 to 64 bytes", got: `${bytes} bytes` });
        return;
      }
      if (where === "hello") streams.add(at.app);
      const epochs = holding.get(at.app);
      if (epochs === undefined) return void holding.set(at.app, new Set([epoch]));
      // Answers that agree with each other alone prove little: a constant would do.
      if (streams.has(at.app)) observed("epoch-same");
      if (epochs.has(epoch)) return;
      if ((changing.get(at.app) ?? 0) > 0) return void epochs.add(epoch);
      const what = `the epoch in ${where} must be that of the app`;
      violated("epoch-same", at, {
        what,
        expected: [...epochs].map((known) => JSON.stringify(known)).join(" or "),
        got: JSON.stringify(epoch),
      });
      // Told once, not at each answer that follows.
      epochs.add(epoch);
    },
    changing: (app) => {
      changing.set(app, (changing.get(app) ?? 0) + 1);
      return (epoch) => {
        // However late it is seen for the first time, it is the app's from now on.
        if (epoch !== undefined) holding.set(app, (holding.get(app) ?? new Set()).add(epoch));
        changing.set(app, (changing.get(app) ?? 1) - 1);
      };
    },
  };
}
