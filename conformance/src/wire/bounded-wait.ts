// A signal that aborts with any of others, or when a time is over; and tells which.
export interface BoundedWait {
  readonly signal: AbortSignal;
  /** The time was over. */
  readonly ranOut: () => boolean;
  /** Something came: no limit any more. */
  readonly answered: () => void;
  /** Lets go of timer and signals. */
  readonly done: () => void;
}

/** `limitMs` undefined: only the signals end it. */
export function boundedWait(signals: readonly (AbortSignal | undefined)[], limitMs: number | undefined): BoundedWait {
  const control = new AbortController();
  const stop = (event: Event): void => control.abort((event.target as AbortSignal).reason);
  let ranOut = false;
  const expire = (): void => {
    ranOut = true;
    control.abort();
  };
  const timer = limitMs === undefined ? undefined : setTimeout(expire, limitMs);
  for (const signal of signals) {
    if (signal?.aborted) control.abort(signal.reason);
    signal?.addEventListener("abort", stop);
  }
  return {
    signal: control.signal,
    ranOut: () => ranOut,
    answered: () => clearTimeout(timer),
    done: () => {
      clearTimeout(timer);
      for (const signal of signals) signal?.removeEventListener("abort", stop);
    },
  };
}
