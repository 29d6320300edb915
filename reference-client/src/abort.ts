// Waiting that ends: by a signal, by a time limit, and with nothing left behind.
import { Code } from "@connectrpc/connect";
import { abortedError, UserStatusError } from "./errors.ts";
import type { Scheduler } from "./time.ts";

/** For calls without a signal. */
export const neverAborted: AbortSignal = new AbortController().signal;

/** A signal that fires with its parents, and on its own. */
export interface Leash {
  readonly signal: AbortSignal;
  readonly abort: (reason?: unknown) => void;
  /** Lets go of the parents and stops the timer. Always called when the work is over. */
  readonly dispose: () => void;
}

/** Links a new signal to parents. (AbortSignal.any would hold on to a parent that lives as long as the app.) */
export function createLeash(parents: readonly (AbortSignal | undefined)[]): Leash {
  const controller = new AbortController();
  const links: (() => void)[] = [];
  for (const parent of parents) {
    if (parent === undefined) continue;
    const follow = (): void => controller.abort(parent.reason);
    if (parent.aborted) follow();
    parent.addEventListener("abort", follow, { once: true });
    links.push(() => parent.removeEventListener("abort", follow));
  }
  return {
    signal: controller.signal,
    abort: (reason) => controller.abort(reason),
    dispose: () => {
      for (const unlink of links.splice(0)) unlink();
    },
  };
}

/** A leash that also fires, with TIMED_OUT, after `timeoutMs`. */
export function createDeadline(
  scheduler: Scheduler,
  timeoutMs: number,
  parents: readonly (AbortSignal | undefined)[],
): Leash {
  const leash = createLeash(parents);
  const message = `no answer within ${timeoutMs} ms`;
  const cancel = scheduler.schedule(timeoutMs, () =>
    leash.abort(new UserStatusError(Code.DeadlineExceeded, "TIMED_OUT", message)),
  );
  return {
    ...leash,
    dispose: () => {
      cancel();
      leash.dispose();
    },
  };
}

/** The promise, or a rejection as soon as the signal fires. What the promise does after that is nobody's business. */
export function untilAborted<T>(promise: Promise<T>, signal: AbortSignal): Promise<T> {
  return new Promise((resolve, reject) => {
    const onAbort = (): void => reject(abortedError(signal));
    if (signal.aborted) onAbort();
    signal.addEventListener("abort", onAbort, { once: true });
    const unlink = (): void => signal.removeEventListener("abort", onAbort);
    promise.then(
      (value) => {
        unlink();
        resolve(value);
      },
      (error: unknown) => {
        unlink();
        reject(error);
      },
    );
  });
}

/** Resolves after `delayMs`; rejects as soon as the signal fires. */
export function delay(scheduler: Scheduler, delayMs: number, signal: AbortSignal): Promise<void> {
  return new Promise((resolve, reject) => {
    if (signal.aborted) {
      reject(abortedError(signal));
      return;
    }
    const onAbort = (): void => {
      cancel();
      reject(abortedError(signal));
    };
    const cancel = scheduler.schedule(delayMs, () => {
      signal.removeEventListener("abort", onAbort);
      resolve();
    });
    signal.addEventListener("abort", onAbort, { once: true });
  });
}
