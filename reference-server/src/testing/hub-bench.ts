// Store, hub and a fake wall put together, for tests of Watches without a network.

import type { JsonObject } from "@bufbuild/protobuf";
import { Platform, type WatchResponse } from "@userstatus/protocol";
import { login } from "../core/sessions.ts";
import { createStatusOf } from "../core/shared-status.ts";
import { subscribe } from "../core/subscriptions.ts";
import { createMemoryStore } from "../store/memory/memory-store.ts";
import type { Store, StoreClock } from "../store/store.ts";
import { createHub, type Hub, type HubOptions } from "../watch/hub.ts";
import { rulesOf } from "./core-bench.ts";
import { createFakeWall, type FakeWall } from "./fake-wall.ts";

export interface Stream {
  /** Reads the next frame. */
  next(): Promise<WatchResponse | undefined>;
  /** Reads until an event of this kind came; answers all events read by this call, in words. */
  until(kind: string): Promise<string[]>;
  /** Reads to the end. */
  rest(): Promise<string[]>;
  /** The client goes away. */
  leave(): void;
  readonly cursor: Uint8Array;
}

export interface HubBench {
  readonly store: Store & StoreClock;
  readonly hub: Hub;
  readonly wall: FakeWall;
  readonly faults: unknown[];
  login(userId: string, device?: string, text?: string): Promise<string>;
  subscribe(userId: string, sessionId: string, targets: readonly string[], ttlMs?: number | null): Promise<void>;
  open(userId: string, sessionId: string, cursor?: Uint8Array, tokenExpiresAtMs?: number | null): Promise<Stream>;
}

const appId = "app";

export function createHubBench(
  profile = "standard",
  changes: JsonObject = {},
  more: Partial<Pick<HubOptions, "defer" | "tellSlice">> = {},
): HubBench {
  const wall = createFakeWall();
  const rules = rulesOf(profile, changes);
  let epochs = 0;
  let watchIds = 0;
  const faults: unknown[] = [];
  const { now: wallNow, schedule } = wall;
  const store = createMemoryStore({ rules, wallNow, schedule, newEpoch: () => `epoch-${++epochs}` });
  const onFault = (fault: unknown): void => {
    faults.push(fault);
  };
  const hub = createHub({
    newWatchId: () => `w${++watchIds}`,
    store,
    rules,
    statusOf: createStatusOf(rules),
    keepAliveMs: 15_000,
    wallNow,
    schedule,
    defer: setImmediate,
    onFault,
    ...more,
  });
  return {
    store,
    hub,
    wall,
    faults,
    login: (userId, device = "d", text) =>
      store.update(appId, userId, (record, nowMs, core) => {
        const custom = text === undefined ? undefined : { text, ttlMs: undefined };
        const input = { deviceId: device, platform: Platform.ANDROID, custom, tokenExpiresAtMs: null };
        return login(record, { ...input, newSessionId: `${userId}-${device}` }, nowMs, core).sessionId;
      }),
    subscribe: async (userId, sessionId, targets, ttlMs = 3_600_000) => {
      const found = await store.read(appId, targets);
      const rows = found.map((target) => ({ userId: target.userId, incarnation: target.incarnation }));
      await store.update(appId, userId, (record, nowMs, core) =>
        subscribe(record, sessionId, rows, ttlMs, nowMs, core),
      );
    },
    open: async (userId, sessionId, cursor = new Uint8Array(), tokenExpiresAtMs = null) => {
      const gone = new AbortController();
      const frames = await hub.open(
        { appId, userId, sessionId, cursor, tokenExpiresAtMs, breakOff: () => gone.abort() },
        gone.signal,
      );
      return streamOf(frames, gone);
    },
  };
}

function streamOf(frames: AsyncIterable<WatchResponse>, gone: AbortController): Stream {
  const iterator = frames[Symbol.asyncIterator]();
  let cursor: Uint8Array = new Uint8Array();
  const next = async (): Promise<WatchResponse | undefined> => {
    const { value, done } = await iterator.next();
    return done ? undefined : value;
  };
  const read = async (kind: string | undefined): Promise<string[]> => {
    const words: string[] = [];
    for (let frame = await next(); frame; frame = await next()) {
      for (const { event } of frame.events) {
        if (event.case === "snapshotEnd" || event.case === "progress") cursor = event.value.cursor;
        words.push(inWords(event));
      }
      if (frame.events.some(({ event }) => event.case === kind)) return words;
    }
    return words;
  };
  return {
    next,
    until: (kind) => read(kind),
    rest: () => read(undefined),
    leave: () => gone.abort(),
    get cursor() {
      return cursor;
    },
  };
}

function inWords(event: WatchResponse["events"][number]["event"]): string {
  switch (event.case) {
    case "status":
      return `status ${event.value.userId} ${event.value.onlineStatus} ${event.value.customStatus?.text ?? ""}`.trim();
    case "subscribed":
      return `subscribed ${event.value.userId}`;
    case "subscriptionEnded":
      return `ended ${event.value.userId} ${event.value.reason}${event.value.stillVisible ? " visible" : ""}`;
    case "synced":
      return `synced ${event.value.marker}`;
    case "hello":
      return `hello ${event.value.resumeResult}`;
    case "watchEnd":
      return `end ${event.value.reason} ${event.value.mayResume}`;
    case "progress":
      return `progress ${event.value.heartbeatRequested}`;
    default:
      return event.case ?? "unknown";
  }
}
