// One Redis server: a connection for commands, and one for listening, on which a command's reply also fences what was heard before it (RESP3).
import { createClient } from "@redis/client";
import { LinkDown } from "./link.ts";

export interface OneRedisOptions {
  readonly url: string;
  /** Told of each loss of a connection, and of its return. */
  readonly onConnection: (up: boolean, why: string) => void;
  /** What was listened to is listened to again; messages may have been lost. */
  readonly onListening: () => void;
  readonly hear: (text: string, channel: string) => void;
}

export interface OneRedis {
  readonly open: () => Promise<void>;
  readonly send: <T>(args: readonly string[]) => Promise<T>;
  /** The same at a server that is about to get the slot. */
  readonly asking: <T>(args: readonly string[]) => Promise<T>;
  readonly subscribe: (channel: string) => Promise<void>;
  readonly unsubscribe: (channel: string) => Promise<void>;
  /** Its clock in microseconds, answered behind everything that was told before. */
  readonly fence: () => Promise<number>;
  /** Settles when so many replicas have what was written here before; one question for all who ask in one turn. */
  readonly replicated: (count: number, limitMs: number) => Promise<void>;
  readonly close: () => void;
}

const reconnectMinMs = 50;
const reconnectMaxMs = 1_000;

type Client = ReturnType<typeof createClient>;

export function createOneRedis({ url, onConnection, onListening, hear }: OneRedisOptions): OneRedis {
  const connect = (): Client =>
    createClient({
      url,
      RESP: 3,
      disableOfflineQueue: true,
      // Waits are bounded by who asks, by one timer for all.
      commandOptions: { timeout: 0 },
      socket: { reconnectStrategy: (tries) => Math.min(reconnectMaxMs, reconnectMinMs * 2 ** Math.min(tries, 8)) },
    }) as unknown as Client;
  const [commands, ears] = [connect(), connect()];
  let closed = false;

  for (const client of [commands, ears]) {
    let isDown = false;
    let wasUp = false;
    client.on("error", (error: Error) => {
      // Once, not with each try to come back.
      if (!closed && !isDown) onConnection(false, error.message);
      isDown = true;
    });
    client.on("ready", () => {
      isDown = false;
      if (wasUp) {
        onConnection(true, client === ears ? "listening again" : "connected again");
        onListening();
      }
      wasUp = true;
    });
  }
  const send = <T>(args: readonly string[]): Promise<T> => commands.sendCommand([...args]) as Promise<T>;

  let asking: Promise<void> | undefined;
  const ask = async (count: number, limitMs: number): Promise<void> => {
    await Promise.resolve();
    asking = undefined;
    const found = Number(await send(["WAIT", String(count), String(limitMs)]));
    if (found < count) throw new LinkDown(`${found} replicas of ${count} had the change within ${limitMs} ms`);
  };

  return {
    replicated: (count, limitMs) => {
      asking ??= ask(count, limitMs);
      return asking;
    },
    open: async () => void (await Promise.all([commands.connect(), ears.connect()])),
    send,
    asking: async (args) => {
      // Both leave in one turn, one behind the other.
      const [, answer] = await Promise.all([send(["ASKING"]), send(args)]);
      return answer as never;
    },
    subscribe: (channel) => ears.sSubscribe(channel, hear),
    unsubscribe: (channel) => ears.sUnsubscribe(channel, hear),
    fence: async () => microseconds((await ears.sendCommand(["TIME"])) as unknown as string[]),
    close: () => {
      closed = true;
      for (const client of [commands, ears]) if (client.isOpen) client.destroy();
    },
  };
}

function microseconds(time: readonly (string | number)[]): number {
  return Number(time[0]) * 1e6 + Number(time[1]);
}
