// Feeds a connection straight from the table of its Watch: no promise, generator or queue for each frame. What changes in one turn of the event loop
// leaves as one frame; while the connection is full, the table conflates (SPEC §11.2, watch-conflates).
import type { FrameEncoder } from "./encode.ts";
import type { FrameCodec, FrameSink } from "./frame-sink.ts";
import type { Event, Watch } from "./watch.ts";

/** What all Watches of a server have in common. */
export interface FollowDeps {
  readonly encoders: Readonly<Record<FrameCodec, FrameEncoder>>;
  /** The next events of a Watch. */
  readonly take: (watch: Watch) => Event[];
  /** Settles what waits and has ended meanwhile; undefined: nothing has. */
  readonly settle: (watch: Watch) => Promise<unknown> | undefined;
  readonly flusher: Flusher;
  /** Holds a frame until what it tells is durable (`Store.hold`); undefined: nothing has to be. */
  readonly hold?: ((release: (durable: boolean) => void) => boolean) | undefined;
}

/** Feeds one connection. There are as many of these as idle Watches: a class, for it costs one object where closures cost ten. */
export class Follower implements Flushable {
  readonly #watch: Watch;
  readonly #sink: FrameSink;
  readonly #deps: FollowDeps;
  readonly #over: (fault?: unknown) => void;
  readonly lane: Lane | undefined;
  #queued = false;
  #full = false;
  #settling = false;
  #ended = false;
  #frame: Buffer | undefined;

  /** `over` is called once: when the Watch is over and all of it was handed to the connection, or with a fault. */
  constructor(watch: Watch, sink: FrameSink, deps: FollowDeps, over: (fault?: unknown) => void) {
    this.#watch = watch;
    this.#sink = sink;
    this.#deps = deps;
    this.#over = over;
    this.lane = deps.flusher.laneOf(sink.connection);
  }

  start(): void {
    this.#watch.follow(this);
    this.wake();
  }

  wake(): void {
    if (this.#queued) return;
    this.#queued = true;
    this.#deps.flusher.add(this);
  }

  flush(): void {
    this.#queued = false;
    try {
      this.#feed();
    } catch (fault) {
      this.#end(fault);
    }
  }

  #feed(): void {
    const watch = this.#watch;
    if (watch.over && !watch.held) this.#end();
    if (watch.over || watch.held || this.#full || this.#settling || !watch.waiting) return;
    const work = this.#deps.settle(watch);
    if (work === undefined) {
      this.#send();
      return;
    }
    this.#settling = true;
    work.then(
      () => this.#settled(),
      (fault: unknown) => this.#end(fault),
    );
  }

  #settled(): void {
    this.#settling = false;
    if (this.#watch.over) this.#end();
    else if (this.#watch.waiting) this.#send();
  }

  #send(): void {
    const watch = this.#watch;
    const { encoders, take, hold } = this.#deps;
    try {
      const encoder = encoders[this.#sink.codec];
      const only = watch.takeOnly();
      this.#frame = only === undefined ? encoder(take(watch)) : encoder.status(only);
      watch.held = hold?.((durable) => this.#released(durable)) === true;
    } catch (fault) {
      this.#end(fault);
      return;
    }
    if (!watch.held) this.#write();
  }

  #released(durable: boolean): void {
    const watch = this.#watch;
    if (!durable) watch.undo();
    watch.held = false;
    if (durable) this.#write();
    else if (watch.over) this.#end();
    else this.wake();
  }

  #write(): void {
    const watch = this.#watch;
    try {
      if (this.#frame) this.#full = !this.#sink.write(this.#frame);
      this.#frame = undefined;
    } catch (fault) {
      this.#end(fault);
      return;
    }
    if (watch.over) this.#end();
    else if (this.#full) this.#sink.whenDrained(() => this.#drained());
    else if (watch.waiting) this.wake();
  }

  #drained(): void {
    this.#full = false;
    this.wake();
  }

  #end(fault?: unknown): void {
    if (this.#ended) return;
    this.#ended = true;
    this.#over(fault);
  }
}

/** Does something when its turn has come. */
export interface Flushable {
  readonly lane: Lane | undefined;
  /** Must not throw. */
  flush(): void;
}

/** Those who share a connection. They are fed in one turn, so that what they write leaves it together. */
export class Lane {
  #waiting: Flushable[] = [];

  /** True: it waits for its turn from now on. */
  add(one: Flushable): boolean {
    return this.#waiting.push(one) === 1;
  }

  /** Feeds so many at most; answers how many are left. */
  flush(most: number): number {
    const waiting = this.#waiting;
    const now = waiting.length <= most ? waiting : waiting.slice(0, most);
    this.#waiting = waiting.length <= most ? [] : waiting.slice(most);
    const left = this.#waiting.length;
    for (const one of now) one.flush();
    return left;
  }

  get size(): number {
    return this.#waiting.length;
  }
}

export interface Flusher {
  /** Flushes it when this turn of the event loop is over, and others have had theirs. */
  readonly add: (one: Flushable) => void;
  /** The lane of a connection. */
  readonly laneOf: (connection: object | undefined) => Lane | undefined;
}

/** Streams fed between two looks at everything else that the process has to do. */
const sliceMax = 256;

/** `defer` runs something when what is due now has run: `setImmediate`. */
export function createFlusher(defer: (run: () => void) => void): Flusher {
  const lanes = new WeakMap<object, Lane>();
  let queue: (Flushable | Lane)[] = [];
  let at = 0;
  const feed = (): void => {
    const until = queue.length;
    for (let fed = 0; at < until && fed < sliceMax; ) {
      const next = queue[at++];
      if (next instanceof Lane) {
        const { size } = next;
        const left = next.flush(sliceMax);
        fed += size - left;
        if (left > 0) queue.push(next);
      } else {
        next?.flush();
        fed++;
      }
    }
  };
  const run = (): void => {
    try {
      feed();
    } finally {
      // What was fed is not held on to while others come all the time.
      queue = at < queue.length ? queue.slice(at) : [];
      at = 0;
      if (queue.length > 0) defer(run);
    }
  };
  return {
    add: (one) => {
      const { lane } = one;
      if (lane !== undefined && !lane.add(one)) return;
      queue.push(lane ?? one);
      if (queue.length === 1) defer(run);
    },
    laneOf: (connection) => {
      if (connection === undefined) return undefined;
      const known = lanes.get(connection);
      if (known !== undefined) return known;
      const lane = new Lane();
      lanes.set(connection, lane);
      return lane;
    },
  };
}
