// One stream, looked at while it runs: hello first and once, revisions never down, frames within 1 MiB, watch_end
// last (SPEC §3, §11, §13).
import type { WatchEvent } from "@userstatus/protocol";
import type { Observer, Sighting } from "./observer.ts";

/** Greatest frame (SPEC §3: frame-size). */
export const frameMaxBytes: number = 1024 * 1024;

export interface StreamGuard {
  readonly frame: (bytes: number, events: number) => void;
  readonly event: (event: WatchEvent["event"]) => void;
  /** The client is about to end it, or to break the way: how it ends says nothing about the server from here on. */
  readonly clientActed: () => void;
  readonly ended: (error: string | undefined) => void;
}

export function createStreamGuard(observer: Observer, at: Sighting): StreamGuard {
  const revisions = new Map<string, bigint>();
  let count = 0;
  let epoch = "";
  let endSeen = false;
  let acted = false;

  const rise = (key: string, name: string, revision: bigint): void => {
    const before = revisions.get(key);
    revisions.set(key, revision);
    if (before === undefined) return;
    if (revision > before) observer.observed("rev-order");
    if (revision >= before) return;
    const what = `revisions of ${name} on one stream must never go down`;
    observer.violated("rev-order", at, { what, expected: `${before} or more`, got: String(revision) });
  };
  const hello = (event: WatchEvent["event"]): void => {
    const isHello = event.case === "hello";
    if (count === 0) observer.observed("watch-hello");
    if (isHello === (count === 0)) return;
    const what = count === 0 ? "the first event of a stream must be hello" : "a stream must have no second hello";
    observer.violated("watch-hello", at, {
      what,
      expected: count === 0 ? "hello" : "no hello",
      got: event.case ?? "an unknown event",
    });
  };
  return {
    frame: (bytes, events) => {
      observer.observed("frame-size");
      if (bytes <= frameMaxBytes) return;
      const what = `a frame (of ${events} events) must be at most ${frameMaxBytes} bytes`;
      observer.violated("frame-size", at, { what, expected: `${frameMaxBytes} bytes`, got: `${bytes} bytes` });
    },
    event: (event) => {
      hello(event);
      if (endSeen) {
        const got = `${event.case ?? "an unknown event"} after it`;
        observer.violated("watch-end-last", at, {
          what: "watch_end must be the last event",
          expected: "nothing after it",
          got,
        });
      }
      count++;
      if (event.case === "hello") {
        epoch = event.value.epoch;
        observer.epoch(at, epoch, "hello");
      } else if (event.case === "status") {
        rise(`status/${event.value.userId}`, event.value.userId, event.value.revision);
        observer.status(at, epoch, event.value, "others");
      } else if (event.case === "self" && event.value.status !== undefined) {
        rise("self", "self", event.value.status.revision);
        observer.self(at, epoch, event.value);
      } else if (event.case === "watchEnd") {
        endSeen = true;
      }
    },
    clientActed: () => {
      acted = true;
    },
    ended: (error) => {
      if (acted || (count === 0 && error !== undefined)) return;
      observer.observed("watch-end-last");
      if (endSeen && error === undefined) return;
      const what = "a stream that the server ends must have watch_end as its last event and close without an error";
      const got = `${endSeen ? "watch_end" : "no watch_end"}, ${error === undefined ? "no error" : error}`;
      observer.violated("watch-end-last", at, { what, expected: "watch_end, no error", got });
    },
  };
}
