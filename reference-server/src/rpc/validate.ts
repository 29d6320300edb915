// Checks of requests that need no record: ids, batches, enums, durations (SPEC §3, *-batch, *-empty).
import type { Duration } from "@bufbuild/protobuf/wkt";
import { isDeviceId, isUserId, Platform } from "@userstatus/protocol";
import { Refused } from "../core/refused.ts";
import { durationMs } from "../core/rules.ts";

const markerPattern = /^[\x20-\x7e]{1,64}$/;

/** Ids of a batch, each once, in the order of first occurrence. The size counts before duplicates collapse. */
export function batch(ids: readonly string[], max: number, field: string): readonly string[] {
  if (ids.length === 0) throw new Refused("BATCH_EMPTY", "the list is empty", { metadata: { field } });
  return boundedIds(ids, max, field);
}

/** The same for a list that may be empty. */
export function boundedIds(ids: readonly string[], max: number, field: string): readonly string[] {
  if (ids.length > max) {
    throw new Refused("BATCH_TOO_LARGE", `expected at most ${max} ids, got ${ids.length}`, {
      metadata: { field, limit: String(max) },
    });
  }
  for (const id of ids) userId(id, field);
  const once = new Set(ids);
  // Most lists name nobody twice, and are not copied.
  return once.size === ids.length ? ids : [...once];
}

export function userId(id: string, field: string): string {
  if (!isUserId(id)) throw new Refused("INVALID_USER_ID", "not a well-formed user id", { metadata: { field } });
  return id;
}

export function deviceId(id: string): string {
  if (!isDeviceId(id)) throw invalidField("device_id", "expected 1 to 64 bytes of the characters of user ids");
  return id;
}

export function platform(value: Platform): Platform {
  if (value === Platform.UNSPECIFIED) throw invalidField("platform", "expected a platform");
  return value;
}

export function marker(text: string): string {
  if (!markerPattern.test(text)) throw invalidField("marker", "expected 1 to 64 bytes of printable ASCII");
  return text;
}

/** Milliseconds of a ttl; undefined: none was given. A malformed duration is a field at fault. */
export function ttl(duration: Duration | undefined, field: string): number | undefined {
  if (duration === undefined) return undefined;
  const { seconds, nanos } = duration;
  const sound = Math.abs(nanos) < 1e9 && !(seconds > 0n && nanos < 0) && !(seconds < 0n && nanos > 0);
  if (!sound) throw invalidField(field, "not a well-formed duration");
  return durationMs(duration);
}

export function invalidField(field: string, message: string): Refused {
  return new Refused("INVALID_FIELD", `${field}: ${message}`, { metadata: { field } });
}
