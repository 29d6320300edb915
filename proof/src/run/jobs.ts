// Which jobs a run has. Pure.
import type { Job } from "../job.ts";
import type { Mutant } from "../mutant.ts";
import type { Variant } from "../variants/variant.ts";

export interface Selection {
  /** Texts, one of which `ID (PROFILE)` must have; none: all. */
  readonly only: readonly string[];
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
  return mutants.flatMap(({ id, profiles = defaultProfiles }) =>
    profiles
      .filter((profile) => isWanted(nameOf(id, profile), only))
      .slice(0, quick ? 1 : undefined)
      .map((profile): Job => ({ kind: "mutant", id, profile, scope: matrix ? "all" : "own" })),
  );
}

/** Round by round, so that an interrupted run has whole rounds. */
export function variantJobs(variants: readonly Variant[], { only, part, quick, rounds }: Selection): Job[] {
  if (part === "mutants" || quick) return [];
  return Array.from({ length: rounds }, (_, round) =>
    variants.flatMap(({ id, profiles = defaultProfiles }) =>
      profiles
        .filter((profile) => isWanted(nameOf(id, profile), only))
        .map((profile): Job => ({ kind: "variant", id, profile, round })),
    ),
  ).flat();
}

function nameOf(id: string, profile: string): string {
  return `${id} (${profile})`;
}

function isWanted(name: string, only: readonly string[]): boolean {
  return only.length === 0 || only.some((text) => name.includes(text));
}

/** Texts that no job's name has. */
export function strayTexts(texts: readonly string[], subjects: readonly (Mutant | Variant)[]): string[] {
  const names = subjects.flatMap(({ id, profiles = defaultProfiles }) =>
    profiles.map((profile) => nameOf(id, profile)),
  );
  return texts.filter((text) => !names.some((name) => name.includes(text)));
}
