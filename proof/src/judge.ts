// Judges a server with the suite, in this process. The only place that knows the shape of the suite's report.
import { devTokens, prepare, type Report, runPrepared, type SuiteListener } from "@userstatus/conformance";
import type { Hosted } from "./host.ts";

export interface JudgeOptions {
  /** Patterns of checks or requirements; default: all. */
  readonly only?: readonly string[];
  readonly seed: string;
  readonly patienceMs: number;
  /** Checks at once. */
  readonly jobs: number;
  /** Whether a failed check is run again alone. */
  readonly rerun: boolean;
  /** Default: all that the server claims. */
  readonly transports?: readonly string[];
  /** Default: virtual where there is a test clock. */
  readonly tier?: "scaled" | "real";
  /** Longest that one check may really wait. */
  readonly timeBudgetMs?: number;
  /** The server's admin service and test clock are not told to the suite. */
  readonly byUrlOnly?: boolean;
}

/** What became of one check. */
export interface JudgedCheck {
  readonly id: string;
  readonly requirement: string;
  readonly outcome: "PASS" | "FAIL" | "WARN" | "NOT_APPLICABLE" | "NOT_TESTABLE" | "FLAKY" | "ERROR";
  /** It ran, and its outcome says nothing: NOT_TESTABLE after an attempt. */
  readonly undecided: boolean;
  /** What was wrong, in one line; empty if nothing was. */
  readonly got: string;
}

export interface Judgement {
  readonly verdict: string;
  readonly checks: readonly JudgedCheck[];
}

const silent: SuiteListener = { say: () => {}, planned: () => {}, started: () => {}, finished: () => {} };
const gotMax = 300;

/** Runs the suite against a hosted server. */
export async function judge(hosted: Hosted, options: JudgeOptions): Promise<Judgement> {
  const { url, adminUrl, testingUrl } = hosted;
  const { byUrlOnly = false, ...rest } = options;
  const tools = byUrlOnly ? {} : { adminUrl, testingUrl };
  const suite = { url, ...tools, tokens: devTokens(), ...rest };
  return judgementOf(await runPrepared(await prepare(suite), suite, silent));
}

function judgementOf(report: Report): Judgement {
  const checks = report.checks.map(({ id, requirement, outcome, runs }): JudgedCheck => {
    const failed = runs.find((run) => run.failure);
    const said = failed ? JSON.stringify(failed.failure) : (runs.find((run) => run.reason)?.reason ?? "");
    const undecided = outcome === "NOT_TESTABLE" && runs.some(({ attempts }) => attempts > 0);
    const got = outcome === "PASS" ? "" : `${failed ? `${failed.transport}: ` : ""}${said}`.slice(0, gotMax);
    return { id, requirement, outcome, undecided, got };
  });
  return { verdict: report.verdict, checks };
}
