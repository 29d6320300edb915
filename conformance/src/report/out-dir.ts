// Writes the transcripts of a run into a directory, one file for each check, transport and attempt.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { RunResult } from "../run/runner.ts";
import { toNdjson } from "../transcript/print.ts";

/** Makes the directory now, so that a wrong one is told before the run. */
export function openOutDir(path: string): (result: RunResult) => void {
  const directory = join(path, "transcripts");
  mkdirSync(directory, { recursive: true });
  return ({ planned, transport, attempts }) => {
    attempts.forEach((attempt, at) => {
      const id = planned.check.id.replaceAll("/", ".");
      const name = `${id}.${transport}.${at + 1}.${attempt.result.toLowerCase()}.ndjson`;
      writeFileSync(join(directory, name), toNdjson(attempt.entries));
    });
  };
}
