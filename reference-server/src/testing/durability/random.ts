// Numbers that follow from a seed.
import { createHash } from "node:crypto";

export interface Random {
  /** From 0 to `max - 1`. */
  below(max: number): number;
  of<T>(list: readonly T[]): T;
  /** One to all, each once. */
  some<T>(list: readonly T[]): T[];
}

export function createRandom(...seed: readonly (string | number)[]): Random {
  let state = createHash("sha256").update(seed.join("\n")).digest().readUInt32LE() || 1;
  const below = (max: number): number => {
    // xorshift32: good enough to choose by.
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % max;
  };
  const of = <T>(list: readonly T[]): T => list[below(list.length)] as T;
  return {
    below,
    of,
    some: (list) => {
      const count = 1 + below(list.length);
      const from = below(list.length);
      return Array.from({ length: count }, (_, at) => list[(from + at) % list.length] as (typeof list)[number]);
    },
  };
}
