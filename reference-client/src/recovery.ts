// What to do when a Watch is over: come back, log in anew, or stop. Pure. Implements SPEC §19: client-resume-advice.
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { type WatchEnd, WatchEndReason } from "@userstatus/protocol";
import type { DelayAdvice } from "./backoff.ts";
import type { LossEvent, StopEvent } from "./connection-state.ts";
import type { UserStatusError } from "./errors.ts";

/** How a Watch, or the login before it, went. */
export type WatchOutcome =
  /** The server ended it. */
  | { readonly kind: "ended"; readonly end: WatchEnd }
  /** It was refused, or broke. */
  | { readonly kind: "failed"; readonly error: UserStatusError }
  /** It closed without `watch_end`. */
  | { readonly kind: "closed" }
  /** Nothing came for too long. */
  | { readonly kind: "silent" };

/** What follows. */
export type Recovery =
  | {
      readonly action: "return";
      readonly event: LossEvent;
      /** Log in before the next Watch. */
      readonly login: boolean;
      /** Ask for a newer token first. */
      readonly freshToken: boolean;
      /** Take a full snapshot. */
      readonly dropCursor: boolean;
      /** The server's advice how long to wait. */
      readonly advice: DelayAdvice | undefined;
    }
  | { readonly action: "stop"; readonly event: StopEvent };

/** What can't be seen in the outcome. */
export interface RecoveryContext {
  /** Whether a newer token can be had. */
  readonly tokenRenewable: boolean;
  /** How many tries in a row the token was refused, this one included. */
  readonly tokenRefusals: number;
}

/** With a token function that keeps giving bad tokens the client stops at the third. */
export const tokenRefusalsMax = 3;

const calm = { login: false, freshToken: false, dropCursor: false, advice: undefined } as const;

/** What to do after this outcome. */
export function recover(outcome: WatchOutcome, context: RecoveryContext): Recovery {
  switch (outcome.kind) {
    case "ended":
      return recoverEnd(outcome.end, context);
    case "failed":
      return recoverError(outcome.error, context);
    default:
      return { action: "return", event: "LINK_LOST", ...calm };
  }
}

const lossByReason: Readonly<Partial<Record<WatchEndReason, LossEvent>>> = {
  [WatchEndReason.LEASE_EXPIRED]: "LEASE_EXPIRED",
  [WatchEndReason.RESYNC]: "RESYNC",
  [WatchEndReason.DRAIN]: "SERVER_DRAINING",
  [WatchEndReason.TOKEN_EXPIRED]: "TOKEN_EXPIRED",
};

const stopByReason: Readonly<Partial<Record<WatchEndReason, StopEvent>>> = {
  [WatchEndReason.REPLACED]: "REPLACED",
  [WatchEndReason.KICKED]: "KICKED_OUT",
  [WatchEndReason.LOGGED_OUT]: "LOGGED_OUT",
  [WatchEndReason.TOKEN_EXPIRED]: "TOKEN_EXPIRED",
  [WatchEndReason.USER_DELETED]: "USER_DELETED",
};

/** `may_resume` decides, whatever the reason; but a kick is never answered by coming back. */
function recoverEnd(end: WatchEnd, context: RecoveryContext): Recovery {
  const { reason } = end;
  if (!end.mayResume || reason === WatchEndReason.KICKED) {
    return { action: "stop", event: stopByReason[reason] ?? "REFUSED" };
  }
  const freshToken = reason === WatchEndReason.TOKEN_EXPIRED;
  if (freshToken && !context.tokenRenewable) return { action: "stop", event: "TOKEN_EXPIRED" };
  const minMs = end.minDelay === undefined ? 0 : durationMs(end.minDelay);
  const maxMs = end.maxDelay === undefined ? minMs : durationMs(end.maxDelay);
  return {
    action: "return",
    event: lossByReason[reason] ?? "STREAM_ENDED",
    login: false,
    freshToken,
    dropCursor: reason === WatchEndReason.RESYNC,
    advice: { minMs, maxMs },
  };
}

/** Ends of a session after which logging in anew is right: nobody asked for the session to be over. */
const loginAgainAfter: ReadonlySet<string> = new Set(["LINK_LOST", "DECAYED"]);

const stopByEndReason: Readonly<Record<string, StopEvent>> = {
  KICKED: "KICKED_OUT",
  ADMIN: "KICKED_OUT",
  LOGGED_OUT: "LOGGED_OUT",
  USER_DELETED: "USER_DELETED",
};

/** Codes that another try won't change. */
const fatalCodes: ReadonlySet<Code> = new Set([
  Code.InvalidArgument,
  Code.NotFound,
  Code.PermissionDenied,
  Code.FailedPrecondition,
  Code.Unimplemented,
]);

function recoverError(error: UserStatusError, context: RecoveryContext): Recovery {
  const advice =
    error.retryAfterMs === undefined ? undefined : { minMs: error.retryAfterMs, maxMs: error.retryAfterMs };
  const again = { action: "return", event: "LINK_LOST", ...calm, advice } as const;
  switch (error.reason) {
    case "SESSION_NOT_FOUND":
      return { ...again, event: "SESSION_GONE", login: true };
    case "SESSION_ENDED": {
      const endReason = error.metadata.end_reason ?? "";
      if (loginAgainAfter.has(endReason)) return { ...again, event: "SESSION_GONE", login: true };
      const event = Object.hasOwn(stopByEndReason, endReason) ? stopByEndReason[endReason] : undefined;
      return { action: "stop", event: event ?? "REFUSED" };
    }
    case "SESSION_LOST":
      return again;
    case "MALFORMED_CURSOR":
      return { ...again, dropCursor: true };
    case "DRAINING":
      return { ...again, event: "SERVER_DRAINING" };
    case "TOKEN_UNAVAILABLE":
      return context.tokenRenewable ? again : { action: "stop", event: "TOKEN_EXPIRED" };
    default:
      break;
  }
  if (error.code === Code.Unauthenticated) {
    if (!context.tokenRenewable || context.tokenRefusals >= tokenRefusalsMax)
      return { action: "stop", event: "TOKEN_EXPIRED" };
    return { ...again, event: "TOKEN_EXPIRED", freshToken: true };
  }
  return fatalCodes.has(error.code) ? { action: "stop", event: "REFUSED" } : again;
}

/** Whether the server refused the token. (A token function that failed is another matter.) */
export function isTokenRefusal(outcome: WatchOutcome): boolean {
  if (outcome.kind !== "failed") return false;
  return outcome.error.code === Code.Unauthenticated && outcome.error.reason !== "TOKEN_UNAVAILABLE";
}
