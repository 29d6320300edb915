// Writes the transcripts of a run into a directory, one file for each check, transport and attempt; and for each failure what runs it again.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { type CheckReplay, replayFileName, replayVersion } from "../run/replay.ts";
import type { RunResult } from "../run/runner.ts";
import { toNdjson } from "../transcript/print.ts";
import { specDigest, suiteVersion } from "./build.ts";

/** Makes the directory now, so that a wrong one is told before the run. */
export function openOutDir(path: string, run: { profile: string; tier: string }): (result: RunResult) => void {
  const directory = join(path, "transcripts");
  mkdirSync(directory, { recursive: true });
  return (result) => {
    const { planned, transport, attempts } = result;
    keepFailure(path, result, run);
    attempts.forEach((attempt, at) => {
      const id = planned.check.id.replaceAll("/", ".");
      const name = `${id}.${transport}.${at + 1}.${attempt.result.toLowerCase()}.ndjson`;
      writeFileSync(join(directory, name), toNdjson(attempt.entries));
    });
  };
}

/** `failures/CHECK.TRANSPORT/`: the replay, the transcript of the newest failed attempt, and its last call. */
function keepFailure(
  path: string,
  { planned, transport, seed = "", attempts, failure }: RunResult,
  run: { profile: string; tier: string },
): void {
  const failed = attempts.findLast(({ result }) => result === "FAIL");
  if (failure === undefined || failed === undefined) return;
  const { id } = planned.check;
  const directory = join(path, "failures", `${id.replaceAll("/", ".")}.${transport}`);
  mkdirSync(directory, { recursive: true });
  const { what, got } = failure;
  const versions = { suiteVersion: suiteVersion(), specDigest: specDigest() };
  const replay: CheckReplay = {
    replayVersion,
    kind: "check",
    ...versions,
    check: id,
    transport,
    seed,
    ...run,
    what,
    got,
  };
  writeFileSync(join(directory, replayFileName), `${JSON.stringify(replay, null, 2)}\n`);
  writeFileSync(join(directory, "transcript.ndjson"), toNdjson(failed.entries));
  if (failure.command !== undefined) writeFileSync(join(directory, "last-call.sh"), `${failure.command}\n`);
}
