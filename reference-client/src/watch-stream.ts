// Reads one Watch to its end. Implements SPEC §19: client-watchdog.

import { Code } from "@connectrpc/connect";
import type { WatchEnd, WatchEvent } from "@userstatus/protocol";
import { createLeash } from "./abort.ts";
import { toUserStatusError, UserStatusError } from "./errors.ts";
import { keepAliveMsOf } from "./limits.ts";
import type { WatchOutcome } from "./recovery.ts";
import { authorization, type UserStatusServiceClient } from "./rpc.ts";
import type { Scheduler } from "./time.ts";

/** A stream that is silent for this many keep-alive intervals is given up. */
export const watchdogFactor = 2.5;

/** How long a stream may take to close after its `watch_end`, before the client closes it. */
const closeMs = 1_000;

export interface WatchStreamOptions {
  readonly service: UserStatusServiceClient;
  readonly scheduler: Scheduler;
  readonly sessionId: string;
  readonly token: string;
  /** Empty: a full snapshot. */
  readonly cursor: Uint8Array;
  /** Longest silence of a stream, until its hello says otherwise. */
  readonly keepAliveMs: number;
  /** Gives the stream up. */
  readonly signal: AbortSignal;
  /** Takes each event in order; `hello` is the first, and `watch_end` is not among them. */
  readonly onEvent: (event: WatchEvent["event"]) => void;
}

/** Resolves when the stream is over and nothing of it is left. Never rejects. */
export async function readWatch(options: WatchStreamOptions): Promise<WatchOutcome> {
  const { scheduler } = options;
  const leash = createLeash([options.signal]);
  let limitMs = options.keepAliveMs * watchdogFactor;
  let silent = false;
  let cancelTimer = (): void => {};
  const arm = (delayMs: number): void => {
    cancelTimer();
    cancelTimer = scheduler.schedule(delayMs, () => {
      silent = true;
      leash.abort();
    });
  };
  const reader = createFrameReader(options.onEvent, (ms) => {
    limitMs = ms * watchdogFactor;
  });
  arm(limitMs);
  try {
    const request = { sessionId: options.sessionId, cursor: options.cursor };
    const call = { headers: authorization(options.token), signal: leash.signal };
    for await (const frame of options.service.watch(request, call)) {
      for (const { event } of frame.events) reader.take(event);
      arm(reader.end() === undefined ? limitMs : closeMs);
    }
    const end = reader.end();
    return end === undefined ? { kind: "closed" } : { kind: "ended", end };
  } catch (thrown) {
    const end = reader.end();
    if (end !== undefined) return { kind: "ended", end };
    return silent ? { kind: "silent" } : { kind: "failed", error: toUserStatusError(thrown) };
  } finally {
    cancelTimer();
    leash.abort();
    leash.dispose();
  }
}

interface FrameReader {
  readonly take: (event: WatchEvent["event"]) => void;
  /** The `watch_end`, once it came. Nothing after it counts. */
  readonly end: () => WatchEnd | undefined;
}

/** Keeps to the order of a stream: `hello` first and once, `watch_end` last; what it does not know it leaves out. */
function createFrameReader(
  onEvent: (event: WatchEvent["event"]) => void,
  onKeepAlive: (keepAliveMs: number) => void,
): FrameReader {
  let open = false;
  let end: WatchEnd | undefined;
  return {
    end: () => end,
    take: (event) => {
      if (end !== undefined || event.case === undefined) return;
      if (event.case === "watchEnd") {
        end = event.value;
        return;
      }
      if (open === (event.case === "hello")) {
        const message = open ? "a second hello on one stream" : `the stream begins with ${event.case}, not with hello`;
        throw new UserStatusError(Code.Internal, "BAD_ANSWER", message);
      }
      if (event.case === "hello") {
        open = true;
        onKeepAlive(keepAliveMsOf(event.value.keepAliveInterval));
      }
      onEvent(event);
    },
  };
}
