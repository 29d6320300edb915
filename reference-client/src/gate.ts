// Something that is there, or not now, or never again; callers wait for it.
import { untilAborted } from "./abort.ts";

/** A value that comes and goes. */
export interface Gate<T> {
  /** The value, if it is there. */
  readonly peek: () => T | undefined;
  /** The value as soon as it is there. Rejects with the signal, or with the error of `fail`. */
  readonly wait: (signal: AbortSignal) => Promise<T>;
  /** It is there: everyone who waits goes on. */
  readonly open: (value: T) => void;
  /** It is gone for now. */
  readonly shut: () => void;
  /** It won't come: everyone who waits, now and until the next `open` or `shut`, is rejected. */
  readonly fail: (error: Error) => void;
}

/** A gate that is failed with `error` at first. */
export function createGate<T>(error: Error): Gate<T> {
  let value: T | undefined;
  let failure: Error | undefined = error;
  const waiters = new Set<{ resolve: (value: T) => void; reject: (error: Error) => void }>();
  return {
    peek: () => value,
    wait: (signal) => {
      if (value !== undefined) return Promise.resolve(value);
      if (failure !== undefined) return Promise.reject(failure);
      const waiter: { resolve: (value: T) => void; reject: (error: Error) => void } = {
        resolve: () => {},
        reject: () => {},
      };
      const arrival = new Promise<T>((resolve, reject) => {
        waiter.resolve = resolve;
        waiter.reject = reject;
      });
      waiters.add(waiter);
      return untilAborted(arrival, signal).finally(() => waiters.delete(waiter));
    },
    open: (opened) => {
      value = opened;
      failure = undefined;
      for (const waiter of waiters) waiter.resolve(opened);
    },
    shut: () => {
      value = undefined;
      failure = undefined;
    },
    fail: (failed) => {
      value = undefined;
      failure = failed;
      for (const waiter of waiters) waiter.reject(failed);
    },
  };
}
