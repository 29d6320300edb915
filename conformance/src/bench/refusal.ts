// Decodes refusals: Connect code, ErrorInfo, RetryInfo (SPEC §5).
import { Code, ConnectError } from "@connectrpc/connect";
import type { SessionEndName } from "@userstatus/protocol";
import { ErrorInfoSchema, RetryInfoSchema } from "@userstatus/protocol/rpc";
import type { Refusal } from "../check.ts";
import { msOrNone } from "../units.ts";

/** An error of the RPC library: a refusal, or a call that failed on the way. */
export function isConnectError(error: unknown): error is ConnectError {
  return error instanceof ConnectError;
}

/** The refusal as it came. */
export function decodeRefusal(error: ConnectError): Refusal {
  const info = error.findDetails(ErrorInfoSchema)[0];
  const retry = error.findDetails(RetryInfoSchema)[0];
  const metadata = info?.metadata ?? {};
  return {
    code: error.code,
    reason: info?.reason,
    domain: info?.domain,
    metadata,
    retryAfterMs: msOrNone(retry?.retryDelay),
    endReason: metadata.end_reason as SessionEndName | undefined,
  };
}

/** `FAILED_PRECONDITION` of the number 9. */
export function codeName(code: number): string {
  const name = Code[code];
  return name === undefined ? `code ${code}` : name.replace(/(?<=[a-z])[A-Z]/g, (letter) => `_${letter}`).toUpperCase();
}

/** One line for people: code, reason, metadata, message. */
export function describeError(error: unknown): string {
  if (!isConnectError(error)) return error instanceof Error ? `${error.name}: ${error.message}` : String(error);
  const { reason, metadata, retryAfterMs } = decodeRefusal(error);
  const extras = Object.entries(metadata).map(([key, value]) => `${key}=${value}`);
  if (retryAfterMs !== undefined) extras.push(`retry after ${retryAfterMs} ms`);
  const detail = reason === undefined ? "no ErrorInfo" : reason;
  const tail = extras.length === 0 ? "" : ` (${extras.join(", ")})`;
  return `${codeName(error.code)}, ${detail}${tail}: "${error.rawMessage}"`;
}
