// Runs mutants: each in each of its profiles, judged by the checks of the requirement that it breaks.
import { findRequirement, requirements } from "@userstatus/protocol";
import { host } from "./host.ts";
import { judge } from "./judge.ts";
import { type Mutant, requirementOf } from "./mutant.ts";

export interface Killing {
  readonly mutant: string;
  readonly profile: string;
  /** Whether a check of its own requirement failed. */
  readonly killed: boolean;
  /** Those checks, by id. */
  readonly by: readonly string[];
  /** Checks of its own requirement that passed. */
  readonly passed: readonly string[];
  /** What went wrong with the run itself. */
  readonly fault?: string;
}

export interface ProofOptions {
  readonly seed: string;
  readonly parallel: number;
  readonly patienceMs: number;
  readonly onDone: (killing: Killing) => void;
}

/** Runs every mutant. */
export async function runMutants(mutants: readonly Mutant[], options: ProofOptions): Promise<Killing[]> {
  const queue = mutants.flatMap((mutant) => (mutant.profiles ?? ["standard"]).map((profile) => ({ mutant, profile })));
  const killings: Killing[] = [];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const killing = await runMutant(next.mutant, next.profile, options);
      killings.push(killing);
      options.onDone(killing);
    }
  };
  await Promise.all(Array.from({ length: options.parallel }, worker));
  return killings.sort((a, b) => (a.mutant + a.profile < b.mutant + b.profile ? -1 : 1));
}

async function runMutant(mutant: Mutant, profile: string, options: ProofOptions): Promise<Killing> {
  const requirement = requirementOf(mutant);
  const seams = mutant.seams?.();
  const { edge } = mutant;
  const hosted = await host({ profile, ...(seams ? { seams } : {}), ...(edge ? { edge } : {}) });
  const told = { mutant: mutant.id, profile };
  try {
    const { seed, patienceMs } = options;
    const report = await judge(hosted, { only: [`${requirement}/*`], seed, patienceMs, jobs: 8, rerun: false });
    const own = report.checks.filter((check) => check.requirement === requirement);
    const by = own.filter(({ outcome }) => outcome === "FAIL").map(({ id }) => id);
    const passed = own.filter(({ outcome }) => outcome === "PASS").map(({ id }) => id);
    return { ...told, killed: by.length > 0, by, passed };
  } catch (cause) {
    return {
      ...told,
      killed: false,
      by: [],
      passed: [],
      fault: cause instanceof Error ? cause.message : String(cause),
    };
  } finally {
    await hosted.stop();
  }
}

/** Observable MUSTs that no mutant breaks. */
export function withoutMutant(mutants: readonly Mutant[]): string[] {
  const broken = new Set(mutants.map(requirementOf));
  return requirements
    .filter(({ id, level, unobservable }) => level === "MUST" && unobservable === undefined && !broken.has(id))
    .map(({ id }) => id);
}

/** Mutants whose requirement is none. */
export function strayMutants(mutants: readonly Mutant[]): string[] {
  return mutants.filter((mutant) => findRequirement(requirementOf(mutant)) === undefined).map(({ id }) => id);
}
