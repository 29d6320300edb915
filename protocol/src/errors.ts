// Names of refusals, and the Connect code of each (comments of errors.proto; SPEC §5).
import type { ErrorReason, SessionEndReason } from "./gen/userstatus/v1/errors_pb.ts";

/** `domain` of every ErrorInfo. */
export const errorDomain = "userstatus";

/** An ErrorReason without its prefix, as it travels. */
export type ReasonName = Exclude<keyof typeof ErrorReason, "UNSPECIFIED">;

/** A SessionEndReason without its prefix, as it travels in `end_reason`. */
export type SessionEndName = Exclude<keyof typeof SessionEndReason, "UNSPECIFIED">;

/** Connect code (its number) of each reason when it ends a whole call. */
export const reasonCodes: Readonly<Record<ReasonName, number>> = {
  INVALID_FIELD: 3,
  INVALID_USER_ID: 3,
  BATCH_TOO_LARGE: 3,
  BATCH_EMPTY: 3,
  CUSTOM_STATUS_TOO_LONG: 3,
  TTL_OUT_OF_RANGE: 3,
  TTL_NOT_SUPPORTED: 3,
  MALFORMED_CURSOR: 3,
  MALFORMED_PAGE_TOKEN: 3,
  TOKEN_MISSING: 16,
  TOKEN_INVALID: 16,
  TOKEN_EXPIRED: 16,
  WRONG_ROLE: 7,
  PLAN_REQUIRED: 7,
  FEATURE_DISABLED: 9,
  SESSION_NOT_FOUND: 9,
  SESSION_LOST: 9,
  SESSION_ENDED: 9,
  NO_OPEN_WATCH: 9,
  RATE_LIMITED: 8,
  TOO_MANY_MARKERS: 8,
  DRAINING: 14,
  STORE_UNAVAILABLE: 14,
  USER_NOT_FOUND: 5,
  SELF_NOT_ALLOWED: 3,
  NOT_PERMITTED: 7,
  INTERNAL: 13,
};
