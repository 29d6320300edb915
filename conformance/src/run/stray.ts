// Rejections that nobody waits for any more: a check that failed leaves behind the calls it had under way.

import { isConnectError } from "../bench/refusal.ts";
import { ProcessEnded } from "../client/contract/process.ts";
import { ContractError } from "../client/contract/validate.ts";
import { CheckFailure, Inconclusive, NotApplicable, NotTestable } from "../failure.ts";

export interface StrayGuard {
  /** Faults of the suite that were seen this way, in words. */
  readonly faults: () => readonly string[];
  readonly stop: () => void;
}

const faultsMax = 10;

/** From now on they don't end the process. */
export function guardStrays(): StrayGuard {
  const faults: string[] = [];
  const onRejection = (error: unknown): void => {
    if (!isOfACheck(error) && faults.length < faultsMax)
      faults.push(`a fault of the suite outside of any check: ${textOf(error)}`);
  };
  process.on("unhandledRejection", onRejection);
  return { faults: () => faults, stop: () => void process.off("unhandledRejection", onRejection) };
}

/** What a check or a call of it may end with. */
export function isOfACheck(error: unknown): boolean {
  const kinds = [CheckFailure, Inconclusive, NotApplicable, NotTestable, ContractError, ProcessEnded];
  return (
    isConnectError(error) ||
    kinds.some((kind) => error instanceof kind) ||
    (error instanceof Error && error.name === "AbortError")
  );
}

function textOf(error: unknown): string {
  return error instanceof Error ? (error.stack ?? error.message) : String(error);
}
