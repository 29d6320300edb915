// Makes the report from what the runner and the invariants decided. Pure, but for the version of the package.
import { createHash } from "node:crypto";
import { readFileSync } from "node:fs";
import { type Requirement, requirements } from "@userstatus/protocol";
import type { AfterResult } from "../invariants/decide.ts";
import { tally, worst } from "../run/outcome.ts";
import type { RunnerResult, RunResult } from "../run/runner.ts";
import { judgeRequirements, partialReasons, type RequirementResult, verdictOf } from "../run/verdict.ts";
import { type RequirementSet, setFor, unscoredBy } from "../sets/requirement-set.ts";
import { type Report, type ReportedCheck, type ReportedRun, reportVersion } from "./model.ts";

export interface BuildInput
  extends Pick<Report, "target" | "profile" | "claims" | "tier" | "transports" | "usersBy" | "seed" | "notices"> {
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly results: readonly RunResult[];
  readonly after: readonly AfterResult[];
  readonly died: RunnerResult["died"];
  /** In words, if not all checks were selected. */
  readonly selection: string | undefined;
}

export function buildReport(input: BuildInput): Report {
  const set = setFor(input.target.specVersion);
  const checks = inSpecOrder([...checksOf(input.results), ...input.after.map(afterCheck)]).map((placed) =>
    withScore(placed, set),
  );
  const decided = checks.map(({ check, requirement }) => ({
    id: check.id,
    requirement,
    outcome: check.outcome,
    ...(check.unscored === undefined ? {} : { unscored: check.unscored }),
  }));
  const judged = judgeRequirements(requirements, decided);
  const { startedAt, durationMs, results: _, after: __, died, selection, ...rest } = input;
  return {
    reportVersion,
    suite: { name: "userstatus-conformance", version: suiteVersion() },
    spec: { version: "1.0", requirements: requirements.length, digest: specDigest() },
    ...rest,
    startedAt: startedAt.toISOString(),
    durationMs: Math.round(durationMs),
    verdict: verdictOf(judged),
    partial: partialReasons(judged, selection),
    ...(died === undefined ? {} : { died: { at: died.at.toISOString(), during: died.during } }),
    counts: {
      checks: tally(checks.map(({ check }) => check.outcome)),
      requirements: scoredTally(judged),
    },
    requirements: reportedRequirements(judged),
    checks: checks.map(({ check }) => check),
  };
}

/** Each requirement with its outcome, as a report tells it. */
export function reportedRequirements(judged: readonly RequirementResult[]): Report["requirements"] {
  return judged.map(({ requirement, outcome, scored, why, checkIds }) => ({
    id: requirement.id,
    level: requirement.level,
    part: requirement.part,
    section: requirement.section,
    outcome: outcome ?? null,
    scored,
    ...(why === undefined ? {} : { why }),
    checks: checkIds,
  }));
}

/** Outcomes of the requirements that are scored. */
export function scoredTally(judged: readonly RequirementResult[]): ReturnType<typeof tally> {
  return tally(judged.flatMap(({ scored, outcome }) => (scored && outcome !== undefined ? [outcome] : [])));
}

interface Placed {
  readonly check: ReportedCheck;
  readonly requirement: Requirement;
}

function withScore({ check, requirement }: Placed, set: RequirementSet): Placed {
  const unscored = unscoredBy(set, check.id);
  return unscored === undefined ? { check, requirement } : { check: { ...check, unscored }, requirement };
}

function checksOf(results: readonly RunResult[]): Placed[] {
  const byCheck = new Map<string, RunResult[]>();
  for (const result of results) {
    const { id } = result.planned.check;
    byCheck.set(id, [...(byCheck.get(id) ?? []), result]);
  }
  return [...byCheck.values()].flatMap((of) => {
    const first = of[0];
    if (first === undefined) return [];
    const { check, requirement } = first.planned;
    const runs = of.map(reportedRun).sort((left, right) => (left.transport < right.transport ? -1 : 1));
    return [{ check: reported(check, requirement, runs), requirement }];
  });
}

function reported(check: { id: string; title: string }, requirement: Requirement, runs: ReportedRun[]): ReportedCheck {
  return {
    id: check.id,
    title: check.title,
    requirement: requirement.id,
    level: requirement.level,
    section: requirement.section,
    sectionTitle: requirement.sectionTitle,
    source: requirement.source,
    text: requirement.text,
    outcome: worst(runs.map(({ outcome }) => outcome)) ?? "ERROR",
    durationMs: runs.reduce((sum, { durationMs }) => sum + durationMs, 0),
    runs,
  };
}

function reportedRun({ transport, outcome, durationMs, attempts, reason, failure }: RunResult): ReportedRun {
  return {
    transport,
    outcome,
    durationMs: Math.round(durationMs),
    attempts: attempts.length,
    ...(reason === undefined ? {} : { reason }),
    ...(failure === undefined ? {} : { failure }),
  };
}

function afterCheck({ check, outcome, transport, failure, reason }: AfterResult): Placed {
  const run = {
    transport,
    outcome,
    durationMs: 0,
    attempts: 1,
    ...(reason === undefined ? {} : { reason }),
    ...(failure === undefined ? {} : { failure }),
  };
  return { check: reported(check, check.requirement, [run]), requirement: check.requirement };
}

function inSpecOrder(checks: Placed[]): Placed[] {
  const place = new Map(requirements.map(({ id }, at) => [id, at]));
  const of = ({ requirement }: Placed): number => place.get(requirement.id) ?? requirements.length;
  return checks.toSorted((left, right) => of(left) - of(right) || (left.check.id < right.check.id ? -1 : 1));
}

/** Version of this package. */
export function suiteVersion(): string {
  const data: unknown = JSON.parse(readFileSync(new URL("../../package.json", import.meta.url), "utf8"));
  return typeof data === "object" && data !== null && "version" in data ? String(data.version) : "unknown";
}

/**
 * SHA-256 over id, level, part and text of every requirement: two reports with one digest judged by the same
 * sentences.
 */
export function specDigest(): string {
  const lines = requirements.map(({ id, level, part, text }) => JSON.stringify([id, level, part, text]));
  return createHash("sha256").update(lines.join("\n")).digest("hex");
}
