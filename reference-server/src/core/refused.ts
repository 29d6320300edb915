// A refusal, before it has become an RPC error. Commands throw it before they change anything.
import type { ReasonName } from "@userstatus/protocol";

/** Thrown by commands and services: the call is refused. */
export class Refused extends Error {
  readonly reason: ReasonName;
  readonly metadata: Readonly<Record<string, string>>;
  readonly retryAfterMs: number | undefined;

  constructor(
    reason: ReasonName,
    message: string,
    options: { metadata?: Readonly<Record<string, string>>; retryAfterMs?: number } = {},
  ) {
    super(message);
    this.name = "Refused";
    this.reason = reason;
    this.metadata = options.metadata ?? {};
    this.retryAfterMs = options.retryAfterMs;
  }
}
