// The machine-read registry of SPEC.md's requirements, which spec, checks and reports share.
import { requirementData } from "./data/requirements.gen.ts";

/** One MUST, SHOULD or MAY sentence of SPEC.md. */
export interface Requirement {
  /** Stable slug. */
  readonly id: string;
  readonly level: "MUST" | "SHOULD" | "MAY";
  /** `core`, `client`, or the claim without which it does not hold. */
  readonly part: string;
  /** Document and heading it comes from, or "ours". */
  readonly source: string;
  /** Section number in SPEC.md. */
  readonly section: string;
  readonly sectionTitle: string;
  /** The sentence. */
  readonly text: string;
  /** Why no test over the network can decide it. */
  readonly unobservable?: string;
}

/** All requirements, in the order of SPEC.md. */
export const requirements: readonly Requirement[] = requirementData;

const byId: ReadonlyMap<string, Requirement> = new Map(requirements.map((entry) => [entry.id, entry]));

/** The requirement of this id, if there is one. */
export function findRequirement(id: string): Requirement | undefined {
  return byId.get(id);
}
