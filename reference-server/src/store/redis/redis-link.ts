// The link to one Redis server: a connection for commands, and one for listening, on which a command's reply also fences what was heard before it (RESP3).
import { createHash } from "node:crypto";
import { createClient } from "@redis/client";
import { createChannels } from "./channels.ts";
import { appPrefix, appSuffix, bucketCount, bucketOf, keys } from "./keys.ts";
import { LinkDown, type LinkListener, type RedisLink, type StoredRecord } from "./link.ts";
import { casAppLua, casLua, chargeLua, claimLua, loadLua } from "./scripts.ts";

export interface RedisLinkOptions {
  /** `redis://HOST:PORT/DB` or `rediss://…`. */
  readonly url: string;
  readonly node: string;
  readonly wallNow: () => number;
  /** Longest wait for an answer, in milliseconds; default: 2,000. */
  readonly timeoutMs?: number;
  /** Told of each loss of a connection, and of its return. */
  readonly onConnection: (up: boolean, why: string) => void;
}

const reconnectMinMs = 50;
const reconnectMaxMs = 1_000;
/** A log of calls outlives the longest window that a clock which stands may make of it. */
const chargeKeptMs = 3_600_000;

type Client = ReturnType<typeof createClient>;

export function createRedisLink(options: RedisLinkOptions): RedisLink {
  const { node, wallNow, timeoutMs = 2_000 } = options;
  const connect = (): Client =>
    createClient({
      url: options.url,
      RESP: 3,
      disableOfflineQueue: true,
      // Waits are bounded here, by one timer for all.
      commandOptions: { timeout: 0 },
      socket: { reconnectStrategy: (tries) => Math.min(reconnectMaxMs, reconnectMinMs * 2 ** Math.min(tries, 8)) },
    }) as unknown as Client;
  const [commands, ears] = [connect(), connect()];
  let listener: LinkListener | undefined;
  let offsetMs = 0;
  let closed = false;
  let wasUp = false;

  for (const client of [commands, ears]) {
    let isDown = false;
    client.on("error", (error: Error) => {
      // Once, not with each try to come back.
      if (!closed && !isDown) options.onConnection(false, error.message);
      isDown = true;
    });
    client.on("ready", () => {
      isDown = false;
    });
  }
  ears.on("ready", () => {
    if (wasUp) {
      options.onConnection(true, "listening again");
      listener?.resumed();
    }
    wasUp = true;
  });

  const waiting = createWaiting(timeoutMs);
  /** An answer in time, or LinkDown. Refusals by Redis itself (a full memory, a replica) are LinkDown as well: nothing was done. */
  const answered = <T>(work: Promise<T>): Promise<T> => waiting.bounded(work);
  const send = <T>(...args: string[]): Promise<T> => answered(commands.sendCommand(args) as Promise<T>);
  const scripted = async <T>(
    lua: string,
    keysOf: readonly string[],
    args: readonly (string | number)[],
  ): Promise<T> => {
    const rest = [String(keysOf.length), ...keysOf, ...args.map(String)];
    try {
      return await send<T>("EVALSHA", sha1(lua), ...rest);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
      return await send<T>("EVAL", lua, ...rest);
    }
  };
  let states = new Map<string, Promise<string | null>>();
  /** One reading for all who ask in one turn: it is sent after the turn, so it is not older than any of them. */
  const appState = (appId: string): Promise<string | null> => {
    const asked = states.get(appId);
    if (asked !== undefined) return asked;
    if (states.size === 0) {
      queueMicrotask(() => {
        states = new Map();
      });
    }
    const asking = send<string | null>("GET", keys.app(appId));
    states.set(appId, asking);
    return asking;
  };
  const timeUs = (reply: readonly (string | number)[]): number => Number(reply[0]) * 1e6 + Number(reply[1]);

  const heardUser = (text: string, channel: string): void => {
    const user = channel.slice(channel.indexOf(":c:") + 3);
    if (text.startsWith("?")) {
      listener?.asked(user, text.slice(1));
      return;
    }
    const [version = "", seq = ""] = text.split(" ", 2);
    const status = text.slice(version.length + seq.length + 2);
    listener?.changed(user, { version: Number(version), seq: Number(seq), status });
  };

  const heard = (text: string, channel: string): void => {
    if (channel.startsWith(appPrefix)) listener?.appChanged(channel.slice(appPrefix.length, -appSuffix.length), text);
    else heardUser(text, channel);
  };
  const channels = createChannels({
    subscribe: (channel) => answered(ears.sSubscribe(channel, heard)),
    unsubscribe: (channel) => answered(ears.sUnsubscribe(channel, heard)),
  });

  return {
    node,
    listen: (only) => {
      listener = only;
    },
    open: async () => {
      await answered(Promise.all([commands.connect(), ears.connect()]));
      const before = wallNow();
      const us = timeUs(await send<string[]>("TIME"));
      offsetMs = us / 1000 - (before + wallNow()) / 2;
      await answered(ears.sSubscribe(keys.nodeChannel(node), (text) => listener?.answered(text)));
    },
    load: async (appId, users, rowsKnown) => {
      const each = (user: string, at: number): Promise<(string | null)[]> =>
        rowsKnown === undefined
          ? send("HMGET", keys.record(user), "v", "s")
          : scripted(loadLua, [keys.record(user)], [rowsKnown[at] ?? -1]);
      const [app, ...found] = await Promise.all([appState(appId), ...users.map(each)]);
      const records = found.map(
        ([version, status, rowsVersion, rows]): StoredRecord => ({
          version: Number(version ?? 0),
          status: status ?? "",
          rows: rows ?? "",
          rowsVersion: Number(rowsVersion ?? 0),
        }),
      );
      return { app: app ?? "", records };
    },
    cas: async ({ user, version, status, rows, dueMs, tell, clockOf }) => {
      const bucket = bucketOf(user);
      const seq = await scripted<string | null>(
        casLua,
        [keys.record(user), keys.due(bucket), keys.seq(bucket), keys.appDue(bucket, clockOf ?? "")],
        [
          version,
          status,
          rows ?? "",
          dueMs ?? "",
          user,
          tell ? keys.userChannel(user) : "",
          clockOf === undefined ? 0 : 1,
        ],
      );
      return seq === null ? undefined : Number(seq);
    },
    casApp: async (appId, before, after, seqAbove) =>
      (await scripted<string | null>(
        casAppLua,
        [keys.app(appId)],
        [before, after, keys.appChannel(appId), seqAbove],
      )) ?? undefined,
    claim: (bucket, nowMs, leaseMs, most) => scripted(claimLua, [keys.due(bucket)], [nowMs, nowMs + leaseMs, most]),
    dueOf: async (appId, untilMs) => {
      const buckets = Array.from({ length: bucketCount }, (_, bucket) =>
        send<string[]>("ZRANGEBYSCORE", keys.appDue(bucket, appId), "-inf", String(untilMs)),
      );
      return (await Promise.all(buckets)).flat();
    },
    charge: async ({ user, procedure }, { maxCalls, windowMs }, nowMs) => {
      const key = keys.rate(user, procedure);
      const kept = Math.max(chargeKeptMs, 2 * windowMs);
      const first = await scripted<string | null>(chargeLua, [key], [nowMs, windowMs, maxCalls, kept]);
      return { refusedByMs: first === null ? undefined : Number(first) };
    },
    subscribeUser: (user) => channels.join(keys.userChannel(user)),
    unsubscribeUser: (user) => channels.leave(keys.userChannel(user)),
    subscribeApp: (appId) => channels.join(keys.appChannel(appId)),
    unsubscribeApp: (appId) => channels.leave(keys.appChannel(appId)),
    fence: async () => {
      const before = wallNow();
      const us = timeUs((await answered(ears.sendCommand(["TIME"]))) as unknown as string[]);
      offsetMs = us / 1000 - (before + wallNow()) / 2;
      return us - 1;
    },
    ask: (user, question) => send<number>("SPUBLISH", keys.userChannel(user), `?${question}`),
    answer: async (to, answer) => void (await send("SPUBLISH", keys.nodeChannel(to), answer)),
    now: () => wallNow() + offsetMs,
    close: async () => {
      closed = true;
      waiting.close();
      channels.close();
      for (const client of [commands, ears]) if (client.isOpen) client.destroy();
    },
  };
}

/** Bounds waits by one timer for all of them. */
function createWaiting(limitMs: number) {
  const open = new Set<{ readonly sinceMs: number; readonly late: () => void }>();
  const timer = setInterval(() => {
    const untilMs = performance.now() - limitMs;
    for (const wait of open) {
      if (wait.sinceMs > untilMs) break;
      wait.late();
    }
  }, limitMs / 8);
  timer.unref();
  return {
    close: () => clearInterval(timer),
    bounded: <T>(work: Promise<T>): Promise<T> =>
      new Promise((resolve, reject) => {
        const wait = {
          sinceMs: performance.now(),
          late: () => {
            open.delete(wait);
            reject(new LinkDown(`Redis did not answer within ${limitMs} ms`));
          },
        };
        open.add(wait);
        work.then(
          (answer) => {
            open.delete(wait);
            resolve(answer);
          },
          (error: unknown) => {
            open.delete(wait);
            reject(new LinkDown(error instanceof Error ? error.message : String(error)));
          },
        );
      }),
  };
}

const hashes = new Map<string, string>();

function sha1(lua: string): string {
  const hash = hashes.get(lua) ?? createHash("sha1").update(lua).digest("hex");
  hashes.set(lua, hash);
  return hash;
}
