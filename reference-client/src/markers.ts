// Sync markers that are waited for on the open Watch (SPEC §12).

/** Matches markers sent with markers that came. */
export interface Markers {
  /** A marker that was never used before by this client. */
  readonly next: () => string;
  /** Resolves true when the marker came, false when the stream ended before it did. Undefined: too many are waited for. */
  readonly expect: (marker: string) => Promise<boolean> | undefined;
  /** Nobody waits for this marker any more. */
  readonly forget: (marker: string) => void;
  readonly arrived: (marker: string) => void;
  readonly streamEnded: () => void;
}

/**
 * @param prefix tells this client's markers from others', 1 to 40 printable ASCII characters
 * @param max most markers that are waited for at a time
 */
export function createMarkers(prefix: string, max: number): Markers {
  const waiting = new Map<string, (came: boolean) => void>();
  let count = 0;
  const settle = (marker: string, came: boolean): void => {
    waiting.get(marker)?.(came);
    waiting.delete(marker);
  };
  return {
    next: () => {
      count += 1;
      return `${prefix}-${count}`;
    },
    expect: (marker) => {
      if (waiting.size >= max) return undefined;
      return new Promise((resolve) => {
        waiting.set(marker, resolve);
      });
    },
    forget: (marker) => settle(marker, false),
    arrived: (marker) => settle(marker, true),
    streamEnded: () => {
      for (const marker of [...waiting.keys()]) settle(marker, false);
    },
  };
}
