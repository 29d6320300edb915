// One Watch on the wire: reads all the time into a buffer, which the fence takes from.
import type { CallOptions } from "@connectrpc/connect";
import { createClient } from "@connectrpc/connect";
import { UserStatusService, type WatchEvent } from "@userstatus/protocol";
import { createWaiter } from "../../bench/waiter.ts";
import type { Connection } from "../../wire/connection.ts";
import type { Held } from "./fold.ts";

export type Event = WatchEvent["event"];

/** A cursor, and what a client held when it came. */
export interface CursorRecord {
  readonly cursor: Uint8Array;
  readonly held: Held;
  /** The Watch that it came on. */
  readonly watch: OpenWatch;
  /** `surroundings` of the app when it came. */
  readonly surroundings: number;
  /** Ends of rows that the user had seen until then. */
  readonly rowEnds: number;
  readonly deletions: number;
}

export interface OpenWatch {
  readonly userId: string;
  readonly sessionId: string;
  readonly events: Event[];
  /** How far the fence has come. */
  taken: number;
  /** What a client holds that folds this stream. */
  held: Held;
  /** Markers that are awaited. */
  readonly markers: Set<string>;
  /** Revisions carried, by target; `""`: of oneself. */
  readonly carried: Map<string, bigint>;
  /** Where each user's history stood at the last fence. */
  readonly historyFrom: Map<string, number>;
  /** Where the user's ends of rows stood at the last fence. */
  endsFrom: number;
  /** Everybody who was visible at the last fence. */
  visible: ReadonlySet<string>;
  phase: "hello" | "snapshot" | "live";
  resumed: boolean;
  /** In the snapshot: rows whose status has not come yet. */
  readonly rowsWithoutStatus: Set<string>;
  /** When it ended, by the app's clock. */
  endedMs: number | undefined;
  readonly isOver: () => boolean;
  /** Of a stream that failed. */
  readonly error: () => unknown;
  /** Waits until `done` says so, or the stream is over; false when the time is up. */
  readonly until: (done: () => boolean, patienceMs: number) => Promise<boolean>;
  /** The client ends it: cancels, or closes the connection that is its own. */
  readonly close: () => Promise<void>;
}

export interface StreamRequest {
  readonly userId: string;
  readonly sessionId: string;
  readonly cursor: Uint8Array | undefined;
  readonly held: Held;
  readonly options: CallOptions;
  readonly client: ReturnType<typeof createClient<typeof UserStatusService>>;
  /** Its own connection, closed with it. */
  readonly connection: Connection | undefined;
}

/** Sends the call; what comes of it shows in the buffer. */
export function openStream({ userId, sessionId, cursor, held, options, client, connection }: StreamRequest): OpenWatch {
  const events: Event[] = [];
  const waiter = createWaiter();
  const stop = new AbortController();
  let over = false;
  let failed: unknown;
  const own = connection === undefined ? client : createClient(UserStatusService, connection.transport);
  const read = async (): Promise<void> => {
    const { timeoutMs: _, signal: walkOver, ...rest } = options;
    const signal = walkOver === undefined ? stop.signal : AbortSignal.any([stop.signal, walkOver]);
    const request = { sessionId, ...(cursor === undefined ? {} : { cursor }) };
    for await (const frame of own.watch(request, { ...rest, signal })) {
      for (const { event } of frame.events) events.push(event);
      waiter.wake();
    }
  };
  const done = read()
    .catch((error: unknown) => {
      failed = error;
    })
    .finally(() => {
      over = true;
      waiter.wake();
    });
  return {
    userId,
    sessionId,
    events,
    taken: 0,
    held,
    markers: new Set(),
    carried: new Map(),
    historyFrom: new Map(),
    endsFrom: 0,
    visible: new Set(),
    phase: "hello",
    resumed: false,
    rowsWithoutStatus: new Set(),
    endedMs: undefined,
    isOver: () => over,
    error: () => failed,
    until: async (isDone, patienceMs) => {
      const limit = performance.now() + patienceMs;
      while (!isDone()) {
        if (over) return isDone();
        if (!(await waiter.changed(limit))) return isDone();
      }
      return true;
    },
    close: async () => {
      stop.abort();
      connection?.close();
      await done;
    },
  };
}
