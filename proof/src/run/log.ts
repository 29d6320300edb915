// The log of a run: one result on each line, so that an interrupted run can go on. It says of what code and with what settings.
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, globSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { keyOf, type Result } from "../job.ts";

export interface RunLog {
  /** What an earlier run of the same code and settings has done. */
  readonly done: readonly Result[];
  readonly add: (result: Result) => void;
}

/** Opens the log; without `resume`, or where code or settings differ, it starts anew. */
export function openLog(path: string, head: string, resume: boolean): RunLog {
  const done = resume ? readLog(path, head) : [];
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, [head, ...done.map((result) => JSON.stringify(result))].map((line) => `${line}\n`).join(""));
  return { done, add: (result) => appendFileSync(path, `${JSON.stringify(result)}\n`) };
}

/** The results of a log with this head, the last of each job; none if the head is another. */
export function readLog(path: string, head: string): Result[] {
  const results = new Map<string, Result>();
  for (const result of readLines<Result>(path, head)) {
    // A run that went wrong by itself is run again.
    if (result.fault === undefined) results.set(keyOf(result), result);
  }
  return [...results.values()];
}

/** What stands on the lines below this head; nothing below another. The last line of a run that was cut off may be half a line: it is left out. */
export function readLines<T>(path: string, head: string): T[] {
  if (!existsSync(path)) return [];
  const [first, ...lines] = readFileSync(path, "utf8").split("\n");
  return first === head ? lines.flatMap((line) => parsed<T>(line) ?? []) : [];
}

function parsed<T>(line: string): T | undefined {
  try {
    return JSON.parse(line) as T;
  } catch {
    return undefined;
  }
}

const sources = ["proof/src", "conformance/src", "reference-server/src", "protocol/src", "proto"];

/** A digest of the code that a proof runs, or of some of it. */
export function codeDigest(root: string, directories: readonly string[] = sources): string {
  const hash = createHash("sha256");
  for (const dir of directories) {
    for (const file of globSync("**/*.{ts,json,proto}", { cwd: join(root, dir) }).toSorted()) {
      if (!file.endsWith(".test.ts")) hash.update(`${dir}/${file}\n`).update(readFileSync(join(root, dir, file)));
    }
  }
  return hash.digest("hex").slice(0, 16);
}
