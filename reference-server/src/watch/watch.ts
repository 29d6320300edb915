// One open Watch: a table of the latest value per key, never a queue, that the stream drains when it can.
// Implements SPEC §11 (watch-conflates, watch-end-last, frame-size), §13 (rev-order).
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  type SelfStatus,
  type Subscription,
  SubscriptionEndReason,
  type UserStatus,
  WatchEndReason,
} from "@userstatus/protocol";
import { type Event, type Place, type Waiting, WaitingTable } from "./table.ts";

export type { Event } from "./table.ts";

/** How a target is seen. Neither: not at all, and then there is no entry. */
export interface Visibility extends Place {
  /** Generation of the explicit row; 0: none. */
  generation: number;
  friend: boolean;
  /** A friend who is not registered: he stays on the list, unseen until he is. */
  gone: boolean;
  /** Revision of his status that the stream has carried, or has waiting; -1: none. */
  carried: number;
}

/** A status on its way to many Watches: what is the same for all of them is worked out once. */
export interface StatusNews extends Waiting {
  readonly event: Event & { case: "status" };
  readonly revision: number;
}

export function newsOf(status: UserStatus): StatusNews {
  const expire = status.customStatus?.expireTime;
  return {
    event: { case: "status", value: status },
    key: `s ${status.userId}`,
    revision: Number(status.revision),
    expireMs: expire ? Number(expire.seconds) * 1000 + expire.nanos / 1e6 : Number.POSITIVE_INFINITY,
  };
}

export interface WatchOptions {
  readonly id: string;
  readonly appId: string;
  readonly userId: string;
  readonly sessionId: string;
  /** Epoch of its cursors. */
  readonly epoch: string;
  /** Ends the stream from below, for a reader who does not read. */
  readonly breakOff: () => void;
  readonly wallNow: () => number;
  /** What the stream begins with if it is ended before it is opened. */
  readonly hello: (watch: Watch) => Event;
  /** Called once, when the server ends the stream while its reader may not read. */
  readonly onEnding: (watch: Watch) => void;
  /** Most entries that may wait; one more ends the stream with RESYNC. */
  readonly tableMax: number;
}

/** Events of one frame are cut off at about this many bytes; the limit of the protocol is 1 MiB. */
const frameBytesMax = 256 * 1024;
/** What an event takes beside its texts, roughly and from above. */
const eventBytes = 256;
/** Most Sync markers that may wait. */
const markersMax = 64;

/** Latest values waiting for one stream, in order of first arrival. Bounded by the number of visible targets. */
export class Watch {
  /** Never the same twice, on whichever node. */
  readonly id: string;
  readonly appId: string;
  readonly userId: string;
  readonly sessionId: string;
  readonly epoch: string;
  readonly breakOff: () => void;
  readonly visible: Map<string, Visibility> = new Map();
  #selfRevision = -1;
  readonly #table = new WaitingTable();
  #soonestEndMs = Number.POSITIVE_INFINITY;
  #phase: "opening" | "open" | "ending" | "done" = "opening";
  #wake: (() => void) | undefined;
  /** Who is told of every change from now on, in place of one who waits. */
  #follower: { wake(): void } | undefined;
  #markers = 0;
  #markerNumber = 0;
  #inFlight = 0;
  #whenSettled: (() => void)[] = [];
  /** Set when a keep-alive is due: whether it asks for a heartbeat. */
  #progress: { heartbeatRequested: boolean } | undefined;
  readonly #wallNow: () => number;
  readonly #hello: (watch: Watch) => Event;
  readonly #tableMax: number;
  readonly #onEnding: (watch: Watch) => void;
  /** A frame was taken and waits for what it tells to be durable. */
  held = false;
  /** Wall time at which something last left. */
  lastSentMs: number;
  /** Everything up to this change of the app has been carried. */
  carriedSeq = 0;

  constructor(options: WatchOptions) {
    this.id = options.id;
    this.appId = options.appId;
    this.userId = options.userId;
    this.sessionId = options.sessionId;
    this.epoch = options.epoch;
    this.breakOff = options.breakOff;
    this.#wallNow = options.wallNow;
    this.#hello = options.hello;
    this.#tableMax = options.tableMax;
    this.#onEnding = options.onEnding;
    this.lastSentMs = options.wallNow();
  }

  /** The server has ended it, or is about to. */
  get ended(): boolean {
    return this.#phase === "ending" || this.#phase === "done";
  }

  /** Nothing is left to send, and nothing will come. */
  get over(): boolean {
    return this.#phase === "done";
  }

  /** There is something to send now. */
  get waiting(): boolean {
    return this.#phase !== "opening" && (this.#table.size > 0 || this.#progress !== undefined);
  }

  putStatus(status: UserStatus): void {
    const seen = this.visible.get(status.userId);
    if (seen) this.putNews(newsOf(status), seen);
  }

  /** `seen` is how this Watch sees the target. */
  putNews(news: StatusNews, seen: Visibility): void {
    if (news.revision <= seen.carried || this.ended) return;
    seen.carried = news.revision;
    this.#table.putStatus(news, seen);
    this.#noted(news.expireMs);
  }

  /** The target is not seen any more: a status of his that waits does not leave. */
  forget(seen: Visibility): void {
    this.#table.dropStatus(seen);
    if (this.#table.isSparse) this.#resetTable(this.#table.entries.filter((entry) => entry !== undefined));
  }

  putSelf(self: SelfStatus): void {
    const revision = Number(self.status?.revision ?? 0);
    if (revision <= this.#selfRevision) return;
    this.#selfRevision = revision;
    this.#put("self", { case: "self", value: self });
  }

  putSubscribed(row: Subscription): void {
    const expire = row.expireTime;
    const expireMs = expire ? Number(expire.seconds) * 1000 + expire.nanos / 1e6 : Number.POSITIVE_INFINITY;
    this.#put(`r ${row.userId}`, { case: "subscribed", value: row }, expireMs);
  }

  /** Whether this stream shows the target now, or after such an end: nothing of who is deleted, though on several servers his row may stand here a moment longer. */
  shows(target: string, after?: SubscriptionEndReason): boolean {
    if (after === SubscriptionEndReason.TARGET_GONE) return false;
    const seen = this.visible.get(target);
    return seen !== undefined && (seen.generation !== 0 || !seen.gone);
  }

  /** A row ended, or with generation 0 the implicit row of a friend. */
  putEnded(target: string, generation: number, reason: SubscriptionEndReason): void {
    const stillVisible = this.shows(target, reason);
    if (!stillVisible) {
      const seen = this.visible.get(target);
      if (seen) {
        this.forget(seen);
        seen.carried = -1;
      }
    }
    const key = generation === 0 ? `f ${target}` : `r ${target}`;
    this.#put(key, {
      case: "subscriptionEnded",
      value: {
        $typeName: "userstatus.v1.SubscriptionEnded",
        userId: target,
        generation: BigInt(generation),
        reason,
        stillVisible,
      },
    });
  }

  /** Queues a marker behind what waits; false: too many wait already. */
  putMarker(marker: string): boolean {
    if (this.#markers >= markersMax) return false;
    this.#markers++;
    this.#put(`m${this.#markerNumber++}`, {
      case: "synced",
      value: { $typeName: "userstatus.v1.Synced", marker },
    });
    return true;
  }

  /** A keep-alive is due. */
  askProgress(heartbeatRequested: boolean): void {
    if (this.#phase !== "open") return;
    this.#progress = { heartbeatRequested };
    this.#notify();
  }

  /** Ends the opening: `assemble` gets what came meanwhile, by key, and gives everything in order. */
  begin(assemble: (meanwhile: ReadonlyMap<string, Event>) => [string, Event, number][]): void {
    if (this.#phase !== "opening") return;
    const before = new Map<string, Waiting>();
    for (const entry of this.#table.entries) if (entry) before.set(entry.key, entry);
    const meanwhile = new Map([...before].map(([key, entry]) => [key, entry.event]));
    const entries = assemble(meanwhile).map(([key, event, expireMs]): Waiting => {
      const waiting = before.get(key);
      return waiting?.event === event ? waiting : { key, event, expireMs };
    });
    this.#resetTable(entries);
    for (const { expireMs } of entries) this.#soonestEndMs = Math.min(this.#soonestEndMs, expireMs);
    this.#phase = "open";
    this.#notify();
  }

  /** Notes the revision of a status that an assembled snapshot carries. */
  noteCarried(status: UserStatus): void {
    const seen = this.visible.get(status.userId);
    if (seen) seen.carried = Math.max(seen.carried, Number(status.revision));
  }

  noteSelf(self: SelfStatus): void {
    this.#selfRevision = Math.max(this.#selfRevision, Number(self.status?.revision ?? 0));
  }

  /** The server ends the stream: what waits still goes out, then `watch_end`. */
  finish(reason: WatchEndReason, mayResume: boolean, delayMs?: { min: number; max: number }): void {
    if (this.ended) return;
    if (this.#phase === "opening") {
      this.#table.clear();
      this.#put("hello", this.#hello(this));
    }
    if (reason === WatchEndReason.REPLACED) this.#dropWaiting();
    this.#put("end", {
      case: "watchEnd",
      value: {
        $typeName: "userstatus.v1.WatchEnd",
        reason,
        mayResume,
        ...(delayMs ? { minDelay: durationFromMs(delayMs.min), maxDelay: durationFromMs(delayMs.max) } : {}),
      },
    });
    this.#phase = "ending";
    this.#onEnding(this);
    this.#notify();
  }

  /** What it was told may not hold: if any of it has not left, it is dropped, and the client comes back for what does. */
  undo(): void {
    if (this.#phase !== "opening" && !this.waiting && !this.held && this.quiet) return;
    this.#dropWaiting();
    // An end that waits may be of what never was, too.
    if (this.#phase === "ending") this.#phase = "open";
    this.finish(WatchEndReason.RESYNC, true);
  }

  /** The stream is gone: nobody reads any more. */
  abandon(): void {
    this.#phase = "done";
    this.#table.clear();
    this.#notify();
  }

  /** Counts work whose outcome this Watch waits for: cursor and markers do not overtake it. */
  async track(work: Promise<unknown>): Promise<void> {
    this.#inFlight++;
    try {
      await work;
    } finally {
      this.#inFlight--;
      if (this.#inFlight === 0) for (const settled of this.#whenSettled.splice(0)) settled();
    }
  }

  /** Answers when nothing is in flight. */
  async settled(): Promise<void> {
    while (this.#inFlight > 0) await new Promise<void>((resolve) => this.#whenSettled.push(resolve));
  }

  /** No waiting value ends before this; Infinity: none ends. */
  get soonestEndMs(): number {
    return this.#soonestEndMs;
  }

  /** Keys' users whose waiting values ended by `nowMs`: targets, or the user himself for rows. */
  stale(nowMs: number): string[] {
    const users = new Set<string>();
    for (const entry of this.#table.entries) {
      if (entry === undefined || entry.expireMs > nowMs) continue;
      users.add(entry.event.case === "status" ? entry.event.value.userId : this.userId);
    }
    return [...users];
  }

  /** Calls back at each change: something may wait to be sent, or the stream may be over. */
  follow(follower: { wake(): void }): void {
    this.#follower = follower;
  }

  /** Waits until there is something to send; false: the stream is over. */
  async ready(): Promise<boolean> {
    for (;;) {
      if (this.over) return false;
      if (this.waiting) return true;
      await new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
    }
  }

  /** The next frame, if it is one status and nothing else, as it mostly is; undefined: `take` gives it. */
  takeOnly(): (Event & { case: "status" }) | undefined {
    if (this.#phase !== "open" || this.#progress !== undefined) return undefined;
    const event = this.#table.takeOnly();
    if (event === undefined) return undefined;
    this.#soonestEndMs = Number.POSITIVE_INFINITY;
    this.lastSentMs = this.#wallNow();
    return event;
  }

  /**
   * The next frame. `progress` makes the keep-alive for a stream that has nothing left waiting; it is told whether the table is empty and
   * nothing is in flight, so that its cursor may cover everything up to now.
   */
  take(progress: (heartbeatRequested: boolean) => Event): Event[] {
    const events: Event[] = [];
    const { entries } = this.#table;
    let bytes = 0;
    let at = 0;
    for (; at < entries.length && bytes < frameBytesMax; at++) {
      const event = entries[at]?.event;
      if (event === undefined) continue;
      bytes += eventBytes + textBytes(event);
      // Row events of a target are merged in place: what is true is what holds when they leave.
      if (event.case === "subscriptionEnded")
        event.value.stillVisible = this.shows(event.value.userId, event.value.reason);
      else if (event.case === "synced") this.#markers--;
      events.push(event);
    }
    this.#table.removeFirst(at);
    const isEmpty = this.#table.size === 0;
    if (isEmpty) this.#soonestEndMs = Number.POSITIVE_INFINITY;
    if (isEmpty && this.#progress && this.#phase === "open") {
      events.push(progress(this.#progress.heartbeatRequested));
      this.#progress = undefined;
    }
    if (isEmpty && this.#phase === "ending") this.#phase = "done";
    this.lastSentMs = this.#wallNow();
    return events;
  }

  /** Nothing is in flight: everything that was told stands in the table or has left. */
  get quiet(): boolean {
    return this.#inFlight === 0;
  }

  #put(key: string, event: Event, expireMs = Number.POSITIVE_INFINITY): void {
    if (this.ended) return;
    this.#table.put({ key, event, expireMs });
    this.#noted(expireMs);
  }

  /** Something waits that did not, or in place of what did. */
  #noted(expireMs: number): void {
    if (expireMs < this.#soonestEndMs) this.#soonestEndMs = expireMs;
    if (this.#table.size > this.#tableMax) this.#overflow();
    else if (this.#phase === "open") this.#notify();
  }

  #resetTable(entries: readonly Waiting[]): void {
    this.#table.reset(entries, ({ event }) =>
      event.case === "status" ? this.visible.get(event.value.userId) : undefined,
    );
  }

  /** Nobody needs what waits on a Watch that another replaced, and many of these may wait unread. */
  #dropWaiting(): void {
    const hello = this.#table.entries.find((entry) => entry?.key === "hello");
    this.#table.clear();
    if (hello) this.#table.put(hello);
    this.#markers = 0;
  }

  /** Ended rows of a reader who does not read add up: he is better off with a new snapshot, and so are we. */
  #overflow(): void {
    this.#table.clear();
    this.#markers = 0;
    this.finish(WatchEndReason.RESYNC, true);
  }

  #notify(): void {
    this.#follower?.wake();
    const wake = this.#wake;
    this.#wake = undefined;
    wake?.();
  }
}

function textBytes(event: Event): number {
  if (event.case === "status") return 3 * (event.value.customStatus?.text.length ?? 0);
  if (event.case === "self") {
    return 3 * (event.value.status?.customStatus?.text.length ?? 0) + eventBytes * event.value.sessions.length;
  }
  return 0;
}
