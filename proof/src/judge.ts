// Judges a server with the suite, in this process, and says what became of each check.
import { devTokens, prepare, type Report, runPrepared, type SuiteListener } from "@userstatus/conformance";
import type { Hosted } from "./host.ts";

export interface JudgeOptions {
  /** Patterns of checks or requirements; default: all. */
  readonly only?: readonly string[];
  readonly seed: string;
  readonly patienceMs: number;
  readonly jobs: number;
  /** Whether a failed check is run again alone. */
  readonly rerun: boolean;
  /** Default: all that the server claims. */
  readonly transports?: readonly string[];
}

const silent: SuiteListener = { say: () => {}, planned: () => {}, started: () => {}, finished: () => {} };

/** Runs the suite against a hosted server. */
export async function judge(hosted: Hosted, options: JudgeOptions): Promise<Report> {
  const { url, adminUrl, testingUrl } = hosted;
  const suite = { url, adminUrl, testingUrl, tokens: devTokens(), ...options };
  return runPrepared(await prepare(suite), suite, silent);
}
