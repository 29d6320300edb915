// The end of the main job: one line for each run. Pure.
import type { Report } from "../report/model.ts";
import { tableText } from "../report/summary.ts";

export interface JobResult {
  readonly name: string;
  /** Undefined: the run did not come to a verdict, because of `fault`. */
  readonly report: Report | undefined;
  readonly fault?: string;
}

const head = ["run", "passed", "failed", "warn", "n.a.", "not testable", "requirements", "tier", "seconds", "verdict"];

export function verdictTable(results: readonly JobResult[]): string {
  return tableText([head, ...results.map(row)]);
}

function row({ name, report, fault }: JobResult): string[] {
  if (report === undefined) return [name, "", "", "", "", "", "", "", "", fault ?? "no verdict"];
  const { PASS, FAIL, WARN, FLAKY, ERROR, NOT_APPLICABLE, NOT_TESTABLE } = report.counts.checks;
  const { requirements } = report.counts;
  const judged =
    requirements.PASS +
    requirements.FAIL +
    requirements.WARN +
    requirements.FLAKY +
    requirements.ERROR +
    requirements.NOT_TESTABLE;
  return [
    name,
    String(PASS),
    String(FAIL + FLAKY + ERROR),
    String(WARN),
    String(NOT_APPLICABLE),
    String(NOT_TESTABLE),
    `${requirements.PASS} of ${judged}`,
    report.tier,
    (report.durationMs / 1000).toFixed(1),
    report.verdict,
  ];
}

/** The same for programs. A run without a report counts as one failed check. */
export function verdictJson(results: readonly JobResult[]): {
  passed: number;
  failed: number;
  runs: { name: string; passed: number; failed: number; seconds: number; verdict: string }[];
} {
  const runs = results.map(({ name, report, fault }) => {
    if (report === undefined) return { name, passed: 0, failed: 1, seconds: 0, verdict: fault ?? "no verdict" };
    const { PASS, FAIL, WARN, FLAKY, ERROR } = report.counts.checks;
    return {
      name,
      passed: PASS,
      failed: FAIL + WARN + FLAKY + ERROR,
      seconds: report.durationMs / 1000,
      verdict: report.verdict,
    };
  });
  const sum = (pick: (run: (typeof runs)[number]) => number): number =>
    runs.reduce((total, run) => total + pick(run), 0);
  return { passed: sum((run) => run.passed), failed: sum((run) => run.failed), runs };
}

/** 0 only if every run is CONFORMANT; else 1 if any is not, else 3; 4 if a server did not even start. */
export function jobExitCode(results: readonly JobResult[]): number {
  if (results.some(({ report }) => report?.verdict === "NON_CONFORMANT")) return 1;
  if (results.some(({ report }) => report === undefined)) return 4;
  return results.length > 0 && results.every(({ report }) => report?.verdict === "CONFORMANT") ? 0 : 3;
}
