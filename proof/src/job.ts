// What is run, and what comes of it. Plain data: it goes between processes and into the log of a run.

/** A mutant in one profile, by the checks of its requirement or by all; or an unusual server in one profile. */
export type Job =
  | { readonly kind: "mutant"; readonly id: string; readonly profile: string; readonly scope: "own" | "all" }
  | { readonly kind: "variant"; readonly id: string; readonly profile: string; readonly round: number };

/** How every job of a run is judged. */
export interface JudgeSettings {
  readonly seed: string;
  /** Longest wait for one thing, of mutants: what they leave out never comes. */
  readonly mutantPatienceMs: number;
  readonly variantPatienceMs: number;
  /** Only these checks judge the unusual servers; default: all. */
  readonly checks?: readonly string[];
}

export interface MutantResult {
  readonly kind: "mutant";
  readonly id: string;
  readonly profile: string;
  readonly scope: "own" | "all";
  /** Checks that failed, by id. */
  readonly failed: readonly string[];
  /** Checks of its own requirement that passed. */
  readonly ownPassed: readonly string[];
  readonly seconds: number;
  /** What went wrong with the run itself. */
  readonly fault?: string;
}

export interface VariantResult {
  readonly kind: "variant";
  readonly id: string;
  readonly profile: string;
  readonly round: number;
  /** Checks that did not pass though the server is right. FLAKY: failed, then passed alone. */
  readonly wrong: readonly { readonly check: string; readonly outcome: string; readonly got: string }[];
  /** Checks that ran and decided nothing. */
  readonly undecided: readonly string[];
  readonly passed: number;
  readonly verdict: string;
  readonly seconds: number;
  readonly fault?: string;
}

export type Result = MutantResult | VariantResult;

/** Names a job, and its result. */
export function keyOf(job: Job | Result): string {
  const which = job.kind === "mutant" ? job.scope : String(job.round);
  return `${job.kind} ${job.id} ${job.profile} ${which}`;
}

/** Those of the failed checks that decide the mutant's own requirement: only they kill it. */
export function killers({ id, failed }: Pick<MutantResult, "id" | "failed">): string[] {
  const requirement = id.split("/", 1)[0] ?? "";
  return failed.filter((check) => check.split("/", 1)[0] === requirement);
}
