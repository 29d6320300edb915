// Seeded randomness for decisions of checks, and ids that no other run has.
import { randomBytes } from "node:crypto";
import type { Random } from "../check.ts";

const letters = "abcdefghijklmnopqrstuvwxyz0123456789";

/** The same texts give the same numbers, on every machine. */
export function createRandom(...seedTexts: readonly string[]): Random {
  let state = hash(seedTexts.join("\u0000"));
  const next = (): number => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), state | 1);
    mixed ^= mixed + Math.imul(mixed ^ (mixed >>> 7), mixed | 61);
    return (mixed ^ (mixed >>> 14)) >>> 0;
  };
  const int = (max: number): number => Math.floor((next() / 0x1_0000_0000) * max);
  return {
    int,
    text: (length) => Array.from({ length }, () => letters[int(letters.length)]).join(""),
    pick: <T>(from: readonly T[]): T => {
      if (from.length === 0) throw new RangeError("nothing to pick from");
      return from[int(from.length)] as T;
    },
  };
}

/** Ids that this run alone uses: true randomness once, then a counter. Well-formed as user, device and app ids. */
export function createIdSource(): (prefix: string) => string {
  const nonce = BigInt(`0x${randomBytes(6).toString("hex")}`).toString(36);
  let count = 0;
  return (prefix) => `${prefix}${nonce}-${(count++).toString(36)}`;
}

function hash(text: string): number {
  let sum = 0x811c9dc5;
  for (let at = 0; at < text.length; at++) {
    sum = Math.imul(sum ^ text.charCodeAt(at), 0x01000193);
  }
  return sum | 0;
}
