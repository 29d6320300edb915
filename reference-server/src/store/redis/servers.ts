// Which Redis server has which key: one that has all of them, or the masters of a cluster (cluster.ts).
import { createOneRedis } from "./one-redis.ts";

export interface Servers {
  readonly open: () => Promise<void>;
  /** A command, to the server that has the key. */
  readonly send: <T>(key: string, args: readonly string[]) => Promise<T>;
  /** Settles when so many replicas of the server that has the key have what was written there before. */
  readonly replicated: (key: string, count: number, limitMs: number) => Promise<void>;
  readonly subscribe: (channel: string) => Promise<void>;
  readonly unsubscribe: (channel: string) => Promise<void>;
  /**
   * Settles when everything that was told before has been heard. In microseconds: `least`, above which everything is that is committed from now on, and
   * `clock`, by which all nodes go.
   */
  readonly fence: () => Promise<{ readonly least: number; readonly clock: number }>;
  readonly close: () => void;
}

export interface ServersOptions {
  readonly url: string;
  readonly onConnection: (up: boolean, why: string) => void;
  /** Messages may have been lost since; listening stands again. */
  readonly onListening: () => void;
  readonly hear: (text: string, channel: string) => void;
}

/** One server. */
export function createSingle(options: ServersOptions): Servers {
  const redis = createOneRedis(options);
  return {
    ...redis,
    send: (_key, args) => redis.send(args),
    replicated: (_key, count, limitMs) => redis.replicated(count, limitMs),
    fence: async () => {
      const clock = await redis.fence();
      return { least: clock, clock };
    },
  };
}
