// The plan of a run, before anything is sent: which checks run, how, and why the others don't. Pure.
import { durationMs } from "@bufbuild/protobuf/wkt";
import { findRequirement, type GetServerInfoResponse, type Profile, type Requirement } from "@userstatus/protocol";
import type { Check, Time, Tool } from "../check.ts";
import { spoken } from "../units.ts";

/**
 * `parallel`: any number at once. `waiting`: at once with all others that wait. `first` and `alone`: nobody else
 * runs.
 */
export type Mode = "first" | "waiting" | "parallel" | "alone";

export type Fate =
  | { readonly kind: "run"; readonly mode: Mode }
  | { readonly kind: "NOT_APPLICABLE" | "NOT_TESTABLE" | "ERROR"; readonly reason: string };

export interface PlannedCheck {
  readonly check: Check;
  readonly requirement: Requirement;
  readonly fate: Fate;
}

export interface PlanInput {
  readonly checks: readonly Check[];
  readonly profile: Profile;
  readonly claims: ReadonlySet<string>;
  readonly tier: Time["tier"];
  /** True, or why the run has it not. */
  readonly tools: Readonly<Record<Tool, true | string>>;
  /** Longest that one check may really wait. */
  readonly timeBudgetMs: number;
  /** `keep_alive_interval` of the server; 0: it tells none. */
  readonly keepAliveMs: number;
  /** All checks share one app. */
  readonly sharedApp: boolean;
  /** One clock for all checks: the server's, or that of the shared app. */
  readonly sharedClock: boolean;
  /** Why that shared clock does not run any more, if so. */
  readonly clockStopped: boolean;
}

export function planRun(input: PlanInput): PlannedCheck[] {
  return input.checks.map((check) => {
    const requirement = requirementOf(check);
    return { check, requirement, fate: fateOf(check, requirement, input) };
  });
}

/** The requirement that a check decides, by its id. Throws for a check of none. */
export function requirementOf(check: Pick<Check, "id">): Requirement {
  const id = check.id.split("/")[0] ?? "";
  const requirement = findRequirement(id);
  if (requirement === undefined) throw new Error(`the check ${check.id} decides no requirement of the specification`);
  return requirement;
}

function fateOf(check: Check, requirement: Requirement, input: PlanInput): Fate {
  const absent = [requirement.part, ...(check.claims ?? [])].find(
    (claim) => claim !== "core" && !input.claims.has(claim),
  );
  if (absent !== undefined) return { kind: "NOT_APPLICABLE", reason: `the server does not claim ${absent}` };
  try {
    const applies = check.applies?.(input.profile) ?? true;
    if (applies !== true) return { kind: "NOT_APPLICABLE", reason: applies };
    return fateOfApplying(check, input, waitOf(check, input));
  } catch (error) {
    return {
      kind: "ERROR",
      reason: `the plan of the check failed: ${error instanceof Error ? error.message : String(error)}`,
    };
  }
}

/** 0: none is told, or nothing that can be waited for. */
export function keepAliveMsOf({ keepAliveInterval }: Pick<GetServerInfoResponse, "keepAliveInterval">): number {
  return keepAliveInterval === undefined ? 0 : Math.max(0, durationMs(keepAliveInterval));
}

export type WaitInput = Pick<PlanInput, "tier" | "profile" | "keepAliveMs">;

/** How long the check really waits, in milliseconds of wall time. */
export function waitOf(check: Check, { tier, profile, keepAliveMs }: WaitInput): number {
  const timeMs = tier === "virtual" && check.realTime !== true ? 0 : (check.timeMs?.(profile) ?? 0);
  return timeMs + (check.wallMs?.(keepAliveMs) ?? 0);
}

function fateOfApplying(check: Check, input: PlanInput, waitMs: number): Fate {
  for (const tool of check.tools ?? []) {
    const has = input.tools[tool];
    if (has !== true) return { kind: "NOT_TESTABLE", reason: has };
  }
  if (waitMs > input.timeBudgetMs) {
    const budget = spoken(input.timeBudgetMs);
    return { kind: "NOT_TESTABLE", reason: `needs ${spoken(waitMs)} of real time; --time-budget is ${budget}` };
  }
  const movesClock = check.timeMs !== undefined || check.tools?.includes("test-clock") === true;
  if (input.tier === "virtual" && check.realTime === true) {
    if (!input.sharedClock) return run("waiting");
    if (input.clockStopped)
      return { kind: "NOT_TESTABLE", reason: "needs a clock that runs; the server's was stopped before this run" };
    return run("first");
  }
  if (check.wholeApp === true && input.sharedApp) return run("alone");
  if (movesClock && input.sharedClock) return run("alone");
  return run(waitMs > 0 ? "waiting" : "parallel");
}

function run(mode: Mode): Fate {
  return { kind: "run", mode };
}

/** How long the waits of a plan take together: those at once count once. */
export function totalWaitMs(plan: readonly PlannedCheck[], input: WaitInput): number {
  const waits = { first: 0, alone: 0, waiting: 0, parallel: 0 };
  for (const { check, fate } of plan) {
    if (fate.kind !== "run") continue;
    const waitMs = waitOf(check, input);
    const atOnce = fate.mode === "waiting" || fate.mode === "parallel";
    waits[fate.mode] = atOnce ? Math.max(waits[fate.mode], waitMs) : waits[fate.mode] + waitMs;
  }
  return waits.first + Math.max(waits.waiting, waits.parallel) + waits.alone;
}
