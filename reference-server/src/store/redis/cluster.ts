// The masters of a Redis Cluster. Each has a connection of its own to listen on, so that each can be fenced. Who has a slot is asked again when a server says that it is
// not the one, when a connection is lost, and each second: a move that nobody told of is found by that.
import { LinkDown } from "./link.ts";
import { createOneRedis, type OneRedis } from "./one-redis.ts";
import type { Servers, ServersOptions } from "./servers.ts";
import { addressOf, type SlotMap, slotMapOf, slotOf } from "./slots.ts";

const lookEveryMs = 1_000;
/** Between tries of a command while slots move or a replica takes over. */
const retryMs = 50;
const triesMax = 40;

interface Options extends ServersOptions {
  /** Longest that a command is tried again. */
  readonly limitMs: number;
}

/** `redis+cluster://USER:PASSWORD@HOST:PORT,HOST:PORT` or `rediss+cluster://…`: any servers of the cluster. */
export function createCluster({ url, onConnection, onListening, hear, limitMs }: Options): Servers {
  const { scheme, credentials, seeds } = partsOf(url);
  const servers = new Map<string, { readonly one: OneRedis; readonly opened: Promise<OneRedis> }>();
  /** Of those that are listened to: where. */
  const channels = new Map<string, string>();
  /** Those whose slot is at another master by now. */
  const strays = new Set<string>();
  let map: SlotMap = [];
  let masters: readonly string[] = [];
  let looking: Promise<void> | undefined;
  let moving: Promise<void> = Promise.resolve();
  let timer: NodeJS.Timeout | undefined;
  let closed = false;

  const serverAt = (address: string): Promise<OneRedis> => {
    if (address === "") return Promise.reject(new LinkDown("no master is known for this slot"));
    const known = servers.get(address);
    if (known !== undefined) return known.opened;
    const one = createOneRedis({
      url: `${scheme}://${credentials}${address}`,
      hear,
      onListening,
      onConnection: (up, why) => {
        onConnection(up, `${address}: ${why}`);
        if (!up) void look().catch(() => {});
      },
    });
    const opened = one.open().then(
      () => one,
      (error: unknown) => {
        one.close();
        if (servers.get(address)?.one === one) servers.delete(address);
        throw error;
      },
    );
    servers.set(address, { one, opened });
    opened.catch(() => {});
    return opened;
  };

  /** Asks who has which slot; servers that are known are tried in turn. One at a time. */
  const look = (): Promise<void> => {
    looking ??= (async () => {
      let fault: unknown = new LinkDown("no server of the cluster is known");
      for (const address of new Set([...servers.keys(), ...seeds])) {
        try {
          const server = await soon(serverAt(address), limitMs);
          const answer = await soon(server.send(["CLUSTER", "SLOTS"]), limitMs);
          take(slotMapOf(answer, hostOf(address)));
          return;
        } catch (error) {
          fault = error;
        }
      }
      throw fault;
    })().finally(() => {
      looking = undefined;
    });
    return looking;
  };

  const take = (next: SlotMap): void => {
    if (next.some((address, slot) => address !== map[slot])) {
      map = next;
      masters = [...new Set(next)].filter((address) => address !== "");
      for (const [address, { one }] of servers) {
        if (masters.includes(address)) continue;
        servers.delete(address);
        // Also one that was never reached.
        one.close();
      }
      for (const [channel, address] of channels) if (masterOf(channel) !== address) strays.add(channel);
    }
    if (strays.size > 0) moving = moving.then(follow);
  };

  const masterOf = (key: string): string => map[slotOf(key)] ?? "";

  /** Listens at the new masters, and then says that messages may have been lost. */
  const follow = async (): Promise<void> => {
    if (strays.size === 0) return;
    await Promise.all(
      [...strays].map(async (channel) => {
        const [before, address] = [channels.get(channel), masterOf(channel)];
        try {
          if (before !== undefined) {
            const server = await soon(serverAt(address), limitMs);
            // One that lost the slot and has it again has let its listeners go.
            if (before === address) await soon(server.unsubscribe(channel), limitMs).catch(() => {});
            await soon(server.subscribe(channel), limitMs);
            if (channels.has(channel)) channels.set(channel, address);
            if (before !== address)
              void servers
                .get(before)
                ?.one.unsubscribe(channel)
                .catch(() => {});
          }
          strays.delete(channel);
        } catch {
          // The next look tries again.
        }
      }),
    );
    if (strays.size === 0) onListening();
  };

  /** At the server that has the key; who has it now is asked where it says that it has not. */
  const at = async <T>(key: string, work: (server: OneRedis) => Promise<T>, args?: readonly string[]): Promise<T> => {
    const endMs = performance.now() + limitMs;
    for (let tries = 1; ; tries++) {
      try {
        const address = masterOf(key);
        if (address === "") throw new Error("CLUSTERDOWN no master is known for this slot");
        return await work(await serverAt(address));
      } catch (error) {
        const text = error instanceof Error ? error.message : String(error);
        const [word = "", , to = ""] = text.split(" ");
        if (word === "ASK" && args !== undefined) return await (await serverAt(to)).asking<T>(args);
        const again = /^(MOVED|ASK|TRYAGAIN|CLUSTERDOWN|READONLY|MASTERDOWN|LOADING)$/.test(word);
        if (!again || closed || tries >= triesMax || performance.now() > endMs) throw error;
        if (tries > 1) await new Promise((resolve) => setTimeout(resolve, retryMs));
        await look();
      }
    }
  };

  return {
    open: async () => {
      await look();
      if (map.includes("")) throw new LinkDown("the cluster has slots without a master");
      await Promise.all(masters.map(serverAt));
      timer = setInterval(() => void look().catch(() => {}), lookEveryMs);
      timer.unref();
    },
    send: (key, args) => at(key, (server) => server.send(args), args),
    // Without trying again elsewhere: what was written before was written there.
    replicated: async (key, count, waitMs) => (await serverAt(masterOf(key))).replicated(count, waitMs),
    subscribe: (channel) =>
      at(channel, async (server) => {
        const address = masterOf(channel);
        await server.subscribe(channel);
        channels.set(channel, address);
      }),
    unsubscribe: async (channel) => {
      const address = channels.get(channel);
      channels.delete(channel);
      const server = address === undefined ? undefined : servers.get(address);
      if (server !== undefined) await (await server.opened).unsubscribe(channel);
    },
    fence: async () => {
      for (;;) {
        await moving;
        const asked = masters;
        if (asked.length === 0) throw new LinkDown("no master of the cluster is known");
        const clocks = await Promise.all(asked.map(async (address) => (await serverAt(address)).fence()));
        // Who listened at a server that has lost a slot meanwhile has not heard all.
        if (asked !== masters) continue;
        if (strays.size > 0) throw new LinkDown("slots are moving");
        const least = Math.min(...clocks);
        return { least, clock: clocks[asked.indexOf(masterOf(""))] ?? least };
      }
    },
    close: () => {
      closed = true;
      clearInterval(timer);
      for (const { one } of servers.values()) one.close();
    },
  };
}

function partsOf(url: string): { scheme: string; credentials: string; seeds: readonly string[] } {
  const [, secure = "", credentials = "", hosts = ""] = /^redis(s?)\+cluster:\/\/([^@]*@)?([^/]+)/.exec(url) ?? [];
  const seeds = hosts.split(",").map((host) => {
    const { hostname, port } = new URL(`redis://${host}`);
    return addressOf(hostname.replace(/^\[|\]$/g, ""), Number(port || 6379));
  });
  return { scheme: `redis${secure}`, credentials, seeds };
}

function hostOf(address: string): string {
  return address.slice(0, address.lastIndexOf(":")).replace(/^\[|\]$/g, "");
}

/** A server that hangs must not hold up the look at the next. */
function soon<T>(work: Promise<T>, limitMs: number): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new LinkDown(`no answer within ${limitMs} ms`)), limitMs);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}
