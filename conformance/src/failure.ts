// What a check can end with, other than by returning. Anything else that is thrown is a fault of the suite.
import { describeError, isConnectError } from "./bench/refusal.ts";

/** The server is not as the requirement says. */
export class CheckFailure extends Error {
  override readonly name = "CheckFailure";
  /** What it is about, in words. */
  readonly what: string;
  /** Printed compactly by whoever made the failure. */
  readonly expected: string;
  readonly got: string;

  constructor(what: string, expected: string, got: string, cause?: unknown) {
    super(`${what}. Expected ${expected}, got ${got}`, cause === undefined ? undefined : { cause });
    this.what = what;
    this.expected = expected;
    this.got = got;
  }
}

/** What had to come did not come within the suite's patience. A suite that was itself too busy to look can't say so. */
export class NothingCame extends CheckFailure {}

/**
 * This attempt decided nothing (the machine was too slow, say). The check is run again alone; then it is
 * NOT_TESTABLE.
 */
export class Inconclusive extends Error {
  override readonly name = "Inconclusive";
}

/** The run lacks something without which the check can't be decided. */
export class NotTestable extends Error {
  override readonly name = "NotTestable";
}

/** What the server advertises leaves out what the check looks at. */
export class NotApplicable extends Error {
  override readonly name = "NotApplicable";
}

/** The suite or the check is wrong, never the server. */
export class SuiteFault extends Error {
  override readonly name = "SuiteFault";
}

/** A refused or failed call that the check needed: a failure of the check. Everything else stays what it is. */
export function asFailure(error: unknown, what: string): unknown {
  if (!isConnectError(error)) return error;
  return new CheckFailure(`could not be reached: ${what}`, "an answer", describeError(error), error);
}

/** Whether an error says that nothing answered, rather than that a server refused. */
export function isUnreachable(error: unknown): boolean {
  if (!isConnectError(error)) return false;
  return /ECONN(REFUSED|RESET)|EPIPE|ENOTFOUND|EHOSTUNREACH|ETIMEDOUT|socket hang up|disconnect/i.test(
    error.rawMessage,
  );
}
