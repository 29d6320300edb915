// Requirement sets: which checks count for a verdict by a version of the specification. Once a version is released its set is closed, so that
// a newer suite gives the same server the same verdict: checks that came later run, are told, and are not scored.
import { set as set10 } from "./set-1.0.ts";

export interface RequirementSet {
  /** Major and minor of the specification. */
  readonly specVersion: string;
  /** Released: the list is final. Before that, every check counts. */
  readonly closed: boolean;
  /** Ids of the checks that count, sorted. */
  readonly checks: readonly string[];
}

/** All sets, oldest first. */
export const requirementSets: readonly RequirementSet[] = [set10];

/** The newest set that is not newer than what the server says it keeps; the oldest, if there is none. */
export function setFor(specVersion: string, sets: readonly RequirementSet[] = requirementSets): RequirementSet {
  const asked = numberOf(specVersion);
  const found = sets.findLast((set) => numberOf(set.specVersion) <= asked) ?? sets[0];
  if (found === undefined) throw new Error("there is no requirement set");
  return found;
}

/** Why a check does not count by the set; undefined if it does. */
export function unscoredBy(set: RequirementSet, checkId: string): string | undefined {
  if (!set.closed || set.checks.includes(checkId)) return undefined;
  return `came after the requirement set of ${set.specVersion} was closed`;
}

/** 1.2 → 1002; what is no version counts as the oldest. */
function numberOf(version: string): number {
  const [, major, minor] = /^(\d{1,3})\.(\d{1,3})(?:\.|$)/.exec(version) ?? [];
  return major === undefined ? 0 : Number(major) * 1000 + Number(minor);
}
