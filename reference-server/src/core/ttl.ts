// One rule for both kinds of ttl: of custom statuses and of rows (SPEC custom-ttl, sub-ttl, *-ttl-unsupported).
import { Refused } from "./refused.ts";
import type { TtlRules } from "./rules.ts";

/** The ttl that a caller gets; null: none, it stays. Refuses TTL_NOT_SUPPORTED and TTL_OUT_OF_RANGE. */
export function grantedTtlMs(askedMs: number | undefined, rules: TtlRules, field: string): number | null {
  if (askedMs === undefined) return rules.defaultMs ?? null;
  if (!rules.callerTtl)
    throw new Refused("TTL_NOT_SUPPORTED", "this profile takes no ttl here", { metadata: { field } });
  // Not below the least in any unit: a ttl is compared before it is cut to milliseconds.
  if (!(askedMs >= rules.minMs && askedMs <= rules.maxMs)) {
    throw new Refused(
      "TTL_OUT_OF_RANGE",
      `expected a ttl from ${rules.minMs} to ${rules.maxMs} ms, got ${askedMs} ms`,
      {
        metadata: { field },
      },
    );
  }
  return Math.floor(askedMs);
}
