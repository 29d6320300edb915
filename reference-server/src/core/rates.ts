// A sliding log: at most N admitted calls in any window. Implements SPEC §16 (rate-limit) and error-retry-info.
import { Refused } from "./refused.ts";
import type { RateRule } from "./rules.ts";

/** Admits a call and notes it in the log (times of admitted calls, ascending, at most `maxCalls`), or refuses with RATE_LIMITED. */
export function admit(log: number[], rule: RateRule, nowMs: number): void {
  const oldestCounted = nowMs - rule.windowMs;
  while (log.length > 0 && (log[0] ?? 0) <= oldestCounted) log.shift();
  if (log.length >= rule.maxCalls) refuseBeyondRate(rule, log[log.length - rule.maxCalls] ?? nowMs, nowMs);
  log.push(nowMs);
}

/** @param firstMs the admitted call that must leave the window first */
export function refuseBeyondRate(rule: RateRule, firstMs: number, nowMs: number): never {
  throw new Refused("RATE_LIMITED", `more than ${rule.maxCalls} calls in ${rule.windowMs} ms`, {
    metadata: { limit: String(rule.maxCalls) },
    retryAfterMs: Math.max(1, firstMs + rule.windowMs - nowMs),
  });
}
