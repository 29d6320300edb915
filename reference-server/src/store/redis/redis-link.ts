// The link to a Redis, or a Redis Cluster: what the store asks, in commands and scripts.
import { createHash } from "node:crypto";
import { createChannels } from "./channels.ts";
import { createCluster } from "./cluster.ts";
import { appPrefix, appSuffix, bucketCount, bucketOf, keys } from "./keys.ts";
import type { LinkListener, RedisLink, StoredRecord } from "./link.ts";
import { casAppLua, casLua, chargeLua, claimLua, loadLua } from "./scripts.ts";
import { createSingle } from "./servers.ts";
import { createWaiting } from "./waiting.ts";

export interface RedisLinkOptions {
  /** `redis://HOST:PORT/DB`, `redis+cluster://HOST:PORT,HOST:PORT`, or either with `rediss`. */
  readonly url: string;
  readonly node: string;
  readonly wallNow: () => number;
  /** Milliseconds of a clock that never steps. */
  readonly steadyNow: () => number;
  /** From 0 to 1. */
  readonly random: () => number;
  /** Replicas that must have a change before it counts; default: none. */
  readonly replicas?: number;
  /** Longest wait for an answer, in milliseconds; default: 2,000. */
  readonly timeoutMs?: number;
  /** Told of each loss of a connection, and of its return. */
  readonly onConnection: (up: boolean, why: string) => void;
}

/** A log of calls outlives the longest window that a clock which stands may make of it. */
const chargeKeptMs = 3_600_000;
/** What clocks may drift apart without a step: a little, and a share of the time between two looks. */
const [driftMs, driftShare] = [2, 0.001];
/** Losses of a connection that are looked after one by one; of more, the first one and the last ones. */
const suspectsMax = 8;
/** Greatest step of change numbers, in microseconds: less than commits to one bucket are apart, or numbers would run away from the clock. */
const stepMax = 100;

export function createRedisLink(options: RedisLinkOptions): RedisLink {
  const { node, wallNow, steadyNow, random, timeoutMs = 2_000, replicas = 0 } = options;
  let listener: LinkListener | undefined;
  let offsetMs: number | undefined;

  /** The highest change number of each bucket that this node knows of. */
  const highest = new Array<number>(bucketCount).fill(0);
  /** The same as it was each time when a connection was lost, until it has been looked for: what is written after that says nothing of what was written before. */
  let suspects: (readonly number[])[] = [];
  const known = (bucket: number, seq: number): void => {
    highest[bucket] = Math.max(highest[bucket] ?? 0, seq);
  };

  const runs = new Map<number, string>();
  /** Whether one of these changes is not there that this node knows of. Where the log does not reach back so far: whether another process answers than before. */
  const isMissing = async (bucket: number, seqs: readonly number[], seen: Map<number, string>): Promise<boolean> => {
    const key = keys.log(bucket);
    const [oldest, info, ...found] = await Promise.all([
      send<string | null>(key, "LINDEX", key, "0"),
      send<string>(key, "INFO", "server"),
      ...seqs.map((seq) => send<number | null>(key, "LPOS", key, String(seq), "RANK", "-1")),
    ]);
    const run = /run_id:(\w+)/.exec(String(info))?.[1] ?? "";
    const before = runs.get(bucket);
    seen.set(bucket, run);
    return seqs.some((seq, at) => found[at] === null && (oldest === null || Number(oldest) <= seq || run !== before));
  };

  /** Of each bucket whether something is missing; what was seen of processes counts once all have answered. */
  const missing = async (looked: readonly (readonly number[])[]): Promise<readonly boolean[]> => {
    const seen = new Map<number, string>();
    const buckets = Array.from({ length: bucketCount }, (_, bucket) => {
      const seqs = new Set(looked.map((numbers) => numbers[bucket] ?? 0));
      seqs.delete(0);
      return isMissing(bucket, [...seqs], seen);
    });
    const found = await Promise.all(buckets);
    for (const [bucket, run] of seen) runs.set(bucket, run);
    return found;
  };

  const heardUser = (text: string, channel: string): void => {
    const user = channel.slice(channel.indexOf(":c:") + 3);
    if (text.startsWith("?")) {
      listener?.asked(user, text.slice(1));
      return;
    }
    const space = text.indexOf(" ");
    const version = Number(text.slice(0, space));
    known(bucketOf(user), version);
    listener?.changed(user, { version, status: text.slice(space + 1) });
  };
  const hear = (text: string, channel: string): void => {
    if (channel === keys.nodeChannel(node)) listener?.answered(text);
    else if (channel.startsWith(appPrefix))
      listener?.appChanged(channel.slice(appPrefix.length, -appSuffix.length), text);
    else heardUser(text, channel);
  };
  const connections = {
    url: options.url,
    onConnection: (up: boolean, why: string) => {
      if (!up) {
        if (suspects.at(-1)?.join() !== highest.join()) suspects.push([...highest]);
        if (suspects.length > suspectsMax) suspects.splice(1, 1);
        listener?.interrupted();
      }
      options.onConnection(up, why);
    },
    onListening: () => listener?.resumed(),
    hear,
  };
  const servers = isCluster(options.url)
    ? createCluster({ ...connections, limitMs: timeoutMs })
    : createSingle(connections);

  const waiting = createWaiting(timeoutMs);
  const send = <T>(key: string, ...args: string[]): Promise<T> => waiting.bounded(servers.send<T>(key, args));
  const scripted = async <T>(
    lua: string,
    keysOf: readonly [string, ...string[]],
    args: readonly (string | number)[],
  ): Promise<T> => {
    const rest = [String(keysOf.length), ...keysOf, ...args.map(String)];
    try {
      return await send<T>(keysOf[0], "EVALSHA", sha1(lua), ...rest);
    } catch (error) {
      if (!(error instanceof Error) || !error.message.startsWith("NOSCRIPT")) throw error;
      return await send<T>(keysOf[0], "EVAL", lua, ...rest);
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
    const key = keys.app(appId);
    const asking = send<string | null>(key, "GET", key);
    states.set(appId, asking);
    return asking;
  };
  const replicated = async (key: string): Promise<void> => {
    if (replicas > 0) await waiting.bounded(servers.replicated(key, replicas, timeoutMs / 2));
  };
  /** By how much the clock of Redis is ahead of a local one that never steps, at least, and when that was seen; in milliseconds. */
  let ahead: { leastMs: number; atMs: number } | undefined;
  const watchClock = (clockMs: number, beforeMs: number, afterMs: number): void => {
    const shortMs = ahead === undefined ? 0 : ahead.leastMs - (clockMs - beforeMs);
    const toleratedMs = driftMs + (ahead === undefined ? 0 : (afterMs - ahead.atMs) * driftShare);
    ahead = { leastMs: clockMs - afterMs, atMs: afterMs };
    if (shortMs > toleratedMs) listener?.clockBack();
  };
  const fence = async (): Promise<number> => {
    const [before, beforeMs] = [wallNow(), steadyNow()];
    const { least, clock } = await waiting.bounded(servers.fence());
    // As it was, unless that can't be: the longer an answer took the less it says.
    const [leastMs, mostMs] = [clock / 1000 - wallNow(), clock / 1000 - before];
    offsetMs = offsetMs === undefined ? (leastMs + mostMs) / 2 : Math.min(mostMs, Math.max(leastMs, offsetMs));
    watchClock(least / 1000, beforeMs, steadyNow());
    return least - 1;
  };
  const publish = (channel: string, text: string): Promise<number> => send(channel, "SPUBLISH", channel, text);
  const channels = createChannels({
    subscribe: (channel) => waiting.bounded(servers.subscribe(channel)),
    unsubscribe: (channel) => waiting.bounded(servers.unsubscribe(channel)),
  });

  return {
    node,
    listen: (only) => {
      listener = only;
    },
    open: async () => {
      await waiting.bounded(servers.open());
      await fence();
      // Whose processes they are.
      await missing([]);
      await waiting.bounded(servers.subscribe(keys.nodeChannel(node)));
    },
    load: async (appId, users, rowsKnown) => {
      const each = (user: string, at: number): Promise<(string | null)[]> =>
        rowsKnown === undefined
          ? send(keys.record(user), "HMGET", keys.record(user), "v", "s")
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
        [keys.record(user), keys.due(bucket), keys.seq(bucket), keys.appDue(bucket, clockOf ?? ""), keys.log(bucket)],
        [
          version,
          status,
          rows ?? "",
          dueMs ?? "",
          user,
          tell ? keys.userChannel(user) : "",
          clockOf === undefined ? 0 : 1,
          1 + Math.floor(random() * stepMax),
        ],
      );
      if (seq === null) return undefined;
      await replicated(keys.record(user));
      known(bucket, Number(seq));
      return Number(seq);
    },
    casApp: async (appId, before, after, seqAbove) => {
      const args = [before, after, keys.appChannel(appId), seqAbove];
      const told = await scripted<string | null>(casAppLua, [keys.app(appId)], args);
      if (told === null) return undefined;
      await replicated(keys.app(appId));
      return told;
    },
    claim: (bucket, nowMs, leaseMs, most) => scripted(claimLua, [keys.due(bucket)], [nowMs, nowMs + leaseMs, most]),
    dueOf: async (appId, untilMs) => {
      const buckets = Array.from({ length: bucketCount }, (_, bucket) => {
        const key = keys.appDue(bucket, appId);
        return send<string[]>(key, "ZRANGEBYSCORE", key, "-inf", String(untilMs));
      });
      return (await Promise.all(buckets)).flat();
    },
    charge: async ({ user, procedure }, { maxCalls, windowMs }, nowMs) => {
      const key = keys.rate(user, procedure);
      const kept = Math.max(chargeKeptMs, 2 * windowMs);
      const [now, first] = await scripted<string[]>(chargeLua, [key], [nowMs ?? "", windowMs, maxCalls, kept]);
      return { nowMs: Number(now), refusedByMs: first === undefined ? undefined : Number(first) };
    },
    subscribeUser: (user) => channels.join(keys.userChannel(user)),
    unsubscribeUser: (user) => channels.leave(keys.userChannel(user)),
    subscribeApp: (appId) => channels.join(keys.appChannel(appId)),
    unsubscribeApp: (appId) => channels.leave(keys.appChannel(appId)),
    fence,
    lost: async () => {
      const looked = suspects.length > 0 ? [...suspects] : [[...highest]];
      const isLost = (await missing(looked)).includes(true);
      // One that came meanwhile is looked for the next time.
      suspects = suspects.filter((numbers) => !looked.includes(numbers));
      if (!isLost) return undefined;
      // What is known from here on is what stands.
      for (const numbers of looked)
        for (const [bucket, seq] of numbers.entries()) if (highest[bucket] === seq) highest[bucket] = 0;
      return Math.max(...looked.flat());
    },
    ask: (user, question) => publish(keys.userChannel(user), `?${question}`),
    answer: async (to, answer) => void (await publish(keys.nodeChannel(to), answer)),
    now: () => wallNow() + (offsetMs ?? 0),
    close: async () => {
      waiting.close();
      channels.close();
      servers.close();
    },
  };
}

function isCluster(url: string): boolean {
  return /^rediss?\+cluster:/.test(url);
}

const hashes = new Map<string, string>();

function sha1(lua: string): string {
  const hash = hashes.get(lua) ?? createHash("sha1").update(lua).digest("hex");
  hashes.set(lua, hash);
  return hash;
}
