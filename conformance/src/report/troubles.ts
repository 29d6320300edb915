// What a reader of a report looks at first: the runs that were not as they should be, the worst first. Pure.
import type { Outcome } from "../run/outcome.ts";
import type { Report, ReportedCheck, ReportedRun } from "./model.ts";

export interface Trouble {
  readonly check: ReportedCheck;
  readonly run: ReportedRun;
}

const worstFirst: readonly Outcome[] = ["FAIL", "ERROR", "FLAKY", "WARN"];

/** Runs that failed, were flaky, broke a SHOULD, or found a fault of the suite. */
export function troublesOf(report: Pick<Report, "checks">): Trouble[] {
  const all = report.checks.flatMap((check) => check.runs.map((run) => ({ check, run })));
  return worstFirst.flatMap((outcome) => all.filter(({ run }) => run.outcome === outcome));
}

/** One sentence. */
export function sentenceOf({ run }: Trouble): string {
  const { failure, reason } = run;
  if (failure === undefined) return reason ?? run.outcome;
  return `${failure.what}. Expected ${failure.expected}, got ${failure.got}${reason === undefined ? "" : ` (${reason})`}`;
}

/** Checks by section, in the order of the specification, with how many of them there are of each outcome. */
export function sectionsOf(
  report: Pick<Report, "checks">,
): { name: string; total: number; counts: ReadonlyMap<Outcome, number> }[] {
  const sections = new Map<string, Map<Outcome, number>>();
  for (const { section, sectionTitle, outcome } of report.checks) {
    const name = `§${section} ${sectionTitle}`;
    const counts = sections.get(name) ?? new Map<Outcome, number>();
    sections.set(name, counts.set(outcome, (counts.get(outcome) ?? 0) + 1));
  }
  return [...sections].map(([name, counts]) => ({
    name,
    total: [...counts.values()].reduce((sum, n) => sum + n, 0),
    counts,
  }));
}
