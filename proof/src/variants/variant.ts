// What a variant is: the reference server changed so that it is right and unusual. Every check must let it pass.
import type { PresenceSeams } from "@userstatus/server/seams";
import type { EdgeDefect } from "../edge.ts";
import type { JudgeOptions } from "../judge.ts";

export interface Variant {
  readonly id: string;
  /** What is unusual, and why it is right: the requirement, or the silence, that allows it. */
  readonly why: string;
  /** Published profiles to show it in. Default: `standard`. */
  readonly profiles?: readonly string[];
  /** A profile in ProtoJSON in place of a published one. */
  readonly profileJson?: () => string;
  readonly seams?: () => PresenceSeams;
  readonly edge?: EdgeDefect;
  /** Flags of the reference server. */
  readonly flags?: readonly string[];
  /** How far its wall clock is off. */
  readonly wallOffsetMs?: number;
  /** How it is judged, where that is not as usual. */
  readonly judged?: Partial<JudgeOptions>;
}
