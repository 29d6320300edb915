// What a run against a client is asked to do.
import type { Outcome } from "../../run/outcome.ts";
import type { ClientCheck } from "../check.ts";
import type { Hello, Protocol } from "../contract/contract.ts";

export interface ClientSuiteOptions {
  /** Program and arguments that start the client. */
  readonly command: readonly string[];
  /** Patterns of check or requirement ids; default: all. */
  readonly only?: readonly string[] | undefined;
  readonly skip?: readonly string[] | undefined;
  /** Protocols to keep to; default: all that the client speaks. */
  readonly protocols?: readonly Protocol[] | undefined;
  /** Run each check over every protocol, not only those whose outcome depends on it. Default: false. */
  readonly everyProtocol?: boolean | undefined;
  /** Checks at once. Default: 8. */
  readonly jobs?: number | undefined;
  /** Longest wait for what is due at once. Default: 5 s. */
  readonly patienceMs?: number | undefined;
  /** Whether a failed check is run again alone. Default: true. */
  readonly rerun?: boolean | undefined;
  /** Multiplies every time limit. Default: 1. */
  readonly timeoutScale?: number | undefined;
}

export const clientDefaults = { jobs: 8, patienceMs: 5_000 } as const;

/** Told while it goes. */
export interface ClientSuiteListener {
  readonly planned: (hello: Hello, jobs: readonly ClientJob[]) => void;
  readonly started: (job: ClientJob) => void;
  readonly finished: (job: ClientJob, outcome: Outcome, durationMs: number, reason: string | undefined) => void;
}

/** One check over one protocol; without one it does not run, and `skip` says why. */
export interface ClientJob {
  readonly check: ClientCheck;
  readonly protocol: Protocol | undefined;
  readonly skip?: string;
}
