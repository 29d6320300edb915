// An open Watch of a bench: opens it (through the relay if asked), reads all the time, closes it, breaks its link.
import type { Seen, TestSession, TestWatch, WatchOptions } from "../check.ts";
import { createStreamGuard } from "../invariants/streams.ts";
import { type Connection, hostOf, openConnection } from "../wire/connection.ts";
import { openRelay, type Relay } from "../wire/relay.ts";
import { heldStatus } from "./held.ts";
import { createLink } from "./link.ts";
import { createWatchLog, type Ended, type WatchLog } from "./watch-log.ts";
import { userClient, type World } from "./world.ts";

export interface WatchHooks {
  readonly session: TestSession;
  readonly token: () => Promise<string>;
  readonly sync: (marker: string) => Promise<unknown>;
  /** The stream is open: the lease has started anew. */
  readonly opened: () => void;
  /** The client's side is gone; answers when the server has had time to see it. */
  readonly linkGone: () => Promise<void>;
}

interface Opening {
  readonly world: World;
  readonly options: WatchOptions;
  readonly hooks: WatchHooks;
  readonly log: WatchLog;
  readonly stop: AbortSignal;
  readonly onRelay: (relay: Relay) => void;
}

/** Opens it, and waits for nothing. */
export function openTestWatch(world: World, options: WatchOptions, hooks: WatchHooks): TestWatch {
  const stop = new AbortController();
  const guard = createStreamGuard(world.run.observer, world.sighting);
  const log = createWatchLog(guard, world.run.patienceMs);
  let relay: Relay | undefined;
  const onRelay = (opened: Relay): void => {
    relay = opened;
  };
  const ended: Promise<Ended> = read({ world, options, hooks, log, stop: stop.signal, onRelay }).then(
    () => log.finish(undefined),
    (error: unknown) => log.finish(error),
  );
  world.onClose(() => {
    guard.clientActed();
    stop.abort();
    relay?.close();
  });
  const gone = async (): Promise<void> => {
    await ended;
    await hooks.linkGone();
  };
  const close = async (): Promise<void> => {
    if (log.isOver()) return;
    guard.clientActed();
    stop.abort();
    relay?.cut();
    await gone();
  };
  const { transcript } = world;
  const isAsked = options.relay === true;
  const link = createLink({ relay: () => relay, isAsked, clientEnds: guard.clientActed, transcript, gone });
  return {
    ...lookups(world, log, hooks),
    get epoch() {
      return newestEpoch(log);
    },
    get cursor() {
      return newestCursor(log);
    },
    session: hooks.session,
    ended,
    close,
    link,
  };
}

async function read({ world, options, hooks, log, stop, onRelay }: Opening): Promise<void> {
  const { session } = hooks;
  const token = options.token ?? hooks.token;
  let connection = world.connection;
  if (options.relay === true) connection = await throughRelay(world, onRelay);
  const client = userClient(world, session.user.id, typeof token === "string" ? async () => token : token, {
    streamsWait: true,
    connection,
  });
  const cursor = options.cursor === undefined ? {} : { cursor: options.cursor };
  for await (const frame of client.watch({ sessionId: session.id, ...cursor }, { signal: stop })) {
    if (log.seen.length === 0) hooks.opened();
    log.take(frame);
  }
}

async function throughRelay(world: World, onRelay: (relay: Relay) => void): Promise<Connection> {
  const relay = await openRelay(hostOf(new URL(world.run.url)));
  onRelay(relay);
  const connection = openConnection(world.kind, world.run.url, relay.dial);
  world.onClose(connection.close);
  return connection;
}

type Lookups = Pick<
  TestWatch,
  "seen" | "mark" | "after" | "find" | "end" | "status" | "self" | "fence" | "held" | "statusesOf"
>;

function lookups(world: World, log: WatchLog, hooks: WatchHooks): Lookups {
  const { seen, find, end } = log;
  return {
    seen,
    find,
    end,
    mark: () => seen.length,
    after: (mark) => seen.slice(mark),
    status: (id, what, fits, from) =>
      find(
        what,
        (event) =>
          event.case === "status" && event.value.userId === id && fits(event.value) ? event.value : undefined,
        from,
      ),
    self: (what, fits, from) =>
      find(what, (event) => (event.case === "self" && fits(event.value) ? event.value : undefined), from),
    fence: async () => {
      const marker = `fence-${world.random.text(12)}`;
      const from = seen.length;
      await hooks.sync(marker);
      const what = `could not be reached: Sync must bring its marker ${marker}`;
      return find(
        what,
        (event, index) => (event.case === "synced" && event.value.marker === marker ? index : undefined),
        from,
      );
    },
    held: (id) => heldStatus(seen, id),
    statusesOf: (id, from = 0) =>
      seen
        .slice(from)
        .flatMap(({ event }) => (event.case === "status" && event.value.userId === id ? [event.value] : [])),
  };
}

function newestEpoch(log: WatchLog): string {
  return log.newest("a Watch must tell the epoch in hello", (event) =>
    event.case === "hello" ? event.value.epoch : undefined,
  );
}

function newestCursor(log: WatchLog): Uint8Array {
  const cursorOf = (event: Seen["event"]): Uint8Array | undefined =>
    (event.case === "snapshotEnd" || event.case === "progress") && event.value.cursor.length > 0
      ? event.value.cursor
      : undefined;
  return log.newest("a Watch must tell a cursor in snapshot_end or progress", cursorOf);
}
