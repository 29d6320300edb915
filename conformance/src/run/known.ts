// Known failures: checks that a team knows to fail, and wants to hear of only when that changes. Pure.
import type { Report, ReportedCheck, ReportedRun } from "../report/model.ts";
import { UsageError } from "./options.ts";
import { selects } from "./select.ts";
import { exitCodes, type Verdict } from "./verdict.ts";

/** One line of the file. */
export interface KnownFailure {
  /** Of check ids or requirement ids; `*` is any text, `?` any character. */
  readonly pattern: string;
  /** Only over this kind of transport. */
  readonly transport: string | undefined;
}

/** What a run shows of them. Names are check ids, with the transport where the line names one. */
export interface KnownSummary {
  /** Listed, and failed. */
  readonly expected: readonly string[];
  /** Listed, and passed: the line is out of date. */
  readonly stale: readonly string[];
  /** Listed, and not decided in this run. */
  readonly undecided: readonly string[];
  /** Failed, and not listed. */
  readonly unexpected: readonly string[];
}

const failing: ReadonlySet<string> = new Set(["FAIL", "WARN", "FLAKY"]);

/** A pattern on each line, ` [transport]` behind it where it holds for one only, `#` before a comment. Throws UsageError. */
export function parseKnownFailures(text: string): KnownFailure[] {
  return text.split("\n").flatMap((line, at) => {
    const content = line.replace(/#.*$/, "").trim();
    if (content === "") return [];
    const match = /^(\S+)(?:\s+\[([\w-]+)\])?$/.exec(content);
    if (match?.[1] === undefined) {
      throw new UsageError(
        `--known-failures: line ${at + 1} must be a check or pattern, and maybe [transport]: ${content}`,
      );
    }
    return [{ pattern: match[1], transport: match[2] }];
  });
}

/** A line that names no check of the suite is wrong usage: nobody would ever hear of it again. */
export function mustName(known: readonly KnownFailure[], checkIds: readonly string[]): void {
  for (const { pattern } of known) {
    if (!checkIds.some((id) => selects(pattern, id)))
      throw new UsageError(`--known-failures: no check or requirement is named ${pattern} (see: list)`);
  }
}

/** Sets what was known against what came. */
export function judgeKnown(report: Pick<Report, "checks">, known: readonly KnownFailure[]): KnownSummary {
  const expected = new Set<string>();
  const stale = new Set<string>();
  const undecided = new Set<string>();
  const unexpected = new Set<string>();
  for (const check of report.checks) {
    const lines = known.filter(({ pattern }) => selects(pattern, check.id));
    for (const { transport } of lines) {
      const runs = check.runs.filter((run) => transport === undefined || run.transport === transport);
      if (runs.length === 0) continue;
      const name = transport === undefined ? check.id : `${check.id} [${transport}]`;
      if (runs.some(({ outcome }) => failing.has(outcome))) expected.add(name);
      else (runs.some(({ outcome }) => outcome === "PASS") ? stale : undecided).add(name);
    }
    for (const run of check.runs) {
      const listed = lines.some(({ transport }) => transport === undefined || transport === run.transport);
      if (failing.has(run.outcome) && !listed) unexpected.add(check.id);
    }
  }
  return { expected: [...expected], stale: [...stale], undecided: [...undecided], unexpected: [...unexpected] };
}

/**
 * The verdict stays what it is; the exit code tells whether anything is new. 0: nothing failed but what was known, and
 * that all did. 1: a failure that is not listed, or a line that is out of date. 3: something scored was left open.
 */
export function exitCodeOf(verdict: Verdict, report: Pick<Report, "checks">, known: KnownSummary): number {
  const isMust = new Set(report.checks.filter(({ level }) => level === "MUST").map(({ id }) => id));
  if (known.stale.length > 0 || known.unexpected.some((id) => isMust.has(id))) return 1;
  if (verdict === "CONFORMANT") return exitCodes.CONFORMANT;
  const listed = new Set(known.expected.map((name) => name.split(" ")[0]));
  const open = report.checks.some(
    ({ id, outcome }) => isMust.has(id) && !listed.has(id) && ["NOT_TESTABLE", "FLAKY", "ERROR"].includes(outcome),
  );
  return open ? exitCodes.INCOMPLETE : 0;
}

/** For the end of a run; empty where nothing was known. */
export function knownText(known: KnownSummary): string {
  const lines: string[] = [];
  if (known.expected.length > 0) lines.push(`known failures that failed: ${known.expected.length}`);
  if (known.undecided.length > 0) lines.push(`known failures that were not decided: ${known.undecided.join(", ")}`);
  if (known.stale.length > 0)
    lines.push(`known failures that PASS now, so that their lines must go: ${known.stale.join(", ")}`);
  if (known.unexpected.length > 0) lines.push(`failures that are not known: ${known.unexpected.join(", ")}`);
  return lines.join("\n");
}

/** The file for `--write-known-failures`: one line for each failing check, or for each transport where not all fail. */
export function writeKnownFailures(report: Pick<Report, "checks" | "profile">): string {
  const lines = report.checks
    .toSorted((left, right) => (left.id < right.id ? -1 : 1))
    .flatMap((check) => {
      const bad = check.runs.filter(({ outcome }) => failing.has(outcome));
      if (bad.length === 0) return [];
      const all = bad.length === check.runs.length;
      return (all ? bad.slice(0, 1) : bad).map((run) => lineOf(check, run, all));
    });
  return [
    `# Known failures under the profile ${report.profile}. A line whose check passes is an error.`,
    ...lines,
    "",
  ].join("\n");
}

function lineOf(check: ReportedCheck, run: ReportedRun, all: boolean): string {
  const name = all ? check.id : `${check.id} [${run.transport}]`;
  const why = (run.failure?.what ?? run.reason ?? "").replaceAll(/\s+/g, " ");
  return `${name}  # ${check.level}, ${run.outcome}: ${why}`;
}
