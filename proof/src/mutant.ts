// What a mutant is: the reference server with one named, realistic defect, made at its seams. Production code knows nothing of them.
import type { PresenceSeams } from "@userstatus/server/seams";
import type { EdgeDefect } from "./edge.ts";

export interface Mutant {
  /** The requirement whose own check must catch it, `/`, and a word for the defect: `sub-cap/evicts-newest`. */
  readonly id: string;
  /** What is wrong, in one sentence, as its programmer might confess it. */
  readonly defect: string;
  /** Published profiles in which it shows; each must catch it. Default: `standard` only. */
  readonly profiles?: readonly string[];
  /** Defects inside. */
  readonly seams?: () => PresenceSeams;
  /** Defects at the edge: tokens, HTTP. */
  readonly edge?: EdgeDefect;
  /** Flags of the server that make room for it: small limits, say. */
  readonly flags?: readonly string[];
}

/** The requirement that a mutant breaks. */
export function requirementOf(mutant: Pick<Mutant, "id">): string {
  return mutant.id.split("/", 1)[0] ?? "";
}
