// What came on one Watch, and waiting for what a check looks for in it.
import { toBinary } from "@bufbuild/protobuf";
import { type WatchEnd, type WatchResponse, WatchResponseSchema } from "@userstatus/protocol";
import type { Seen, TestWatch } from "../check.ts";
import { CheckFailure, NothingCame } from "../failure.ts";
import type { StreamGuard } from "../invariants/streams.ts";
import { spoken } from "../units.ts";
import { show } from "./evaluate.ts";
import { describeError } from "./refusal.ts";
import { createWaiter } from "./waiter.ts";

export interface Ended {
  readonly end: WatchEnd | undefined;
  readonly error: unknown;
}

export interface WatchLog extends Pick<TestWatch, "seen" | "find" | "end"> {
  readonly take: (frame: WatchResponse) => void;
  /** The stream is over; `error` undefined if it closed without one. */
  readonly finish: (error: unknown) => Ended;
  readonly isOver: () => boolean;
  /** Picks from the newest event back; fails the check if nothing fits. */
  readonly newest: <T>(what: string, pick: (event: Seen["event"]) => T | undefined) => T;
}

export function createWatchLog(guard: StreamGuard, patienceMs: number): WatchLog {
  const seen: Seen[] = [];
  const waiter = createWaiter();
  let ended: Ended | undefined;

  const find: TestWatch["find"] = async (what, pick, from = 0) => {
    const until = performance.now() + patienceMs;
    for (let at = from; ; ) {
      for (; at < seen.length; at++) {
        const entry = seen[at];
        const found = entry === undefined ? undefined : pick(entry.event, at);
        if (found !== undefined) return found;
      }
      if (ended !== undefined)
        throw new CheckFailure(
          what,
          wanted,
          `the end of the stream (${endText(ended)}), before it ${eventsText(seen, from)}`,
          ended.error,
        );
      if (!(await waiter.changed(until)) && at >= seen.length)
        throw new NothingCame(what, wanted, eventsText(seen, from));
    }
  };
  const wanted = `it on the Watch within ${spoken(patienceMs)}`;

  return {
    seen,
    find,
    take: (frame) => {
      const frameBytes = toBinary(WatchResponseSchema, frame).length;
      guard.frame(frameBytes, frame.events.length);
      for (const { event } of frame.events) {
        guard.event(event);
        seen.push({ event, index: seen.length, frameBytes });
      }
      waiter.wake();
    },
    finish: (error) => {
      const last = seen.at(-1)?.event;
      ended = { end: last?.case === "watchEnd" ? last.value : undefined, error };
      guard.ended(error === undefined ? undefined : describeError(error));
      waiter.wake();
      return ended;
    },
    isOver: () => ended !== undefined,
    end: async (what) => {
      const until = performance.now() + patienceMs;
      while (ended === undefined) {
        if ((await waiter.changed(until)) || ended !== undefined) continue;
        const got = `an open stream, on it ${eventsText(seen, 0)}`;
        throw new CheckFailure(what, `the end of the stream within ${spoken(patienceMs)}`, got);
      }
      return ended;
    },
    newest: (what, pick) => {
      for (let at = seen.length - 1; at >= 0; at--) {
        const found = pick(seen[at]?.event ?? { case: undefined });
        if (found !== undefined) return found;
      }
      throw new CheckFailure(what, "it on the Watch", eventsText(seen, 0));
    },
  };
}

function endText({ end, error }: Ended): string {
  if (error !== undefined) return error instanceof CheckFailure ? error.message : describeError(error);
  return end === undefined ? "no watch_end" : `watch_end ${show(end)}`;
}

/** The newest events, for the reader of a failure. */
function eventsText(seen: readonly Seen[], from: number): string {
  const events = seen.slice(from);
  if (events.length === 0) return from === 0 ? "nothing at all" : "nothing more";
  const newest = events
    .slice(-4)
    .map(({ event }) => (event.case === undefined ? "an unknown event" : `${event.case} ${show(event.value, 160)}`));
  const before = events.length > newest.length ? `${events.length} events, at last ` : "";
  return `${before}${newest.join("; ")}`;
}
