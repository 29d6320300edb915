// The record of the unusual servers' runs, kept in the repository: twenty rounds on a strained machine take longer than anybody sits beside it. One
// result on each line, with a digest of the code that was run. It may go on over versions of the code; a server of which a check was wrong begins anew.
import { appendFileSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";
import { keyOf, type VariantResult } from "../job.ts";
import type { RunLog } from "./log.ts";

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

/** Of other seeds or conditions than `head` says: nothing. */
export function readRecord(path: string, head: string): RecordedRun[] {
  let text: string;
  try {
    text = readFileSync(path, "utf8");
  } catch {
    return [];
  }
  const [first, ...lines] = text.split("\n");
  return first === head ? lines.filter((line) => line !== "").map((line) => JSON.parse(line) as RecordedRun) : [];
}

/** Opens it to go on. What doesn't stand any more stays in the file: it happened. */
export function openRecord(path: string, head: string, code: string): RunLog {
  const runs = readRecord(path, head);
  if (runs.length === 0) {
    mkdirSync(dirname(path), { recursive: true });
    writeFileSync(path, `${head}\n`);
  }
  return {
    done: standingRuns(runs),
    add: (result) => appendFileSync(path, `${JSON.stringify({ ...result, code })}\n`),
  };
}
