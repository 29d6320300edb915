// From outcomes of checks to outcomes of requirements to the verdict. Pure.
import type { Requirement } from "@userstatus/protocol";
import { type Outcome, worst } from "./outcome.ts";

export type Verdict = "CONFORMANT" | "NON_CONFORMANT" | "INCOMPLETE";

/** Exit code of each verdict. */
export const exitCodes: Readonly<Record<Verdict, number>> = { CONFORMANT: 0, NON_CONFORMANT: 1, INCOMPLETE: 3 };

export interface RequirementResult {
  readonly requirement: Requirement;
  /** Undefined: no check of it ran in this run, and `why` says why. */
  readonly outcome: Outcome | undefined;
  /** Whether it counts for the verdict. */
  readonly scored: boolean;
  readonly why?: string;
  readonly checkIds: readonly string[];
}

export interface DecidedCheck {
  readonly id: string;
  readonly requirement: Requirement;
  readonly outcome: Outcome;
  /** Why it does not count. */
  readonly unscored?: string;
}

/** Parts that are tools of the suite: reported, never scored. */
const toolParts: ReadonlySet<string> = new Set(["admin", "test_clock"]);

/** Each requirement with the worst outcome of those of its checks that count. */
export function judgeRequirements(all: readonly Requirement[], checks: readonly DecidedCheck[]): RequirementResult[] {
  const byRequirement = new Map<string, DecidedCheck[]>();
  for (const check of checks) {
    const { id } = check.requirement;
    byRequirement.set(id, [...(byRequirement.get(id) ?? []), check]);
  }
  return all.map((requirement) => {
    const all = byRequirement.get(requirement.id) ?? [];
    const own = all.filter((check) => check.unscored === undefined);
    const outcome = worst(own.map((check) => check.outcome));
    const checkIds = all.map(({ id }) => id);
    const unscored = whyUnscored(requirement, own.length);
    return unscored === undefined
      ? { requirement, outcome, scored: true, checkIds }
      : { requirement, outcome, scored: false, why: unscored, checkIds };
  });
}

function whyUnscored(requirement: Requirement, checkCount: number): string | undefined {
  if (requirement.part === "client") return "an obligation of clients";
  if (requirement.unobservable !== undefined) return `unobservable: ${requirement.unobservable}`;
  if (toolParts.has(requirement.part)) return `a tool (${requirement.part}), never scored`;
  if (checkCount === 0) return "no check of it was selected";
  return undefined;
}

/**
 * NON_CONFORMANT if any scored MUST fails; INCOMPLETE if none does, but some scored MUST is NOT_TESTABLE, FLAKY or
 * ERROR, or nothing was
 * decided at all; else CONFORMANT.
 */
export function verdictOf(results: readonly RequirementResult[]): Verdict {
  const musts = results.filter(({ scored, requirement }) => scored && requirement.level === "MUST");
  if (musts.some(({ outcome }) => outcome === "FAIL")) return "NON_CONFORMANT";
  const open: readonly (Outcome | undefined)[] = ["NOT_TESTABLE", "FLAKY", "ERROR"];
  if (musts.some(({ outcome }) => open.includes(outcome))) return "INCOMPLETE";
  return musts.some(({ outcome }) => outcome === "PASS") ? "CONFORMANT" : "INCOMPLETE";
}

/** Why the verdict speaks of less than the whole core, in words; empty if it does not. */
export function partialReasons(results: readonly RequirementResult[], selection: string | undefined): string[] {
  const reasons = selection === undefined ? [] : [selection];
  const undecided = results.filter(
    ({ requirement, scored, outcome }) =>
      scored &&
      requirement.level === "MUST" &&
      requirement.part === "core" &&
      outcome !== undefined &&
      outcome !== "PASS" &&
      outcome !== "FAIL" &&
      outcome !== "NOT_APPLICABLE",
  );
  if (undecided.length > 0) {
    const ids = undecided.map(({ requirement }) => requirement.id).join(", ");
    reasons.push(`${undecided.length} core requirements were not decided: ${ids}`);
  }
  return reasons;
}
