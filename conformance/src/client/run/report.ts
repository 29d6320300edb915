// Makes the report of a run against a client: the same document as for servers, with the obligations of clients scored. Pure.
import { type Requirement, requirements } from "@userstatus/protocol";
import { reportedRequirements, scoredTally, specDigest, suiteVersion } from "../../report/build.ts";
import { type Report, type ReportedCheck, type ReportedRun, reportVersion } from "../../report/model.ts";
import { tally, worst } from "../../run/outcome.ts";
import { requirementOf } from "../../run/plan.ts";
import { type RequirementResult, verdictOf } from "../../run/verdict.ts";
import type { ClientCheck } from "../check.ts";
import type { Hello, Protocol } from "../contract/contract.ts";
import type { ClientResult } from "./runner.ts";

export interface ClientReportInput {
  readonly command: readonly string[];
  readonly hello: Hello;
  readonly protocols: readonly Protocol[];
  readonly results: readonly ClientResult[];
  readonly startedAt: Date;
  readonly durationMs: number;
  readonly notices: readonly string[];
  /** In words, if not all checks were selected. */
  readonly selection: string | undefined;
}

export function buildClientReport(input: ClientReportInput): Report {
  const { command, hello, protocols, startedAt, durationMs, notices, selection } = input;
  const checks = reportedChecks(input.results);
  const judged = requirements.map((requirement) => judge(requirement, checks));
  return {
    reportVersion,
    suite: { name: "userstatus-conformance", version: suiteVersion() },
    spec: { version: "1.0", requirements: requirements.length, digest: specDigest() },
    target: {
      url: "",
      serverName: hello.client,
      serverVersion: hello.version ?? "",
      specVersion: "1.0",
      command: shellLine(command),
    },
    profile: "client",
    claims: [],
    tier: "real",
    transports: protocols,
    usersBy: "the suite",
    seed: "",
    startedAt: startedAt.toISOString(),
    durationMs: Math.round(durationMs),
    verdict: verdictOf(judged),
    partial: partialOf(judged, selection),
    notices,
    counts: {
      checks: tally(checks.map(({ outcome }) => outcome)),
      requirements: scoredTally(judged),
    },
    requirements: reportedRequirements(judged),
    checks,
  };
}

function judge(requirement: Requirement, checks: readonly ReportedCheck[]): RequirementResult {
  const own = checks.filter((check) => check.requirement === requirement.id);
  const checkIds = own.map(({ id }) => id);
  const outcome = worst(own.map((check) => check.outcome));
  const why =
    requirement.part !== "client"
      ? "an obligation of servers"
      : own.length === 0
        ? "no check of it was selected"
        : undefined;
  return { requirement, outcome, scored: why === undefined, ...(why === undefined ? {} : { why }), checkIds };
}

function partialOf(judged: readonly RequirementResult[], selection: string | undefined): string[] {
  const open = judged.filter(
    ({ scored, requirement, outcome }) =>
      scored && requirement.level === "MUST" && outcome !== "PASS" && outcome !== "FAIL",
  );
  const ids = open.map(({ requirement }) => requirement.id);
  return [
    ...(selection === undefined ? [] : [selection]),
    ...(ids.length === 0 ? [] : [`${ids.length} obligations were not decided: ${ids.join(", ")}`]),
  ];
}

/** In the order of the specification. */
function reportedChecks(results: readonly ClientResult[]): ReportedCheck[] {
  const byCheck = new Map<ClientCheck, ClientResult[]>();
  for (const result of results) {
    const { check } = result.job;
    byCheck.set(check, [...(byCheck.get(check) ?? []), result]);
  }
  const place = new Map(requirements.map(({ id }, at) => [id, at]));
  const order = (check: ReportedCheck): number => place.get(check.requirement) ?? 0;
  return [...byCheck]
    .map(([check, of]) => reported(check, of))
    .toSorted((left, right) => order(left) - order(right) || (left.id < right.id ? -1 : 1));
}

function reported(check: ClientCheck, results: readonly ClientResult[]): ReportedCheck {
  const requirement = requirementOf(check);
  const runs = results.map(runOf).toSorted((left, right) => (left.transport < right.transport ? -1 : 1));
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
    durationMs: runs.reduce((sum, run) => sum + run.durationMs, 0),
    runs,
  };
}

function runOf({ job, outcome, durationMs, attempts, failure, reason }: ClientResult): ReportedRun {
  return {
    transport: job.protocol ?? "",
    outcome,
    durationMs: Math.round(durationMs),
    attempts,
    ...(reason === undefined ? {} : { reason }),
    ...(failure === undefined ? {} : { failure }),
  };
}

/** A command as a shell takes it. */
export function shellLine(command: readonly string[]): string {
  return command.map((word) => (/^[\w@%+=:,./-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`)).join(" ");
}
