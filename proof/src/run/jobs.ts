// Which jobs a run has. Pure.
import type { Job } from "../job.ts";
import type { Mutant } from "../mutant.ts";
import type { Variant } from "../variants/variant.ts";

export interface Selection {
  /** Text that the id of a mutant or variant has; default: any. */
  readonly only?: string | undefined;
  readonly part?: "mutants" | "variants" | undefined;
  /** Every mutant in the first of its profiles, no variant. */
  readonly quick: boolean;
  /** Every check judges every mutant. */
  readonly matrix: boolean;
  readonly rounds: number;
}

export const defaultProfiles: readonly string[] = ["standard"];

export function mutantJobs(mutants: readonly Mutant[], { only, part, quick, matrix }: Selection): Job[] {
  if (part === "variants") return [];
  return mutants
    .filter(({ id }) => only === undefined || id.includes(only))
    .flatMap(({ id, profiles = defaultProfiles }) =>
      profiles
        .slice(0, quick ? 1 : undefined)
        .map((profile): Job => ({ kind: "mutant", id, profile, scope: matrix ? "all" : "own" })),
    );
}

/** Round by round, so that an interrupted run has whole rounds. */
export function variantJobs(variants: readonly Variant[], { only, part, quick, rounds }: Selection): Job[] {
  if (part === "mutants" || quick) return [];
  const wanted = variants.filter(({ id }) => only === undefined || id.includes(only));
  return Array.from({ length: rounds }, (_, round) =>
    wanted.flatMap(({ id, profiles = defaultProfiles }) =>
      profiles.map((profile): Job => ({ kind: "variant", id, profile, round })),
    ),
  ).flat();
}
