// Feeds a connection straight from the table of its Watch: no promise, generator or queue for each frame. What changes in one turn of the event loop
// leaves as one frame; while the connection is full, the table conflates (SPEC §11.2, watch-conflates).
import type { FrameEncoder } from "./encode.ts";
import type { FrameSink } from "./frame-sink.ts";
import type { Event, Watch } from "./watch.ts";

export interface FollowOptions {
  readonly watch: Watch;
  readonly sink: FrameSink;
  readonly encode: FrameEncoder;
  /** The next events of the Watch. */
  readonly take: () => Event[];
  /** Settles what waits and has ended meanwhile; undefined: nothing has. */
  readonly settle: () => Promise<unknown> | undefined;
  readonly flusher: Flusher;
  /** Holds a frame until what it tells is durable (`Store.hold`); undefined: nothing has to be. */
  readonly hold?: ((release: (durable: boolean) => void) => boolean) | undefined;
}

/** Answers when the Watch is over and all of it was handed to the connection. */
export function follow({ watch, sink, encode, take, settle, flusher, hold }: FollowOptions): Promise<void> {
  return new Promise((resolve, reject) => {
    let queued = false;
    let full = false;
    let settling = false;
    const wake = (): void => {
      if (queued) return;
      queued = true;
      flusher.add(flush);
    };
    const drained = (): void => {
      full = false;
      wake();
    };
    let frame: ReturnType<FrameEncoder> | undefined;
    const send = (): void => {
      try {
        frame = encode(take());
        watch.held = hold?.(released) === true;
      } catch (fault) {
        reject(fault);
        return;
      }
      if (!watch.held) write();
    };
    const released = (durable: boolean): void => {
      if (!durable) watch.undo();
      watch.held = false;
      if (durable) write();
      else if (watch.over) resolve();
      else wake();
    };
    const write = (): void => {
      try {
        if (frame) full = !sink.write(frame);
        frame = undefined;
      } catch (fault) {
        reject(fault);
        return;
      }
      if (watch.over) resolve();
      else if (full) sink.whenDrained(drained);
      else if (watch.waiting) wake();
    };
    const settled = (): void => {
      settling = false;
      if (watch.over) resolve();
      else if (watch.waiting) send();
    };
    const flush = (): void => {
      queued = false;
      if (watch.over && !watch.held) resolve();
      if (watch.over || watch.held || full || settling || !watch.waiting) return;
      const work = settle();
      if (work === undefined) {
        send();
        return;
      }
      settling = true;
      work.then(settled, reject);
    };
    watch.follow(wake);
    wake();
  });
}

export interface Flusher {
  /** Runs it when this turn of the event loop is over, and others have had theirs. */
  readonly add: (flush: () => void) => void;
}

/** Connections fed between two looks at everything else that the process has to do. */
const sliceMax = 256;

/** `defer` runs something when what is due now has run: `setImmediate`. */
export function createFlusher(defer: (run: () => void) => void): Flusher {
  let queue: (() => void)[] = [];
  let at = 0;
  const run = (): void => {
    const until = Math.min(queue.length, at + sliceMax);
    while (at < until) queue[at++]?.();
    if (at < queue.length) {
      defer(run);
      return;
    }
    queue = [];
    at = 0;
  };
  return {
    add: (flush) => {
      queue.push(flush);
      if (queue.length === 1) defer(run);
    },
  };
}
