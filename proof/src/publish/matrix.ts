// The published outcome of proofs, docs/proof/kill-matrix.json: made from results, read by the page and by the line of README. Pure.
import { type JudgeSettings, killers, type MutantResult, type Result, type VariantResult } from "../job.ts";

export interface Matrix {
  readonly mutants: MutantsPart;
  readonly variants: VariantsPart;
}

export interface MutantsPart {
  readonly seed: string;
  /** Which checks judged: those of the mutant's requirement, or all. */
  readonly scope: "own" | "all";
  /** By mutant and profile: the checks that failed. */
  readonly failed: Readonly<Record<string, Readonly<Record<string, readonly string[]>>>>;
  /** Runs that came to nothing; none may be. */
  readonly faults: readonly string[];
}

export interface VariantsPart {
  readonly seed: string;
  /** Runs of each server: of the one that has fewest. */
  readonly rounds: number;
  /** Versions of the code that were run, where the runs were recorded over several. */
  readonly versions?: number;
  /** Under which conditions, in words. */
  readonly conditions: string;
  /** By variant and profile. */
  readonly judged: Readonly<Record<string, Readonly<Record<string, JudgedVariant>>>>;
  readonly faults: readonly string[];
}

export interface JudgedVariant {
  readonly runs: number;
  /** Checks that passed, over all runs. */
  readonly passed: number;
  /** By check: in how many runs it failed for good. */
  readonly wrong: Readonly<Record<string, number>>;
  /** By check: in how many runs it failed, and passed when it was run again alone. */
  readonly flaky: Readonly<Record<string, number>>;
  /** By check: in how many runs it ran and decided nothing. */
  readonly undecided: Readonly<Record<string, number>>;
}

export function mutantsPart(results: readonly Result[], settings: Pick<JudgeSettings, "seed">): MutantsPart {
  const of = results.filter((result): result is MutantResult => result.kind === "mutant");
  const failed: Record<string, Record<string, readonly string[]>> = {};
  for (const { id, profile, failed: checks } of of.toSorted(byName)) {
    failed[id] = { ...failed[id], [profile]: checks.toSorted() };
  }
  const scope = of.every((result) => result.scope === "all") && of.length > 0 ? "all" : "own";
  return { seed: settings.seed, scope, failed, faults: faultsOf(of) };
}

export function variantsPart(
  results: readonly Result[],
  { seed, conditions }: Pick<VariantsPart, "seed" | "conditions">,
): VariantsPart {
  const of = results.filter((result): result is VariantResult & { code?: string } => result.kind === "variant");
  const judged: Record<string, Record<string, JudgedVariant>> = {};
  for (const { id, profile } of of.toSorted(byName)) {
    const runs = of.filter((result) => result.id === id && result.profile === profile);
    const wrong = runs.flatMap((run) => run.wrong);
    judged[id] = {
      ...judged[id],
      [profile]: {
        runs: runs.length,
        passed: runs.reduce((sum, run) => sum + run.passed, 0),
        wrong: counted(wrong.filter(({ outcome }) => outcome !== "FLAKY").map(({ check }) => check)),
        flaky: counted(wrong.filter(({ outcome }) => outcome === "FLAKY").map(({ check }) => check)),
        undecided: counted(runs.flatMap((run) => run.undecided)),
      },
    };
  }
  const runs = Object.values(judged).flatMap((byProfile) => Object.values(byProfile).map((one) => one.runs));
  const codes = new Set(of.flatMap(({ code }) => code ?? []));
  return {
    seed,
    rounds: runs.length === 0 ? 0 : Math.min(...runs),
    ...(codes.size > 1 ? { versions: codes.size } : {}),
    conditions,
    judged,
    faults: faultsOf(of),
  };
}

export interface Totals {
  readonly killed: number;
  readonly mutantRuns: number;
  readonly mutants: number;
  readonly falseFailures: number;
  /** Verdicts of single checks about servers that are right. */
  readonly verdicts: number;
  readonly flakes: number;
  readonly variantRuns: number;
  readonly variants: number;
}

export function totalsOf({ mutants, variants }: Matrix): Totals {
  const runs = Object.entries(mutants.failed).flatMap(([id, byProfile]) =>
    Object.values(byProfile).map((failed) => killers({ id, failed }).length > 0),
  );
  const judged = Object.values(variants.judged).flatMap((byProfile) => Object.values(byProfile));
  const sum = (of: (one: JudgedVariant) => number): number => judged.reduce((total, one) => total + of(one), 0);
  const falseFailures = sum(({ wrong }) => total(wrong)) + variants.faults.length;
  const flakes = sum(({ flaky }) => total(flaky));
  return {
    killed: runs.filter((killed) => killed).length,
    mutantRuns: runs.length,
    mutants: Object.keys(mutants.failed).length,
    falseFailures,
    verdicts: sum(({ passed }) => passed) + falseFailures + flakes,
    flakes,
    variantRuns: sum((one) => one.runs),
    variants: Object.keys(variants.judged).length,
  };
}

/** What stands in README. */
export function summaryLine(matrix: Matrix): string {
  const { killed, mutantRuns, falseFailures, verdicts, flakes, variantRuns } = totalsOf(matrix);
  return `kills ${grouped(killed)}/${grouped(mutantRuns)}, false failures ${grouped(falseFailures)}/${grouped(verdicts)}, flakes ${grouped(flakes)} in ${grouped(variantRuns)} runs`;
}

export function grouped(number: number): string {
  return String(number).replace(/\B(?=(\d{3})+$)/g, ",");
}

function counted(ids: readonly string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  for (const id of ids.toSorted()) counts[id] = (counts[id] ?? 0) + 1;
  return counts;
}

function total(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((sum, count) => sum + count, 0);
}

function faultsOf(results: readonly Result[]): string[] {
  return results.flatMap(({ id, profile, fault }) => (fault ? [`${id} (${profile}): ${fault}`] : []));
}

function byName(a: Result, b: Result): number {
  const [left, right] = [`${a.id} ${a.profile}`, `${b.id} ${b.profile}`];
  return left < right ? -1 : left > right ? 1 : 0;
}
