// Between the report as the suite's code holds it and the message that leaves and enters (userstatus.conformance.v1.Report). Both ways, without loss.
import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { type Timestamp, timestampDate, timestampFromDate } from "@bufbuild/protobuf/wkt";
import {
  ClockTier,
  Direction,
  Level,
  type OutcomeCounts,
  Outcome as OutcomeNumber,
  type Report as ReportMessage,
  ReportSchema,
  type RunReport,
  type Step as StepMessage,
  Verdict as VerdictNumber,
} from "@userstatus/protocol/conformance";
import type { Failure } from "../run/execute.ts";
import type { Outcome } from "../run/outcome.ts";
import type { Step } from "../transcript/steps.ts";
import { type Report, type ReportedRun, reportVersion } from "./model.ts";

/** A report that this suite does not read, and why. */
export class UnreadableReport extends Error {}

export function toMessage(report: Report): ReportMessage {
  const { target, counts, tier, verdict, died, startedAt, requirements, checks, reportVersion: _, ...same } = report;
  return create(ReportSchema, {
    ...same,
    reportVersion,
    target: { ...target, options: [...(target.options ?? [])] },
    claims: [...report.claims],
    transports: [...report.transports],
    partial: [...report.partial],
    notices: [...report.notices],
    tier: ClockTier[tiers[tier]],
    verdict: VerdictNumber[verdict],
    startedAt: instant(startedAt),
    checkCounts: countsOf(counts.checks),
    requirementCounts: countsOf(counts.requirements),
    requirements: requirements.map(({ outcome, level, checks: ids, ...rest }) => ({
      ...rest,
      level: Level[level],
      outcome: outcome === null ? OutcomeNumber.UNSPECIFIED : OutcomeNumber[outcome],
      checks: [...ids],
    })),
    checks: checks.map(({ outcome, level, runs, ...rest }) => ({
      ...rest,
      level: Level[level],
      outcome: OutcomeNumber[outcome],
      runs: runs.map(runMessage),
    })),
    ...(died === undefined ? {} : { died: { at: instant(died.at), during: [...died.during] } }),
  });
}

/** Throws UnreadableReport. */
export function fromMessage(message: ReportMessage): Report {
  if (message.reportVersion !== reportVersion)
    throw new UnreadableReport(`a report of version ${message.reportVersion}, and this suite reads ${reportVersion}`);
  const { suite, spec, target, died, checkCounts, requirementCounts } = message;
  return {
    reportVersion,
    suite: { name: suite?.name ?? "", version: suite?.version ?? "" },
    spec: { version: spec?.version ?? "", requirements: spec?.requirements ?? 0, digest: spec?.digest ?? "" },
    target: {
      url: target?.url ?? "",
      serverName: target?.serverName ?? "",
      serverVersion: target?.serverVersion ?? "",
      specVersion: target?.specVersion ?? "",
      ...(target === undefined || target.command === "" ? {} : { command: target.command }),
      ...(target === undefined || target.options.length === 0 ? {} : { options: target.options }),
    },
    profile: message.profile,
    claims: message.claims,
    tier: named(ClockTier, message.tier, "tier").toLowerCase() as Report["tier"],
    transports: message.transports,
    usersBy: message.usersBy,
    seed: message.seed,
    notices: message.notices,
    startedAt: isoOf(message.startedAt),
    durationMs: message.durationMs,
    verdict: named(VerdictNumber, message.verdict, "verdict") as Report["verdict"],
    partial: message.partial,
    ...(died === undefined ? {} : { died: { at: isoOf(died.at), during: died.during } }),
    counts: { checks: recordOf(checkCounts), requirements: recordOf(requirementCounts) },
    requirements: message.requirements.map(({ id, level, part, section, outcome, scored, why, checks }) => ({
      id,
      level: named(Level, level, "level") as "MUST",
      part,
      section,
      outcome: outcome === OutcomeNumber.UNSPECIFIED ? null : outcomeOf(outcome),
      scored,
      ...(why === "" ? {} : { why }),
      checks,
    })),
    checks: message.checks.map((check) => ({
      id: check.id,
      title: check.title,
      requirement: check.requirement,
      level: named(Level, check.level, "level") as "MUST",
      section: check.section,
      sectionTitle: check.sectionTitle,
      source: check.source,
      text: check.text,
      outcome: outcomeOf(check.outcome),
      ...(check.unscored === "" ? {} : { unscored: check.unscored }),
      durationMs: check.durationMs,
      runs: check.runs.map(runOf),
    })),
  };
}

const tiers = { virtual: "VIRTUAL", scaled: "SCALED", real: "REAL" } as const;
const directions = { sent: "SENT", received: "RECEIVED", local: "LOCAL" } as const;

type CountsShape = MessageInitShape<typeof ReportSchema>["checkCounts"];

function countsOf(record: Readonly<Record<Outcome, number>>): CountsShape {
  return {
    pass: record.PASS,
    fail: record.FAIL,
    warn: record.WARN,
    flaky: record.FLAKY,
    error: record.ERROR,
    notTestable: record.NOT_TESTABLE,
    notApplicable: record.NOT_APPLICABLE,
  };
}

function recordOf(counts: OutcomeCounts | undefined): Record<Outcome, number> {
  return {
    PASS: counts?.pass ?? 0,
    FAIL: counts?.fail ?? 0,
    WARN: counts?.warn ?? 0,
    FLAKY: counts?.flaky ?? 0,
    ERROR: counts?.error ?? 0,
    NOT_TESTABLE: counts?.notTestable ?? 0,
    NOT_APPLICABLE: counts?.notApplicable ?? 0,
  };
}

type ReportShape = Exclude<MessageInitShape<typeof ReportSchema>, ReportMessage>;
type RunShape = NonNullable<NonNullable<ReportShape["checks"]>[number]["runs"]>[number];

function runMessage({ outcome, failure, ...rest }: ReportedRun): RunShape {
  const shape = { ...rest, outcome: OutcomeNumber[outcome] };
  if (failure === undefined) return shape;
  const { exchange, steps = [], ...texts } = failure;
  return { ...shape, failure: { ...texts, exchange: [...exchange], steps: steps.map(stepMessage) } };
}

function stepMessage({ serverTime, direction, ...rest }: Step) {
  const shape = { ...rest, direction: Direction[directions[direction]] };
  return serverTime === undefined ? shape : { ...shape, serverTime: instant(serverTime) };
}

function runOf({ transport, outcome, durationMs, attempts, reason, failure }: RunReport): ReportedRun {
  return {
    transport,
    outcome: outcomeOf(outcome),
    durationMs,
    attempts,
    ...(reason === "" ? {} : { reason }),
    ...(failure === undefined ? {} : { failure: failureOf(failure) }),
  };
}

function failureOf({ what, expected, got, exchange, command, steps }: NonNullable<RunReport["failure"]>): Failure {
  return {
    what,
    expected,
    got,
    exchange,
    ...(command === "" ? {} : { command }),
    ...(steps.length === 0 ? {} : { steps: steps.map(stepOf) }),
  };
}

function stepOf({ ms, serverTime, direction, call, who, what, body }: StepMessage): Step {
  return {
    ms,
    ...(serverTime === undefined ? {} : { serverTime: isoOf(serverTime) }),
    direction: named(Direction, direction, "direction").toLowerCase() as Step["direction"],
    ...(call === 0 ? {} : { call }),
    ...(who === "" ? {} : { who }),
    what,
    ...(body === "" ? {} : { body }),
  };
}

function outcomeOf(value: OutcomeNumber): Outcome {
  return named(OutcomeNumber, value, "outcome") as Outcome;
}

/** The name of an enum's number; zero and numbers of a later suite are refused. */
function named(numbers: Readonly<Record<string, number>>, value: number, what: string): string {
  const [name] = value === 0 ? [] : (Object.entries(numbers).find(([, number]) => number === value) ?? []);
  if (name === undefined) throw new UnreadableReport(`it has the unknown ${what} ${value}`);
  return name;
}

function instant(iso: string): Timestamp {
  return timestampFromDate(new Date(iso));
}

function isoOf(timestamp: Timestamp | undefined): string {
  return timestamp === undefined ? new Date(0).toISOString() : timestampDate(timestamp).toISOString();
}
