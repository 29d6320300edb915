// Gives an opened Watch to whoever carries it: as messages for the RPC library, or straight to its connection. The opening waits for its reader; live
// frames do not wait for anybody.
import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type WatchResponse, WatchResponseSchema } from "@userstatus/protocol";
import type { Store } from "../store/store.ts";
import { writeCursor } from "./cursor.ts";
import { createFrameEncoder } from "./encode.ts";
import { type Flusher, type FollowDeps, Follower } from "./follow.ts";
import type { FrameSink } from "./frame-sink.ts";
import type { Passes } from "./passes.ts";
import type { Event, Watch } from "./watch.ts";

/** Carries one Watch without the RPC library. */
export interface WatchConnection {
  /** One frame of the opening; nothing else is given until it has answered. What it throws ends the Watch. */
  readonly write: (events: readonly Event[]) => Promise<void>;
  /** Where live frames go, once the opening was written. */
  readonly sink: FrameSink;
  /** Called once, when all was given; with a fault, if that is why. */
  readonly over: (fault?: unknown) => void;
}

export interface Feeds {
  /** The frames of a Watch. If `sinkOf` gives a sink when the opening was read, live frames go there, and the reader waits. */
  readonly frames: (
    watch: Watch,
    clientGone: AbortSignal,
    sinkOf: (() => FrameSink | undefined) | undefined,
  ) => AsyncGenerator<WatchResponse>;
  /** Answers when the opening was written. Rejects, and does not call `over`, if its first frame was refused. */
  readonly feed: (watch: Watch, connection: WatchConnection) => Promise<void>;
}

export interface FeedOptions {
  readonly store: Store;
  readonly passes: Passes;
  readonly flusher: Flusher;
  /** The stream of this Watch is over. May be called again. */
  readonly leave: (watch: Watch) => void;
}

export function createFeeds({ store, passes, flusher, leave }: FeedOptions): Feeds {
  const settle = (watch: Watch): Promise<unknown> | undefined => {
    if (watch.soonestEndMs === Number.POSITIVE_INFINITY) return undefined;
    const stale = watch.stale(store.now(watch.appId));
    return stale.length > 0 ? store.read(watch.appId, stale) : undefined;
  };
  const progress = (watch: Watch, heartbeatRequested: boolean): Event => {
    // Everything that was told so far stands before this event: its cursor covers it.
    if (watch.quiet && !passes.telling(watch)) watch.carriedSeq = store.deliveredSeq(watch.appId);
    return {
      case: "progress",
      value: {
        $typeName: "userstatus.v1.Progress",
        cursor: writeCursor(watch, watch.carriedSeq),
        serverTime: timestampFromMs(store.now(watch.appId)),
        heartbeatRequested,
      },
    };
  };
  const take = (watch: Watch): Event[] => watch.take((heartbeatRequested) => progress(watch, heartbeatRequested));
  const live: FollowDeps = {
    encoders: { proto: createFrameEncoder("proto"), json: createFrameEncoder("json") },
    take,
    settle,
    flusher,
    hold: store.hold,
  };

  /** Events of the next frame of an opening, durable; undefined: they were undone, and a `watch_end` follows. The first ones are refused instead. */
  const opening = async (watch: Watch, told: boolean): Promise<Event[] | undefined> => {
    await settle(watch);
    const events = take(watch);
    const kept = store.settled?.();
    if (kept === undefined) return events;
    watch.held = true;
    try {
      await kept;
      return events;
    } catch (refused) {
      if (!told) throw refused;
      return undefined;
    } finally {
      watch.held = false;
    }
  };

  return {
    frames: async function* (watch, clientGone, sinkOf) {
      const left = (): void => leave(watch);
      clientGone.addEventListener("abort", left, { once: true });
      let told = false;
      try {
        while (await watch.ready()) {
          const events = await opening(watch, told);
          if (events === undefined) continue;
          told = true;
          yield create(WatchResponseSchema, { events: events.map((event) => ({ event })) });
          // A frame was asked for again: what was given has been written.
          if (watch.waiting) continue;
          const sink = sinkOf?.();
          if (sink === undefined) continue;
          await new Promise<void>((resolve, reject) => {
            const over = (fault?: unknown): void => (fault === undefined ? resolve() : reject(fault));
            new Follower(watch, sink, live, over).start();
          });
        }
      } finally {
        clientGone.removeEventListener("abort", left);
        left();
      }
    },
    feed: async (watch, connection) => {
      let told = false;
      try {
        while (await watch.ready()) {
          const events = await opening(watch, told);
          if (events === undefined) continue;
          told = true;
          await connection.write(events);
          if (watch.waiting) continue;
          const over = (fault?: unknown): void => {
            leave(watch);
            connection.over(fault);
          };
          new Follower(watch, connection.sink, live, over).start();
          return;
        }
      } catch (fault) {
        leave(watch);
        if (!told) throw fault;
        connection.over(fault);
        return;
      }
      leave(watch);
      connection.over();
    },
  };
}
