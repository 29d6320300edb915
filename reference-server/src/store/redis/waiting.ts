// Waits for Redis, bounded.
import { LinkDown } from "./link.ts";

export interface Waiting {
  /** The answer in time, or LinkDown. Refusals by Redis itself (a full memory, a replica) are LinkDown as well: nothing was done. */
  readonly bounded: <T>(work: Promise<T>) => Promise<T>;
  readonly close: () => void;
}

/** Bounds waits by one timer for all of them. */
export function createWaiting(limitMs: number): Waiting {
  const open = new Set<{ readonly sinceMs: number; readonly late: () => void }>();
  const timer = setInterval(() => {
    const untilMs = performance.now() - limitMs;
    for (const wait of open) {
      if (wait.sinceMs > untilMs) break;
      wait.late();
    }
  }, limitMs / 8);
  timer.unref();
  return {
    close: () => clearInterval(timer),
    bounded: (work) =>
      new Promise((resolve, reject) => {
        const wait = {
          sinceMs: performance.now(),
          late: () => {
            open.delete(wait);
            reject(new LinkDown(`Redis did not answer within ${limitMs} ms`));
          },
        };
        open.add(wait);
        work.then(
          (answer) => {
            open.delete(wait);
            resolve(answer);
          },
          (error: unknown) => {
            open.delete(wait);
            reject(
              error instanceof LinkDown ? error : new LinkDown(error instanceof Error ? error.message : String(error)),
            );
          },
        );
      }),
  };
}
