// The report of a run: one document, from which every printed form is made. It leaves and enters as the message
// userstatus.conformance.v1.Report (message.ts).
import type { Outcome } from "../run/outcome.ts";
import type { Verdict } from "../run/verdict.ts";
import type { Step } from "../transcript/steps.ts";

/** Rises when a field of the message changes its meaning or goes away; new fields do not raise it. */
export const reportVersion = 2;

export interface Report {
  readonly reportVersion: typeof reportVersion;
  readonly suite: { readonly name: string; readonly version: string };
  readonly spec: { readonly version: string; readonly requirements: number; readonly digest: string };
  readonly target: {
    readonly url: string;
    readonly serverName: string;
    readonly serverVersion: string;
    readonly specVersion: string;
    /** Of a client: the command that starts it. A server has none. */
    readonly command?: string;
    /** Of a server: options of the run that say where it is and what it is judged as, those that name secrets left out. */
    readonly options?: readonly string[];
  };
  readonly profile: string;
  readonly claims: readonly string[];
  readonly tier: "virtual" | "scaled" | "real";
  /** Kinds of transport that checks were run over. */
  readonly transports: readonly string[];
  /** How users came to be. */
  readonly usersBy: string;
  readonly seed: string;
  readonly startedAt: string;
  readonly durationMs: number;
  readonly verdict: Verdict;
  /** Why the verdict speaks of less than the whole core; empty if it does not. */
  readonly partial: readonly string[];
  /** What the reader should know. */
  readonly notices: readonly string[];
  /** The server stopped answering. */
  readonly died?: { readonly at: string; readonly during: readonly string[] };
  readonly counts: {
    readonly checks: Readonly<Record<Outcome, number>>;
    readonly requirements: Readonly<Record<Outcome, number>>;
  };
  readonly requirements: readonly ReportedRequirement[];
  readonly checks: readonly ReportedCheck[];
}

export interface ReportedRequirement {
  readonly id: string;
  readonly level: "MUST" | "SHOULD" | "MAY";
  readonly part: string;
  readonly section: string;
  /** Null: no check of it ran. */
  readonly outcome: Outcome | null;
  readonly scored: boolean;
  /** Why it is not scored. */
  readonly why?: string;
  readonly checks: readonly string[];
}

export interface ReportedCheck {
  readonly id: string;
  readonly title: string;
  readonly requirement: string;
  readonly level: "MUST" | "SHOULD" | "MAY";
  readonly section: string;
  readonly sectionTitle: string;
  readonly source: string;
  /** The requirement's sentence. */
  readonly text: string;
  /** Worst of its runs. */
  readonly outcome: Outcome;
  /** Why it does not count for the verdict. */
  readonly unscored?: string;
  readonly durationMs: number;
  /** One for each transport that it ran over; one without a transport where it did not run. */
  readonly runs: readonly ReportedRun[];
}

export interface ReportedRun {
  readonly transport: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
  readonly attempts: number;
  /** Why, where it is neither PASS nor FAIL. */
  readonly reason?: string;
  readonly failure?: {
    readonly what: string;
    readonly expected: string;
    readonly got: string;
    readonly exchange: readonly string[];
    /** The last call, as a line for a shell. */
    readonly command?: string;
    /** The end of the transcript: each message with its direction, times and content. */
    readonly steps?: readonly Step[];
  };
}
