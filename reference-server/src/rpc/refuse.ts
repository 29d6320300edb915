// Refusals: Connect code + ErrorInfo, RetryInfo and the vendor's number (SPEC §5).
import { type Code, ConnectError } from "@connectrpc/connect";
import { errorDomain, type Profile, type ReasonName, reasonCodes } from "@userstatus/protocol";
import { ErrorInfoSchema, RetryInfoSchema } from "@userstatus/protocol/rpc";

export interface RefusalOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  /** Adds a RetryInfo. */
  readonly retryAfterMs?: number;
}

/** The metadata of a refusal under this profile: what is given, and the vendor's number for the reason. */
export function refusalMetadata(
  profile: Profile,
  reason: ReasonName,
  metadata: Readonly<Record<string, string>> = {},
): Record<string, string> {
  const vendorCode = profile.vendorNumbers?.codes[reason];
  return vendorCode === undefined ? { ...metadata } : { ...metadata, vendor_code: String(vendorCode) };
}

/** An error for a whole call. `message` is for people. */
export function refusal(
  profile: Profile,
  reason: ReasonName,
  message: string,
  options: RefusalOptions = {},
): ConnectError {
  const error = new ConnectError(message, reasonCodes[reason] as Code);
  const metadata = refusalMetadata(profile, reason, options.metadata);
  error.details.push({ desc: ErrorInfoSchema, value: { reason, domain: errorDomain, metadata } });
  if (options.retryAfterMs !== undefined) {
    const ms = Math.max(1, Math.ceil(options.retryAfterMs));
    const retryDelay = { seconds: BigInt(Math.floor(ms / 1000)), nanos: (ms % 1000) * 1_000_000 };
    error.details.push({ desc: RetryInfoSchema, value: { retryDelay } });
  }
  return error;
}
