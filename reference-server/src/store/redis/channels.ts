// Channels that are listened to. Who leaves one is often back at once (a Watch that replaces another), and a client library is at its worst when both are under way: so
// leaving waits a while, and one step on a channel follows the other.

export interface Channels {
  /** Settles when messages come. */
  join(channel: string): Promise<void>;
  leave(channel: string): void;
  close(): void;
}

export interface ChannelsOptions {
  readonly subscribe: (channel: string) => Promise<void>;
  readonly unsubscribe: (channel: string) => Promise<void>;
}

const leaveAfterMs = 2_000;

export function createChannels({ subscribe, unsubscribe }: ChannelsOptions): Channels {
  const joined = new Map<string, Promise<void>>();
  const leaving = new Map<string, Promise<void>>();
  // In the order in which they were left.
  const left = new Map<string, number>();

  const sweep = (): void => {
    const untilMs = performance.now() - leaveAfterMs;
    for (const [channel, atMs] of left) {
      if (atMs > untilMs) break;
      left.delete(channel);
      joined.delete(channel);
      const work = unsubscribe(channel)
        .catch(() => {})
        .finally(() => leaving.delete(channel));
      leaving.set(channel, work);
    }
  };
  const timer = setInterval(sweep, leaveAfterMs / 4);
  timer.unref();

  return {
    join: (channel) => {
      left.delete(channel);
      const known = joined.get(channel);
      if (known !== undefined) return known;
      const before = leaving.get(channel);
      const work = before === undefined ? subscribe(channel) : before.then(() => subscribe(channel));
      joined.set(channel, work);
      work.catch(() => {
        if (joined.get(channel) === work) joined.delete(channel);
      });
      return work;
    },
    leave: (channel) => {
      if (joined.has(channel)) left.set(channel, performance.now());
    },
    close: () => clearInterval(timer),
  };
}
