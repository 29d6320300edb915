// How long to wait between tries (SPEC §19: client-backoff). Pure: randomness and times are given.
import type { Random } from "./time.ts";

/** Options of the waits between tries to come back. */
export interface BackoffOptions {
  /** Bound of the first wait. Default 500 ms. */
  readonly baseMs: number;
  /** The bound doubles up to this. Default 30 s. */
  readonly maxMs: number;
  /** A stream that was up for this long makes the next wait a first one again. Default 30 s. */
  readonly stableMs: number;
}

/** The defaults. */
export const defaultBackoff: BackoffOptions = { baseMs: 500, maxMs: 30_000, stableMs: 30_000 };

/** Bound of the wait after `failures` tries in a row that did not last: 0 gives the base. */
export function backoffBoundMs(failures: number, options: BackoffOptions): number {
  // 2 ** 31 and more would overflow to Infinity only after 1023 tries; the exponent is capped all the same, for exactness.
  return Math.min(options.maxMs, options.baseMs * 2 ** Math.min(failures, 30));
}

/**
 * Full jitter: anything from 0 to the bound. It spreads clients that lost the same server better than a part of the bound does,
 * and the bound, not the wait, is what doubles.
 */
export function backoffMs(failures: number, random: Random, options: BackoffOptions): number {
  return random() * backoffBoundMs(failures, options);
}

/** Failures in a row after a stream that was up for `upMs` (0: it never came up) has ended. */
export function countFailure(failures: number, upMs: number, options: BackoffOptions): number {
  return upMs >= options.stableMs ? 0 : failures + 1;
}

/** A wait that a server advised. */
export interface DelayAdvice {
  readonly minMs: number;
  readonly maxMs: number;
}

/** At random between the two. A maximum below the minimum counts as the minimum. */
export function advisedMs(advice: DelayAdvice, random: Random): number {
  const minMs = Math.max(0, advice.minMs);
  return minMs + random() * Math.max(0, advice.maxMs - minMs);
}

/**
 * The wait before the next try. After a stable stream the server's advice alone holds; else no less than the back-off, so that
 * advice of 0 can't make a client spin. Always at least `minMs` of the advice.
 */
export function nextWaitMs(
  failures: number,
  advice: DelayAdvice | undefined,
  random: Random,
  options: BackoffOptions,
): number {
  if (advice === undefined) return backoffMs(Math.max(0, failures - 1), random, options);
  const adviceMs = advisedMs(advice, random);
  return failures === 0 ? adviceMs : Math.max(adviceMs, backoffMs(failures - 1, random, options));
}
