// Several nodes on one Redis in memory: a store and a Watch hub each, and users whose Watches are read as texts.
import { Platform } from "@userstatus/protocol";
import { setCustom } from "../core/custom-status.ts";
import { login } from "../core/sessions.ts";
import { createStatusOf } from "../core/shared-status.ts";
import { subscribe } from "../core/subscriptions.ts";
import { createRedisStore } from "../store/redis/redis-store.ts";
import type { Store, StoreClock } from "../store/store.ts";
import { createHub, type Hub } from "../watch/hub.ts";
import { rulesOf } from "./core-bench.ts";
import { createFakeRedis, type FakeLink, type FakeRedis } from "./fake-redis.ts";
import { createFakeWall, type FakeWall } from "./fake-wall.ts";

export interface Node {
  readonly store: Store & StoreClock;
  readonly hub: Hub;
  readonly link: FakeLink;
  /** Its timers stop, and nobody hears of it any more. */
  readonly die: () => void;
}

export interface Nodes {
  readonly redis: FakeRedis;
  readonly wall: FakeWall;
  readonly node: (name: string) => Promise<Node>;
  readonly faults: readonly unknown[];
  /** Lets wall time pass, and everything come to rest. */
  readonly pass: (ms: number) => Promise<void>;
}

export interface Reading {
  /** `status bob 3 hello`, `subscribed bob 1`, `hello RESET`, … */
  readonly seen: readonly string[];
  readonly cursor: () => Uint8Array<ArrayBuffer>;
  readonly leave: () => void;
  readonly ended: Promise<void>;
}

export const appId = "app";
const restTurns = 40;

export function createNodes(profile = "standard"): Nodes {
  const wall = createFakeWall();
  const redis = createFakeRedis(wall.now);
  const rules = rulesOf(profile);
  const faults: unknown[] = [];
  let names = 0;
  return {
    redis,
    wall,
    faults,
    node: async (name) => {
      let isDead = false;
      const schedule = (delayMs: number, run: () => void): (() => void) =>
        wall.schedule(delayMs, () => {
          if (!isDead) run();
        });
      const link = redis.link(name);
      const onFault = (fault: unknown): void => void faults.push(fault);
      const newEpoch = (): string => `epoch-${++names}`;
      const store = createRedisStore({ link, rules, schedule, newEpoch, testClock: true, onFault });
      await link.open();
      const newWatchId = (): string => `${name}-${++names}`;
      const keepAliveMs = 15_000;
      const hub = createHub({
        store,
        rules,
        statusOf: createStatusOf(rules),
        keepAliveMs,
        wallNow: wall.now,
        schedule,
        defer: setImmediate,
        onFault,
        newWatchId,
      });
      const die = (): void => {
        isDead = true;
        void link.close();
      };
      return { store, hub, link, die };
    },
    pass: async (ms) => {
      const step = 100;
      for (let left = ms; left > 0; left -= step) {
        wall.pass(Math.min(step, left));
        await rest();
      }
      await rest();
    },
  };
}

/** Until messages and turns of the event loop have gone by. */
export async function rest(): Promise<void> {
  for (let turn = 0; turn < restTurns; turn++) await new Promise((resolve) => setImmediate(resolve));
}

/** Answers the session of the user's device, which is a new one of this id if he has none. */
export async function logIn({ store }: Node, userId: string, newSessionId = `s-${userId}`): Promise<string> {
  const input = { deviceId: "d", platform: Platform.ANDROID, custom: undefined, tokenExpiresAtMs: null };
  return await store.update(
    appId,
    userId,
    (record, nowMs, core) => login(record, { ...input, newSessionId }, nowMs, core).sessionId,
  );
}

export async function say({ store }: Node, userId: string, text: string): Promise<void> {
  await store.update(appId, userId, (record, nowMs, core) => {
    setCustom(record, { text, ttlMs: undefined }, nowMs, core);
  });
}

export async function look(
  { store }: Node,
  userId: string,
  targets: readonly string[],
  sessionId = `s-${userId}`,
): Promise<void> {
  const found = await store.read(appId, targets);
  const rows = found.map((target) => ({ userId: target.userId, incarnation: target.incarnation }));
  await store.update(appId, userId, (record, nowMs, core) => {
    subscribe(record, sessionId, rows, 3_600_000, nowMs, core);
  });
}

export async function watch(
  { hub }: Node,
  userId: string,
  cursor: Uint8Array<ArrayBuffer> = new Uint8Array(),
): Promise<Reading> {
  const gone = new AbortController();
  const request = { appId, userId, sessionId: `s-${userId}`, cursor, tokenExpiresAtMs: null, breakOff: () => {} };
  const frames = await hub.open(request, gone.signal);
  const seen: string[] = [];
  let newest: Uint8Array<ArrayBuffer> = cursor;
  const read = async (): Promise<void> => {
    for await (const { events } of frames) {
      for (const { event } of events) {
        if (event.case === "status") {
          const { userId: of, onlineStatus, customStatus } = event.value;
          seen.push(`status ${of} ${onlineStatus}${customStatus ? ` ${customStatus.text}` : ""}`);
        } else if (event.case === "hello") seen.push(`hello ${event.value.resumeResult}`);
        else if (event.case === "subscribed") seen.push(`subscribed ${event.value.userId}`);
        else if (event.case === "subscriptionEnded") seen.push(`ended ${event.value.userId}`);
        else if (event.case === "synced") seen.push(`synced ${event.value.marker}`);
        else if (event.case === "watchEnd") seen.push(`end ${event.value.reason}`);
        else if (event.case === "snapshotEnd" || event.case === "progress") newest = new Uint8Array(event.value.cursor);
      }
    }
  };
  return { seen, cursor: () => newest, leave: () => gone.abort(), ended: read() };
}
