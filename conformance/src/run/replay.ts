// What `--out` keeps of a failure so that it can be run again, and what `replay` reads. A tagged union: other kinds may come.
import { readFileSync, statSync } from "node:fs";
import { join } from "node:path";
import { UsageError } from "./options.ts";

/** Rises when a key changes its meaning or goes away. */
export const replayVersion = 1;
export const replayFileName = "replay.json";

export interface CheckReplay {
  readonly replayVersion: typeof replayVersion;
  readonly kind: "check";
  readonly suiteVersion: string;
  readonly specDigest: string;
  readonly check: string;
  /** Kind of transport. */
  readonly transport: string;
  readonly seed: string;
  readonly profile: string;
  readonly tier: string;
  /** What the failure was about, to tell whether it came again. */
  readonly what: string;
  readonly got: string;
}

/** A file, or a directory that has one. Throws UsageError. */
export function readReplay(path: string): CheckReplay {
  return parseReplay(readJson(path));
}

/** Whether a replay file holds a finding of `explore`, whose format is its own. Throws UsageError where it can't be read. */
export function isExploration(path: string): boolean {
  const data = readJson(path);
  return typeof data === "object" && data !== null && (data as Record<string, unknown>).kind === "exploration";
}

function readJson(path: string): unknown {
  try {
    return JSON.parse(readFileSync(statSync(path).isDirectory() ? join(path, replayFileName) : path, "utf8"));
  } catch (error) {
    throw new UsageError(`replay: can't read ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** Throws UsageError. */
export function parseReplay(data: unknown): CheckReplay {
  const of = (typeof data === "object" && data !== null ? data : {}) as Record<string, unknown>;
  if (of.replayVersion !== replayVersion)
    throw new UsageError(
      `replay: version ${String(of.replayVersion)} is not known to this suite, which reads ${replayVersion}`,
    );
  if (of.kind !== "check") throw new UsageError(`replay: the kind ${String(of.kind)} is not known to this suite`);
  const keys = ["suiteVersion", "specDigest", "check", "transport", "seed", "profile", "tier", "what", "got"] as const;
  const wrong = keys.find((key) => typeof of[key] !== "string");
  if (wrong !== undefined) throw new UsageError(`replay: ${wrong} must be a text`);
  return of as unknown as CheckReplay;
}

/** What is different now from when it was kept; in words, for each. */
export function driftOf(
  kept: CheckReplay,
  now: { suiteVersion: string; specDigest: string; profile: string; tier: string },
): string[] {
  const names = {
    suiteVersion: "version of the suite",
    specDigest: "requirements",
    profile: "profile",
    tier: "clock tier",
  };
  return (Object.keys(names) as (keyof typeof names)[])
    .filter((key) => kept[key] !== now[key])
    .map((key) => `another ${names[key]}: ${kept[key].slice(0, 12)} then, ${now[key].slice(0, 12)} now`);
}
