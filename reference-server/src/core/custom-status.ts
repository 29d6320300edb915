// Commands on the custom status. Implements SPEC §8.
import { publish } from "./derive.ts";
import type { CoreContext, UserRecord } from "./model.ts";
import { Refused } from "./refused.ts";
import type { Rules } from "./rules.ts";
import { grantedTtlMs } from "./ttl.ts";

export interface CustomInput {
  readonly text: string;
  /** undefined: the profile's default. */
  readonly ttlMs: number | undefined;
}

const encoder = new TextEncoder();

/** Refuses a text or ttl that the profile does not take (custom-bytes, custom-ttl). An empty text has no ttl to judge. */
export function checkCustom(input: CustomInput, rules: Rules): void {
  // A code unit has at least one byte, so a long text needs no encoding to be refused.
  const tooLong = input.text.length > rules.customMaxBytes || encoder.encode(input.text).length > rules.customMaxBytes;
  if (tooLong) {
    throw new Refused("CUSTOM_STATUS_TOO_LONG", `the custom status has more than ${rules.customMaxBytes} UTF-8 bytes`, {
      metadata: { field: "custom_status.text", limit: String(rules.customMaxBytes) },
    });
  }
  if (input.text !== "") grantedTtlMs(input.ttlMs, rules.customTtl, "custom_status.ttl");
}

/** Sets or clears; the input has been checked. The caller publishes. */
export function applyCustom(record: UserRecord, input: CustomInput, nowMs: number, rules: Rules): void {
  if (input.text === "") {
    record.custom = null;
    return;
  }
  const ttlMs = grantedTtlMs(input.ttlMs, rules.customTtl, "custom_status.ttl");
  record.custom = { text: input.text, expireMs: ttlMs === null ? null : nowMs + ttlMs };
}

/** SetCustomStatus. Every text, the same one too, is a change; clearing what is empty is none. */
export function setCustom(record: UserRecord, input: CustomInput, nowMs: number, context: CoreContext): void {
  checkCustom(input, context.rules);
  const nothingToClear = input.text === "" && record.custom === null;
  applyCustom(record, input, nowMs, context.rules);
  if (!nothingToClear) publish(record, nowMs, context, true);
}
