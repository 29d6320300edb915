// Parts of the suite for several machines: which part a check is in follows from its id alone. Pure.
import type { Shard } from "./options.ts";

/** Those of the checks that are in this part. */
export function inShard<C extends { readonly id: string }>(
  checks: readonly C[],
  shard: Shard | undefined,
): readonly C[] {
  if (shard === undefined) return checks;
  return checks.filter(({ id }) => hash(id) % shard.count === shard.index - 1);
}

/** FNV-1a, 32 bits: stable over versions, so that a check stays on its machine. */
function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (const byte of new TextEncoder().encode(text)) sum = Math.imul(sum ^ byte, 0x01000193);
  return sum >>> 0;
}
