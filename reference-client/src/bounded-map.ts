// A map that forgets its oldest entry when it is full.

/** Keeps at most `max` entries; setting a key makes it the newest. */
export interface BoundedMap<K, V> {
  readonly get: (key: K) => V | undefined;
  readonly has: (key: K) => boolean;
  readonly set: (key: K, value: V) => void;
  readonly delete: (key: K) => void;
  readonly clear: () => void;
  /** A copy, oldest first. */
  readonly keys: () => K[];
}

/** @param max most entries, at least 1 */
export function createBoundedMap<K, V>(max: number): BoundedMap<K, V> {
  const entries = new Map<K, V>();
  return {
    get: (key) => entries.get(key),
    has: (key) => entries.has(key),
    set: (key, value) => {
      // A Map iterates in the order of insertion: delete first, so that the key moves to the end.
      entries.delete(key);
      entries.set(key, value);
      if (entries.size > max) {
        const oldest = entries.keys().next();
        if (!oldest.done) entries.delete(oldest.value);
      }
    },
    delete: (key) => {
      entries.delete(key);
    },
    clear: () => entries.clear(),
    keys: () => [...entries.keys()],
  };
}
