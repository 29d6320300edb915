// Which requirements the mutants break. Pure.
import { findRequirement, requirements } from "@userstatus/protocol";
import { type Mutant, requirementOf } from "./mutant.ts";

/** Observable MUSTs of servers that no mutant breaks. */
export function withoutMutant(mutants: readonly Pick<Mutant, "id">[]): string[] {
  const broken = new Set(mutants.map(requirementOf));
  return requirements
    .filter(({ id, level, unobservable }) => level === "MUST" && unobservable === undefined && !broken.has(id))
    .map(({ id }) => id);
}

/** Mutants whose requirement is none. */
export function strayMutants(mutants: readonly Pick<Mutant, "id">[]): string[] {
  return mutants.filter((mutant) => findRequirement(requirementOf(mutant)) === undefined).map(({ id }) => id);
}
