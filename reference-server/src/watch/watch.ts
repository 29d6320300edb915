// One open Watch: a table of the latest value per key, never a queue, that the stream drains when it can.
// Implements SPEC §11 (watch-conflates, watch-end-last, frame-size), §13 (rev-order).
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import {
  type SelfStatus,
  type Subscription,
  type SubscriptionEndReason,
  type UserStatus,
  WatchEndReason,
  type WatchEvent,
} from "@userstatus/protocol";

export type Event = WatchEvent["event"];

/** How a target is seen. Neither: not at all, and then there is no entry. */
export interface Visibility {
  /** Generation of the explicit row; 0: none. */
  generation: number;
  friend: boolean;
  /** A friend who is not registered: he stays on the list, unseen until he is. */
  gone: boolean;
  /** Revision of his status that the stream has carried, or has waiting; -1: none. */
  carried: number;
}

/** A status on its way to many Watches: what is the same for all of them is worked out once. */
export interface StatusNews {
  readonly event: Event & { case: "status" };
  readonly key: string;
  readonly revision: number;
  readonly expireMs: number;
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

interface Entry {
  event: Event;
  /** A text or row in it that ends then; what waits longer is settled again before it leaves. */
  expireMs: number;
}

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
  /** Keys of users have a space, which no user id has, so that none can be taken for another key. */
  #pending: Map<string, Entry> = new Map();
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
    return this.#phase !== "opening" && (this.#pending.size > 0 || this.#progress !== undefined);
  }

  putStatus(status: UserStatus): void {
    const seen = this.visible.get(status.userId);
    if (seen) this.putNews(newsOf(status), seen);
  }

  /** `seen` is how this Watch sees the target. */
  putNews({ event, key, revision, expireMs }: StatusNews, seen: Visibility): void {
    if (revision <= seen.carried || this.ended) return;
    seen.carried = revision;
    this.#put(key, event, expireMs);
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

  /** Whether this stream shows the target now. */
  shows(target: string): boolean {
    const seen = this.visible.get(target);
    return seen !== undefined && (seen.generation !== 0 || !seen.gone);
  }

  /** A row ended, or with generation 0 the implicit row of a friend. */
  putEnded(target: string, generation: number, reason: SubscriptionEndReason): void {
    const stillVisible = this.shows(target);
    if (!stillVisible) {
      this.#pending.delete(`s ${target}`);
      const seen = this.visible.get(target);
      if (seen) seen.carried = -1;
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
    const before = this.#pending;
    const meanwhile = new Map([...before].map(([key, entry]) => [key, entry.event]));
    const entries = assemble(meanwhile).map(([key, event, expireMs]): [string, Entry] => {
      const waiting = before.get(key);
      return [key, waiting?.event === event ? waiting : { event, expireMs }];
    });
    this.#pending = new Map(entries);
    for (const [, { expireMs }] of entries) this.#soonestEndMs = Math.min(this.#soonestEndMs, expireMs);
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
      this.#pending = new Map();
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
    this.#pending.clear();
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
    for (const [key, entry] of this.#pending) {
      if (entry.expireMs <= nowMs) users.add(key.startsWith("s ") ? key.slice(2) : this.userId);
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

  /**
   * The next frame. `progress` makes the keep-alive for a stream that has nothing left waiting; it is told whether the table is empty and
   * nothing is in flight, so that its cursor may cover everything up to now.
   */
  take(progress: (heartbeatRequested: boolean) => Event): Event[] {
    const events: Event[] = [];
    let bytes = 0;
    for (const [key, { event }] of this.#pending) {
      if (bytes >= frameBytesMax) break;
      bytes += eventBytes + textBytes(event);
      // Row events of a target are merged in place: what is true is what holds when they leave.
      if (event.case === "subscriptionEnded") event.value.stillVisible = this.shows(event.value.userId);
      events.push(event);
      this.#pending.delete(key);
      if (event.case === "synced") this.#markers--;
    }
    if (this.#pending.size === 0) this.#soonestEndMs = Number.POSITIVE_INFINITY;
    if (this.#pending.size === 0 && this.#progress && this.#phase === "open") {
      events.push(progress(this.#progress.heartbeatRequested));
      this.#progress = undefined;
    }
    if (this.#pending.size === 0 && this.#phase === "ending") this.#phase = "done";
    this.lastSentMs = this.#wallNow();
    return events;
  }

  /** Nothing is in flight: everything that was told stands in the table or has left. */
  get quiet(): boolean {
    return this.#inFlight === 0;
  }

  #put(key: string, event: Event, expireMs = Number.POSITIVE_INFINITY): void {
    if (this.ended) return;
    this.#pending.set(key, { event, expireMs });
    if (expireMs < this.#soonestEndMs) this.#soonestEndMs = expireMs;
    if (this.#pending.size > this.#tableMax) this.#overflow();
    else if (this.#phase === "open") this.#notify();
  }

  /** Nobody needs what waits on a Watch that another replaced, and many of these may wait unread. */
  #dropWaiting(): void {
    const hello = this.#pending.get("hello");
    this.#pending = new Map(hello ? [["hello", hello]] : []);
    this.#markers = 0;
  }

  /** Ended rows of a reader who does not read add up: he is better off with a new snapshot, and so are we. */
  #overflow(): void {
    this.#pending.clear();
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
