// Runs the planned checks, several at once; what failed is run again alone, at the end.

import type { Attempt } from "../../run/execute.ts";
import { createGate } from "../../run/gate.ts";
import type { Outcome } from "../../run/outcome.ts";
import { requirementOf } from "../../run/plan.ts";
import { needsAnother } from "../../run/runner.ts";
import type { ClientRunSettings } from "../bench/bench.ts";
import { shortBackoff } from "../bench/bench.ts";
import type { Hello } from "../contract/contract.ts";
import { attemptClientCheck } from "./attempt.ts";
import type { ClientJob, ClientSuiteListener } from "./options.ts";

/** What came of one check over one protocol. */
export interface ClientResult {
  readonly job: ClientJob;
  readonly outcome: Outcome;
  readonly durationMs: number;
  readonly attempts: number;
  readonly failure?: Attempt["failure"];
  readonly reason?: string;
}

export interface ClientRunnerOptions {
  readonly jobs: readonly ClientJob[];
  readonly hello: Hello;
  readonly settings: ClientRunSettings;
  readonly atOnce: number;
  readonly rerun: boolean;
  readonly listener: Pick<ClientSuiteListener, "started" | "finished">;
}

export async function runClientJobs(options: ClientRunnerOptions): Promise<ClientResult[]> {
  const { hello, listener } = options;
  const results: ClientResult[] = [];
  const again: { job: ClientJob; attempts: Attempt[] }[] = [];

  const tryOnce = async (job: ClientJob): Promise<Attempt> => {
    listener.started(job);
    return await attemptClientCheck({ ...options, check: job.check, protocol: job.protocol ?? "connect" });
  };
  const finish = (job: ClientJob, attempts: readonly Attempt[]): void => {
    const result = concludeClient(job, attempts);
    results.push(result);
    listener.finished(job, result.outcome, result.durationMs, result.reason);
  };
  const lengthOf = ({ check }: ClientJob): number =>
    check.longMs?.(hello.backoff ?? check.backoff ?? shortBackoff) ?? 0;
  // The long ones begin first, so that none is left over at the end.
  const ordered = options.jobs.toSorted((left, right) => lengthOf(right) - lengthOf(left));
  const gate = createGate(options.atOnce);
  await Promise.all(
    ordered.map((job) => {
      if (job.skip !== undefined) return finish(job, []);
      return gate.run(async () => {
        const first = await tryOnce(job);
        if (options.rerun && needsAnother([first])) again.push({ job, attempts: [first] });
        else finish(job, [first]);
      });
    }),
  );
  for (const { job, attempts } of again) {
    while (needsAnother(attempts)) attempts.push(await tryOnce(job));
    finish(job, attempts);
  }
  return results;
}

/** Pure: what several attempts amount to. A failure is believed when it came twice, alone the second time. */
export function concludeClient(job: ClientJob, attempts: readonly Attempt[]): ClientResult {
  const durationMs = attempts.reduce((sum, attempt) => sum + attempt.durationMs, 0);
  const common = { job, durationMs, attempts: attempts.length };
  const last = attempts.at(-1);
  if (last === undefined) return { ...common, outcome: "NOT_APPLICABLE", reason: job.skip ?? "" };
  const failed = attempts.find(({ result }) => result === "FAIL");
  const failure = failed?.failure === undefined ? {} : { failure: failed.failure };
  if (last.result === "FAIL")
    return { ...common, outcome: requirementOf(job.check).level === "MUST" ? "FAIL" : "WARN", ...failure };
  if (failed !== undefined) {
    const how =
      last.result === "PASS"
        ? "passed when it was run again alone"
        : `when it was run again: ${last.reason ?? last.result}`;
    return { ...common, outcome: "FLAKY", reason: `failed, and ${how}`, ...failure };
  }
  if (last.result === "PASS") return { ...common, outcome: "PASS" };
  return {
    ...common,
    outcome: last.result === "INCONCLUSIVE" ? "NOT_TESTABLE" : last.result,
    reason: last.reason ?? "",
  };
}
