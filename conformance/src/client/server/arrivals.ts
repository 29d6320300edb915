// Every call that reached the scripted server, in order, and waiting for the next one.
import { performance } from "node:perf_hooks";
import { NothingCame } from "../../failure.ts";
import { spoken } from "../../units.ts";

/** Names of the methods, as routers have them. */
export type MethodName =
  | "getServerInfo"
  | "login"
  | "logout"
  | "heartbeat"
  | "setCustomStatus"
  | "queryStatuses"
  | "subscribe"
  | "unsubscribe"
  | "listSubscriptions"
  | "sync"
  | "watch";

/** One call. */
export interface Arrival {
  /** Its place, from 0. */
  readonly index: number;
  readonly method: MethodName;
  /** When it came: milliseconds that never run backwards. */
  readonly atMs: number;
  readonly request: Readonly<Record<string, unknown>>;
  readonly token: string;
  /** `connect`, `grpc` or `grpc-web`. */
  readonly protocol: string;
}

export interface Arrivals {
  readonly all: readonly Arrival[];
  readonly add: (arrival: Omit<Arrival, "index" | "atMs">) => Arrival;
  /** A point for `after` and `next`. */
  readonly mark: () => number;
  /** Calls of these methods from a mark on. */
  readonly after: (mark: number, ...methods: MethodName[]) => readonly Arrival[];
  /** The first call of these methods from a mark on; waits for it. Fails the check, in the words of `what`, when `limitMs` end. */
  readonly next: (what: string, mark: number, limitMs: number, ...methods: MethodName[]) => Promise<Arrival>;
}

/** A client that calls more often than this in one check is stopped. */
export const arrivalsMax = 5_000;

export function createArrivals(): Arrivals {
  const all: Arrival[] = [];
  const listeners = new Set<() => void>();
  const after = (mark: number, ...methods: MethodName[]): readonly Arrival[] =>
    all.slice(mark).filter(({ method }) => methods.includes(method));
  return {
    all,
    add: (arrival) => {
      const whole = { ...arrival, index: all.length, atMs: performance.now() };
      all.push(whole);
      for (const listener of [...listeners]) listener();
      return whole;
    },
    mark: () => all.length,
    after,
    next: (what, mark, limitMs, ...methods) =>
      new Promise((resolve, reject) => {
        const look = (): void => {
          const found = after(mark, ...methods)[0];
          if (found === undefined) return;
          stop();
          resolve(found);
        };
        const timer = setTimeout(() => {
          stop();
          reject(new NothingCame(what, `a call of ${methods.join(" or ")}`, `none within ${spoken(limitMs)}`));
        }, limitMs);
        const stop = (): void => {
          clearTimeout(timer);
          listeners.delete(look);
        };
        listeners.add(look);
        look();
      }),
  };
}
