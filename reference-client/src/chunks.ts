// Cutting batches by the advertised limits (SPEC §19: client-batches). Pure.

/** Each id once, in the order of first occurrence. */
export function distinct(ids: Iterable<string>): string[] {
  return [...new Set(ids)];
}

/**
 * Cuts a list into lists of at most `max`, in order. A `max` that is no positive whole number counts as 1: smaller batches are
 * always right.
 */
export function chunks<T>(items: readonly T[], max: number): T[][] {
  const size = Number.isSafeInteger(max) && max > 0 ? max : 1;
  const parts: T[][] = [];
  for (let start = 0; start < items.length; start += size) parts.push(items.slice(start, start + size));
  return parts;
}
