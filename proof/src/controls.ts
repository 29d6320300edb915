// Two controls come before every proof: one mutant that must die, and one that is none and must live. If they don't, no other verdict of
// the run means anything.
import { type Job, killers, type MutantResult } from "./job.ts";
import type { Mutant } from "./mutant.ts";
import { answers } from "./seam-tools.ts";

export const deadly: Mutant = {
  id: "login-reply/control-deadly",
  defect: "Control: Login answers without a session id.",
  seams: () => answers(["login"], (answer) => ({ ...answer, sessionId: "" })),
};

export const harmless: Mutant = {
  id: "custom-bytes/control-harmless",
  defect: "Control: nothing is wrong, though every answer passes through a seam.",
  seams: () => answers(["setCustomStatus", "login", "queryStatuses"], (answer) => ({ ...answer })),
};

export const controls: readonly Mutant[] = [deadly, harmless];

export const controlJobs: readonly Job[] = controls.map(({ id }) => ({
  kind: "mutant",
  id,
  profile: "standard",
  scope: "own",
}));

/** Why the run is void; undefined: the controls behave. */
export function whyVoid(results: readonly MutantResult[]): string | undefined {
  const [dead, alive] = controls.map(({ id }) => results.find((result) => result.id === id));
  if (!dead || !alive) return "a control was not run";
  if (dead.fault) return `the run of ${deadly.id} failed: ${dead.fault}`;
  if (killers(dead).length === 0) return `${deadly.id} lives: no check of its requirement failed`;
  if (alive.fault) return `the run of ${harmless.id} failed: ${alive.fault}`;
  if (alive.failed.length > 0) return `${harmless.id} dies though nothing is wrong: ${alive.failed.join(", ")}`;
  if (alive.ownPassed.length === 0) return `no check judged ${harmless.id}`;
  return undefined;
}
