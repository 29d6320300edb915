// Pull to refresh: sends a marker and waits for it on the stream (SPEC §12). A marker that is lost with its stream is sent anew
// on the next.
import { Code } from "@connectrpc/connect";
import { createDeadline, delay, untilAborted } from "./abort.ts";
import { toUserStatusError, UserStatusError } from "./errors.ts";
import type { Gate } from "./gate.ts";
import type { Markers } from "./markers.ts";
import type { SessionCalls } from "./session-calls.ts";
import type { Scheduler } from "./time.ts";

/** Most calls of `sync` that wait at a time: as many markers as every server keeps. */
export const syncsMax = 16;

/** Wait before Sync is tried again where the server does not say. */
const againMs = 200;

/** Refusals that pass: the server has lost the stream that this side still believes in, or the reverse; too many markers wait. */
const passing: ReadonlySet<string> = new Set(["NO_OPEN_WATCH", "TOO_MANY_MARKERS"]);

export interface SyncOptions {
  readonly scheduler: Scheduler;
  readonly timeoutMs: number;
  readonly markers: Markers;
  readonly calls: SessionCalls;
  /** Open while a Watch is. */
  readonly stream: Gate<true>;
}

/** Makes the call. It rejects with UserStatusError. */
export function createSync(options: SyncOptions): (signal: AbortSignal | undefined) => Promise<void> {
  const { scheduler, timeoutMs } = options;
  return async (signal) => {
    const deadline = createDeadline(scheduler, timeoutMs, [signal]);
    try {
      while (!(await syncOnce(options, deadline.signal)));
    } catch (thrown) {
      throw toUserStatusError(thrown);
    } finally {
      deadline.dispose();
    }
  };
}

async function syncOnce({ stream, markers, calls, scheduler }: SyncOptions, signal: AbortSignal): Promise<boolean> {
  await stream.wait(signal);
  const marker = markers.next();
  const arrival = markers.expect(marker);
  if (arrival === undefined) {
    throw new UserStatusError(Code.ResourceExhausted, "TOO_MANY_SYNCS", `${syncsMax} calls of sync are waiting`);
  }
  try {
    await calls.sync(marker, signal);
    return await untilAborted(arrival, signal);
  } catch (thrown) {
    const error = toUserStatusError(thrown);
    if (!passing.has(error.reason)) throw error;
    await delay(scheduler, error.retryAfterMs ?? againMs, signal);
    return false;
  } finally {
    markers.forget(marker);
  }
}
