// The record of the unusual servers' runs, kept in the repository: twenty rounds on a strained machine take longer than anybody sits beside it. One
// result on each line, with a digest of the code that was run. It may go on over versions of the code; a server of which a check was wrong begins anew.
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { keyOf, type VariantResult } from "../job.ts";
import { type RunLog, readLines } from "./log.ts";

export interface RecordedRun extends VariantResult {
  /** Digest of the sources that were run. */
  readonly code: string;
}

/** The runs that stand: of each server in each profile those after the last one that was not clean. The last of each round counts. Pure. */
export function standingRuns(runs: readonly RecordedRun[]): RecordedRun[] {
  const standing = new Map<string, Map<string, RecordedRun>>();
  for (const run of runs) {
    const server = `${run.id} ${run.profile}`;
    if (run.wrong.length > 0 || run.fault !== undefined) standing.delete(server);
    else standing.set(server, (standing.get(server) ?? new Map()).set(keyOf(run), run));
  }
  return [...standing.values()].flatMap((byRound) => [...byRound.values()]);
}

/** Opens it to go on. What doesn't stand any more stays in the file: it happened. */
export function openRecord(path: string, head: string, code: string): RunLog {
  // Of other seeds or conditions than the head says: nothing.
  const runs = readLines<RecordedRun>(path, head);
  if (runs.length === 0) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${head}\n`);
  } else if (!readFileSync(path, "utf8").endsWith("\n")) {
    // Half a line of a run that was cut off ends before the next begins.
    appendFileSync(path, "\n");
  }
  return {
    done: standingRuns(runs),
    add: (result) => appendFileSync(path, `${JSON.stringify({ ...result, code })}\n`),
  };
}
