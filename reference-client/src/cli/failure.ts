// What goes wrong, as exit codes and lines on stderr.
import { Code } from "@connectrpc/connect";
import { toUserStatusError, type UserStatusError } from "../errors.ts";
import { formatDuration } from "./duration.ts";
import { printable } from "./output/text.ts";

/** Exit codes, as the help tells them. */
export const exitCodes = { ok: 0, refused: 1, usage: 2, unreachable: 4, interrupted: 130 } as const;

/** Flags or arguments that don't go together: shown with the usage. */
export class UsageError extends Error {
  override readonly name: string = "UsageError";
}

/** Reasons of a call that got no answer. */
const unreachableReasons: ReadonlySet<string> = new Set(["UNREACHABLE", "TIMED_OUT"]);

export interface Failure {
  readonly exitCode: number;
  /** One line. */
  readonly message: string;
}

/** What to print, and how to leave. */
export function describeFailure(thrown: unknown, url: string): Failure {
  const error = toUserStatusError(thrown);
  if (error.reason === "ABORTED") return { exitCode: exitCodes.interrupted, message: "interrupted" };
  if (unreachableReasons.has(error.reason)) {
    return { exitCode: exitCodes.unreachable, message: `can't reach ${url}: ${oneLine(error.message)}` };
  }
  return { exitCode: exitCodes.refused, message: `${reasonOf(error)}: ${oneLine(error.message)}${hintsOf(error)}` };
}

function reasonOf(error: UserStatusError): string {
  return error.reason === "UNKNOWN" ? (Code[error.code] ?? "UNKNOWN") : printable(error.reason);
}

function oneLine(message: string): string {
  return printable(message.replaceAll(/\s+/g, " ").trim());
}

function hintsOf(error: UserStatusError): string {
  const hints: string[] = [];
  for (const key of ["field", "limit", "end_reason"]) {
    const value = error.metadata[key];
    if (value !== undefined) hints.push(`${key}=${printable(value)}`);
  }
  if (error.vendorCode !== undefined) hints.push(`vendor_code=${error.vendorCode}`);
  if (error.retryAfterMs !== undefined) hints.push(`try again in ${formatDuration(error.retryAfterMs)}`);
  return hints.length === 0 ? "" : ` (${hints.join(", ")})`;
}
