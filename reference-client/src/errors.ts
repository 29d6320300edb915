// Refusals as typed errors (SPEC §5). Programs read `reason`; `message` is for people.
import { durationMs } from "@bufbuild/protobuf/wkt";
import { Code, ConnectError } from "@connectrpc/connect";
import { errorDomain, type ReasonName, reasonCodes, type UserError } from "@userstatus/protocol";
import { ErrorInfoSchema, RetryInfoSchema } from "@userstatus/protocol/rpc";

/**
 * Reasons that this client gives where no server did.
 *
 * - UNREACHABLE: no server answered. TIMED_OUT: none answered in time. ABORTED: the caller's signal fired.
 * - NOT_CONNECTED: the client has no session. ALREADY_CONNECTED: it has one.
 * - TOO_MANY_SYNCS: more calls of `sync` wait than the client keeps.
 * - TOO_MANY_USERS: the server tells of more users than `tableMax`; those beyond are left out.
 * - BAD_ANSWER: the server's answer breaks the protocol. TOKEN_UNAVAILABLE: the token function failed or gave no token.
 * - LISTENER_FAILED: an event listener threw. UNKNOWN: none of these, and no ErrorInfo.
 */
export type ClientReason =
  | "UNREACHABLE"
  | "TIMED_OUT"
  | "ABORTED"
  | "NOT_CONNECTED"
  | "ALREADY_CONNECTED"
  | "TOO_MANY_SYNCS"
  | "TOO_MANY_USERS"
  | "BAD_ANSWER"
  | "TOKEN_UNAVAILABLE"
  | "LISTENER_FAILED"
  | "UNKNOWN";

/** A reason of the protocol, of this client, or one that a newer server knows. */
export type Reason = ReasonName | ClientReason | (string & {});

/** Why a call, or one user of a batch, was refused. */
export interface Refusal {
  /** Connect code. */
  readonly code: Code;
  /** What to act on. */
  readonly reason: Reason;
  /** `field`, `limit`, `end_reason` and whatever else the server told. */
  readonly metadata: Readonly<Record<string, string>>;
  /** How long to wait before another try makes sense, in milliseconds. Undefined: the server did not say. */
  readonly retryAfterMs: number | undefined;
  /** The vendor's own number, under vendor profiles. */
  readonly vendorCode: number | undefined;
}

/** What an error is made of. */
export interface UserStatusErrorOptions {
  readonly metadata?: Readonly<Record<string, string>>;
  readonly retryAfterMs?: number | undefined;
  readonly cause?: unknown;
}

/** Every promise of this library is rejected with this and nothing else. */
export class UserStatusError extends Error implements Refusal {
  override readonly name: string = "UserStatusError";
  readonly code: Code;
  readonly reason: Reason;
  readonly metadata: Readonly<Record<string, string>>;
  readonly retryAfterMs: number | undefined;
  readonly vendorCode: number | undefined;
  /** Results of the batches that went through before the one that failed, where a call was cut into several. Else empty. */
  partialResults: readonly unknown[] = [];

  constructor(code: Code, reason: Reason, message: string, options: UserStatusErrorOptions = {}) {
    super(message, options.cause === undefined ? undefined : { cause: options.cause });
    this.code = code;
    this.reason = reason;
    this.metadata = options.metadata ?? {};
    this.retryAfterMs = options.retryAfterMs;
    this.vendorCode = vendorCodeOf(this.metadata);
  }
}

function vendorCodeOf(metadata: Readonly<Record<string, string>>): number | undefined {
  const text = metadata.vendor_code;
  return text !== undefined && /^-?\d{1,15}$/.test(text) ? Number(text) : undefined;
}

const reasonByCode: Readonly<Partial<Record<Code, ClientReason>>> = {
  [Code.Unavailable]: "UNREACHABLE",
  // A connection that breaks in the middle of a call: Node's transports say Aborted.
  [Code.Aborted]: "UNREACHABLE",
  [Code.DeadlineExceeded]: "TIMED_OUT",
  [Code.Canceled]: "ABORTED",
};

/** Makes a UserStatusError of whatever a transport threw. */
export function toUserStatusError(thrown: unknown): UserStatusError {
  if (thrown instanceof UserStatusError) return thrown;
  const error = ConnectError.from(thrown);
  const info = error.findDetails(ErrorInfoSchema).find((detail) => detail.domain === errorDomain);
  const retryDelay = error.findDetails(RetryInfoSchema)[0]?.retryDelay;
  const retryAfterMs = retryDelay === undefined ? undefined : Math.max(0, Math.ceil(durationMs(retryDelay)));
  // Fetch throws a TypeError for whatever goes wrong on the network, and browsers tell no more than that.
  const network = info === undefined && error.code === Code.Unknown && error.cause instanceof TypeError;
  const code = network ? Code.Unavailable : error.code;
  const reason = info?.reason ?? reasonByCode[code] ?? "UNKNOWN";
  return new UserStatusError(code, reason, error.rawMessage, {
    metadata: { ...info?.metadata },
    retryAfterMs,
    cause: thrown,
  });
}

/** A failure of one user in a batch. An unset `error` (a result kind of a newer server) is UNKNOWN. */
export function toRefusal(error: UserError | undefined): Refusal {
  const reason = error?.reason ?? "UNKNOWN";
  const metadata = { ...error?.metadata };
  const code = Object.hasOwn(reasonCodes, reason) ? (reasonCodes[reason as ReasonName] as Code) : Code.Unknown;
  return { code, reason, metadata, retryAfterMs: undefined, vendorCode: vendorCodeOf(metadata) };
}

/** The error of an aborted wait. */
export function abortedError(signal: AbortSignal): UserStatusError {
  if (signal.reason instanceof UserStatusError) return signal.reason;
  return new UserStatusError(Code.Canceled, "ABORTED", "the call was aborted", { cause: signal.reason });
}
