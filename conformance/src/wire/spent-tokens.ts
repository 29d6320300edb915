// Tokens that a check has made short: a machine that was too slow uses them when they have run out, and is refused rightly. Such a failure decides nothing.
import { describeError, isConnectError } from "../bench/refusal.ts";

export interface SpentTokens {
  /** A token that may be over from this moment on, wall time in milliseconds. */
  readonly made: (token: string, overMs: number) => void;
  /** A call with this token was refused. */
  readonly refused: (authorization: string | null, error: unknown) => void;
  /** Whether it is one of those refusals that made the check fail. */
  readonly caused: (failure: unknown) => boolean;
}

export function createSpentTokens(wallNow: () => number = Date.now): SpentTokens {
  const overAt = new Map<string, number>();
  const refusals = new WeakSet<object>();
  return {
    made: (token, overMs) => void overAt.set(`Bearer ${token}`, overMs),
    refused: (authorization, error) => {
      if (!isConnectError(error) || !describeError(error).includes("TOKEN_EXPIRED")) return;
      if ((overAt.get(authorization ?? "") ?? Number.POSITIVE_INFINITY) <= wallNow()) refusals.add(error);
    },
    caused: (failure) => {
      for (let cause: unknown = failure; cause instanceof Error; cause = cause.cause)
        if (refusals.has(cause)) return true;
      return false;
    },
  };
}
