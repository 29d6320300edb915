// A finding as a file, to be seen again: `kind` "exploration" of the suite's replay files.
import { readFileSync, writeFileSync } from "node:fs";
import { findRequirement } from "@userstatus/protocol";
import { UsageError } from "../run/options.ts";
import type { Found } from "./run-steps.ts";
import { type Step, stepText } from "./steps.ts";

export interface ExplorationReplay {
  readonly kind: "exploration";
  readonly version: 1;
  /** For people: the profile that it was found under. */
  readonly profile: string;
  readonly seed: string;
  readonly walk: number;
  readonly steps: readonly Step[];
  readonly found: Found;
}

export function writeReplay(path: string, replay: ExplorationReplay): void {
  writeFileSync(path, `${JSON.stringify(replay, null, 2)}\n`);
}

/** Throws UsageError where the file is none of these. */
export function readReplay(path: string): ExplorationReplay {
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    throw new UsageError(
      `can't read the replay file ${path}: ${error instanceof Error ? error.message : String(error)}`,
    );
  }
  if (!isReplay(value)) throw new UsageError(`${path} is no replay file of kind "exploration", version 1`);
  return value;
}

function isReplay(value: unknown): value is ExplorationReplay {
  if (typeof value !== "object" || value === null) return false;
  const { kind, version, steps, found } = value as Partial<Record<keyof ExplorationReplay, unknown>>;
  if (kind !== "exploration" || version !== 1 || !Array.isArray(steps) || typeof found !== "object") return false;
  return (
    steps.every(isStep) &&
    Array.isArray((found as Found).requirements) &&
    (found as Found).requirements.every((id) => findRequirement(id) !== undefined)
  );
}

function isStep(value: unknown): value is Step {
  if (typeof value !== "object" || value === null || typeof (value as Step).do !== "string") return false;
  return typeof stepText(value as Step) === "string";
}
