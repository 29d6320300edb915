// The file of `--known-failures`.
import { readFileSync } from "node:fs";
import { type KnownFailure, mustName, parseKnownFailures } from "../run/known.ts";
import { UsageError } from "../run/options.ts";

/** Each entry must name one of `checkIds`. Throws UsageError, before anything is run. */
export function readKnown(path: string, checkIds: readonly string[]): KnownFailure[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch (error) {
    throw new UsageError(`--known-failures: ${error instanceof Error ? error.message : String(error)}`);
  }
  const known = parseKnownFailures(text);
  mustName(known, checkIds);
  return known;
}
