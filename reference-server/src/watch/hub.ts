// The Watch hub of a node: opens, feeds, keeps alive and ends the notification streams. Implements SPEC §11 and §12.
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import { type ReasonName, ResumeResult, WatchEndReason, type WatchResponse } from "@userstatus/protocol";
import type { CoreContext, UserRecord } from "../core/model.ts";
import { Refused } from "../core/refused.ts";
import type { Rules } from "../core/rules.ts";
import { loseLink, noteWatch, refuseKicked, renew, usableSession } from "../core/sessions.ts";
import type { StatusOf } from "../core/shared-status.ts";
import { dropGone, goneRows, liveFrom } from "../core/subscriptions.ts";
import type { Store } from "../store/store.ts";
import { readCursor, writeCursor } from "./cursor.ts";
import { createDispatch, endReasons } from "./dispatch.ts";
import { createFeeds, type WatchConnection } from "./feed.ts";
import { createFlusher } from "./follow.ts";
import type { FrameSink } from "./frame-sink.ts";
import { assembleOpening, canResume } from "./open.ts";
import { createPasses } from "./passes.ts";
import { createWatchRegistry } from "./registry.ts";
import { type Event, Watch } from "./watch.ts";

export interface HubOptions {
  readonly store: Store;
  readonly rules: Rules;
  /** The status as others see it: never to be changed. */
  readonly statusOf: StatusOf;
  readonly keepAliveMs: number;
  readonly wallNow: () => number;
  /** Calls back once after a delay of wall time; answers a way to cancel. */
  readonly schedule: (delayMs: number, run: () => void) => () => void;
  /** Runs something when what is due now has run. */
  readonly defer: (run: () => void) => void;
  /** Watches told of one change in one turn of the event loop; default: 2,048. */
  readonly tellSlice?: number;
  readonly onFault: (fault: unknown) => void;
  /** A name for a new Watch, never the same twice on any node. */
  readonly newWatchId: () => string;
}

export interface OpenRequest {
  readonly appId: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly cursor: Uint8Array;
  /** Of the token that opens it; null: never. */
  readonly tokenExpiresAtMs: number | null;
  /** Ends the stream from below, for a reader who does not read. */
  readonly breakOff: () => void;
  /** Whether the client has gone before its Watch was open: one that nobody waits for any more takes no other's place. */
  readonly isGone?: (() => boolean) | undefined;
  /**
   * Asked when the opening has been read: the connection as a sink, for the live frames. Absent, or if it gives none: these are given as the opening
   * is.
   */
  readonly sink?: (() => FrameSink | undefined) | undefined;
}

export interface OpenedWatch {
  /** To be called once. Answers when the opening was written; rejects if it is refused. */
  readonly feed: (connection: WatchConnection) => Promise<void>;
  /** The client has gone. */
  readonly leave: () => void;
}

export interface Hub {
  /**
   * Opens the Watch of a session: refuses, or gives its frames until the server or the client ends it. With a sink, the live frames go there: whoever
   * reads waits meanwhile.
   */
  open(request: OpenRequest, clientGone: AbortSignal): Promise<AsyncIterable<WatchResponse>>;
  /** The same for a connection without the RPC library. `sink` is not looked at. */
  openDirect(request: OpenRequest): Promise<OpenedWatch>;
  /** Queues a marker behind everything that was answered before (sync-fence). */
  sync(appId: string, userId: string, sessionId: string, marker: string): Promise<void>;
  /** Ends every Watch with DRAIN; answers when the streams have ended. */
  drain(): Promise<void>;
  stats(): { watches: number; delivered: number };
  close(): void;
}

/** Ids per read while a Watch opens: a slice of work between others' turns. */
const readSlice = 500;
/** A timer of a token beyond this is armed in stretches. */
const timerMaxMs = 2 ** 31 - 1;
/** How long a stream that the server has ended may take to be read to its end. */
const endingMs = 30_000;
/** Over how long the clients of a drained server are asked to spread their return. */
const drainSpreadMs = 5000;
/** Entries that may wait for one stream beside two for each row of a full list. */
const tableSpare = 10_000;

export function createHub(options: HubOptions): Hub {
  const { store, rules, statusOf, wallNow } = options;
  // A store that can't be reached refuses: that is told to callers, and logged where it is known.
  const onFault = (fault: unknown): void => {
    if (!(fault instanceof Refused)) options.onFault(fault);
  };
  const registry = createWatchRegistry(store);
  const tokenTimers = new Map<Watch, () => void>();
  const endTimers = new Map<Watch, () => void>();
  const tableMax = 2 * rules.maxSubscriptions + tableSpare;
  const flusher = createFlusher(options.defer);
  let delivered = 0;
  let draining = false;
  let whenEmpty: (() => void) | undefined;

  const passes = createPasses(options.defer, options.tellSlice);
  const dispatch = createDispatch({
    store,
    rules,
    statusOf,
    registry,
    passes,
    tokenChanged: (watch, expiresAtMs) => armToken(watch, expiresAtMs),
    countDelivered: (count) => {
      delivered += count;
    },
    schedule: options.schedule,
    onFault,
  });
  store.listen({
    ...dispatch,
    lost: (appId, userId) => {
      for (const watch of registry.ofUser(appId, userId)) watch.finish(WatchEndReason.RESYNC, true);
    },
    asked: async (appId, userId, { sessionId, marker }) => {
      await losing.get(sessionId);
      const watch = registry.ofSession(appId, userId, sessionId);
      if (!watch || watch.ended) return undefined;
      try {
        return (await syncHere(watch, marker)) ? "done" : undefined;
      } catch (refused) {
        if (!(refused instanceof Refused)) throw refused;
        const { reason, message, retryAfterMs } = refused;
        return { reason, message, ...(retryAfterMs === undefined ? {} : { retryAfterMs }) };
      }
    },
    // What waits to be sent may tell of what never was: their clients come back, and are told anew.
    undone: () => {
      for (const watch of [...registry.all()]) {
        const isAwaited = passes.telling(watch);
        watch.undo();
        if (isAwaited) watch.finish(WatchEndReason.RESYNC, true);
      }
      passes.clear();
    },
  });

  const armToken = (watch: Watch, expiresAtMs: number | null): void => {
    disarm(tokenTimers, watch);
    if (expiresAtMs === null || watch.ended) return;
    const leftMs = expiresAtMs - wallNow();
    const cancel = options.schedule(Math.min(timerMaxMs, Math.max(0, leftMs)), () => {
      if (expiresAtMs > wallNow()) return armToken(watch, expiresAtMs);
      tokenTimers.delete(watch);
      watch.finish(WatchEndReason.TOKEN_EXPIRED, true);
      void linkLost(watch);
    });
    tokenTimers.set(watch, cancel);
  };

  /** Sessions whose link is lost as soon as the store has it: nobody is told that their Watch is gone before. */
  const losing = new Map<string, Promise<void>>();
  const linkLost = (watch: Watch): Promise<void> => {
    const { appId, userId, sessionId, id } = watch;
    const work = store
      .update(appId, userId, (record, nowMs) => loseLink(record, sessionId, nowMs, id))
      .catch((fault: unknown) => {
        // While changes can't be kept nobody loses his link: his lease starts anew when they can.
        if (!(fault instanceof Refused)) onFault(fault);
      })
      .finally(() => {
        if (losing.get(sessionId) === work) losing.delete(sessionId);
      });
    losing.set(sessionId, work);
    return work;
  };

  const close = (watch: Watch): void => {
    disarm(tokenTimers, watch);
    disarm(endTimers, watch);
    registry.remove(watch);
    watch.abandon();
    if (registry.size === 0) whenEmpty?.();
  };

  /** The stream is over; if it was not the server that ended it, the client did: its link is lost. */
  const leaving = new WeakSet<Watch>();
  const leave = (watch: Watch): void => {
    if (leaving.has(watch)) return;
    leaving.add(watch);
    if (watch.ended) {
      close(watch);
      return;
    }
    watch.abandon();
    void linkLost(watch).finally(() => close(watch));
  };

  const feeds = createFeeds({ store, passes, flusher, leave });

  const hello = (appId: string, epoch: string, resumeResult: ResumeResult): Event => ({
    case: "hello",
    value: {
      $typeName: "userstatus.v1.Hello",
      epoch,
      resumeResult,
      serverTime: timestampFromMs(store.now(appId)),
      keepAliveInterval: durationFromMs(options.keepAliveMs),
    },
  });

  /** Registers interest first, reads second, so that no change falls between (SPEC watch-snapshot). */
  const begin = async (watch: Watch, cursorSeq: number | undefined): Promise<void> => {
    const { appId, userId, epoch } = watch;
    // A cursor of another node may lie above what this one has told.
    await store.caughtUp?.();
    const record = await readOwn(watch);
    const features = await store.features(appId);
    const friends = rules.friends && features.friendNotifications ? record.friends : [];
    for (const row of record.rows.values()) registry.show(watch, row.target, { generation: row.generation });
    for (const friend of friends) registry.show(watch, friend, { friend: true });
    const sinceSeq =
      cursorSeq !== undefined && canResume(record, cursorSeq, store.deliveredSeq(appId), store.featuresSeq(appId))
        ? cursorSeq
        : undefined;
    const seq = store.deliveredSeq(appId);
    watch.carriedSeq = seq;
    const targets = await readAll(appId, [...watch.visible.keys()]);
    const [own = record] = await store.read(appId, [userId]);
    const result = sinceSeq === undefined ? ResumeResult.RESET : ResumeResult.RESUMED;
    const cursor = writeCursor(watch, seq);
    watch.begin((meanwhile) =>
      assembleOpening(
        {
          watch,
          rules,
          statusOf,
          record: own,
          targets,
          friends,
          sinceSeq,
          hello: hello(appId, epoch, result),
          snapshotEnd: { case: "snapshotEnd", value: { $typeName: "userstatus.v1.SnapshotEnd", cursor } },
        },
        meanwhile,
      ),
    );
    // Who was deleted after the rows were looked at, and before his end would have been heard.
    dispatch.endGone(watch, own, [...targets.values()]);
  };

  /** The user's record, with rows to deleted targets ended, and the Watch finished if its session went away meanwhile. */
  const readOwn = async (watch: Watch): Promise<Readonly<UserRecord>> => {
    const { appId, userId } = watch;
    const [read] = await store.read(appId, [userId]);
    if (!read) throw new Error("the store gave no record");
    const gone = await findGone(store, rules, appId, read);
    const drop = (own: UserRecord, _nowMs: number, context: CoreContext): UserRecord => {
      if (gone) dropGone(own, gone, context);
      return own;
    };
    const record: Readonly<UserRecord> = gone ? await store.update(appId, userId, drop, true) : read;
    const session = record.sessions.find(({ sessionId }) => sessionId === watch.sessionId);
    // A newer Watch was opened meanwhile, on another node.
    if (session?.watchId !== undefined && session.watchId !== watch.id) watch.finish(WatchEndReason.REPLACED, false);
    if (session === undefined) {
      const over = record.over.find(({ sessionId }) => sessionId === watch.sessionId);
      watch.finish(over ? endReasons[over.reason] : WatchEndReason.KICKED, false);
    }
    return record;
  };

  const readAll = async (appId: string, ids: readonly string[]): Promise<Map<string, Readonly<UserRecord>>> => {
    const records = new Map<string, Readonly<UserRecord>>();
    for (let at = 0; at < ids.length; at += readSlice) {
      for (const record of await store.read(appId, ids.slice(at, at + readSlice), "status"))
        records.set(record.userId, record);
    }
    return records;
  };

  const keepAlive = async (watch: Watch): Promise<void> => {
    // So that its cursor covers what was told since.
    await store.caughtUp?.();
    const [record] = await store.read(watch.appId, [watch.userId]);
    const session = record?.sessions.find(({ sessionId }) => sessionId === watch.sessionId);
    if (!session) return;
    const { leaseMs, heartbeatMs } = rules.liveness(session.platform);
    watch.askProgress(session.leaseEndMs - leaseMs + heartbeatMs <= store.now(watch.appId));
  };
  // A round each quarter of the interval finds a Watch that was silent for half of it: three quarters at most pass in silence.
  const roundMs = Math.max(1, options.keepAliveMs / 4);
  let cancelRound = options.schedule(roundMs, round);
  function round(): void {
    const silentSinceMs = wallNow() - options.keepAliveMs / 2;
    for (const watch of registry.all()) if (watch.lastSentMs <= silentSinceMs) keepAlive(watch).catch(onFault);
    cancelRound = options.schedule(roundMs, round);
  }

  const onEnding = (watch: Watch): void => {
    disarm(endTimers, watch);
    endTimers.set(watch, options.schedule(endingMs, watch.breakOff));
  };

  const resetHello = ({ appId, epoch }: Watch): Event => hello(appId, epoch, ResumeResult.RESET);

  const openWatch = async (request: OpenRequest): Promise<Watch> => {
    if (draining) throw new Refused("DRAINING", "the server is shutting down", { retryAfterMs: 1000 });
    const { appId, userId, sessionId, breakOff } = request;
    const epoch = await store.epoch(appId);
    const reading = request.cursor.length > 0 ? readCursor(request.cursor, { appId, epoch, userId }) : undefined;
    if (reading?.kind === "malformed") throw new Refused("MALFORMED_CURSOR", "no server made this cursor");
    const id = options.newWatchId();
    const session = await store.update(appId, userId, (record, nowMs, context) => {
      if (request.isGone?.()) throw new Refused("STORE_UNAVAILABLE", "the caller has gone");
      const renewed = renew(record, sessionId, request.tokenExpiresAtMs, nowMs, context);
      if (renewed) noteWatch(renewed, id, context);
      return renewed;
    });
    if (!session) throw refuseKicked();
    const identity = { id, appId, userId, sessionId, epoch };
    const watch = new Watch({ ...identity, breakOff, wallNow, hello: resetHello, tableMax, onEnding });
    registry.ofSession(appId, userId, sessionId)?.finish(WatchEndReason.REPLACED, false);
    detach(registry.ofSession(appId, userId, sessionId));
    registry.add(watch);
    armToken(watch, session.tokenExpiresAtMs);
    // What happened between the first look and the registration missed this Watch.
    if (draining) watch.finish(WatchEndReason.DRAIN, true, { min: 0, max: drainSpreadMs });
    else if ((await store.epoch(appId)) !== epoch) watch.finish(WatchEndReason.RESYNC, true);
    try {
      await begin(watch, reading?.kind === "good" ? reading.seq : undefined);
      return watch;
    } catch (fault) {
      close(watch);
      throw fault;
    }
  };

  return {
    open: async (request, clientGone) => {
      const watch = await openWatch({ isGone: () => clientGone.aborted, ...request });
      if (clientGone.aborted) leave(watch);
      return feeds.frames(watch, clientGone, request.sink);
    },
    openDirect: async (request) => {
      const watch = await openWatch(request);
      return { feed: (connection) => feeds.feed(watch, connection), leave: () => leave(watch) };
    },
    sync: async (appId, userId, sessionId, marker) => {
      await losing.get(sessionId);
      const [record] = await store.read(appId, [userId]);
      if (record) usableSession(record as UserRecord, sessionId);
      const watch = registry.ofSession(appId, userId, sessionId);
      if (watch && !watch.ended && (await syncHere(watch, marker))) return;
      const answer = await store.askOthers?.(appId, userId, { sessionId, marker });
      if (answer === "done") return;
      if (answer === undefined) throw new Refused("NO_OPEN_WATCH", "this session has no open Watch");
      const { reason, message, retryAfterMs } = answer;
      throw new Refused(reason as ReasonName, message, retryAfterMs === undefined ? {} : { retryAfterMs });
    },
    drain: async () => {
      draining = true;
      const ended = new Promise<void>((resolve) => {
        whenEmpty = resolve;
      });
      for (const watch of registry.all()) watch.finish(WatchEndReason.DRAIN, true, { min: 0, max: drainSpreadMs });
      if (registry.size > 0) await ended;
    },
    stats: () => ({ watches: registry.size, delivered }),
    close: () => {
      cancelRound();
      for (const cancel of [...tokenTimers.values(), ...endTimers.values()]) cancel();
    },
  };

  /** false: the Watch has ended meanwhile; another node may have a newer one. */
  async function syncHere(watch: Watch, marker: string): Promise<boolean> {
    // Reading settles: what is due by now is told before the marker, though its timer may not have run. Where nodes share a store, it also tells what messages lost.
    const [own] = await store.read(watch.appId, [watch.userId]);
    const targets = await readAll(watch.appId, [...watch.visible.keys()]);
    if (own) dispatch.endGone(watch, own, [...targets.values()]);
    await watch.settled();
    await passes.told(watch);
    if (watch.ended) return false;
    if (!watch.putMarker(marker)) {
      throw new Refused("TOO_MANY_MARKERS", "too many markers wait on this Watch", { retryAfterMs: 1000 });
    }
    return true;
  }

  /** A replaced Watch is out of the indexes at once: what comes next is the new one's. Its own stream closes it. */
  function detach(watch: Watch | undefined): void {
    if (!watch) return;
    disarm(tokenTimers, watch);
    registry.remove(watch);
  }
}

function disarm(timers: Map<Watch, () => void>, watch: Watch): void {
  timers.get(watch)?.();
  timers.delete(watch);
}

/** Targets of rows that were deleted since; undefined: none. */
export async function findGone(
  store: Store,
  rules: Rules,
  appId: string,
  record: Readonly<UserRecord>,
): Promise<Map<string, number> | undefined> {
  // Without a registry nobody can be deleted.
  if (!rules.registry) return undefined;
  const ids = [...record.rows.keys()];
  const current = new Map<string, number>();
  for (let at = 0; at < ids.length; at += readSlice) {
    for (const target of await store.read(appId, ids.slice(at, at + readSlice), "status")) {
      current.set(target.userId, liveFrom(target));
    }
  }
  return goneRows(record, current).length > 0 ? current : undefined;
}
