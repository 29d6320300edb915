// `replay`: runs one kept failure again, alone, with the same decisions, and says whether it is still there; so with a finding of `explore`.
import { exploreCommand } from "../explore/explore-command.ts";
import { specDigest, suiteVersion } from "../report/build.ts";
import { failureText } from "../report/failure-text.ts";
import { driftOf, isExploration, readReplay } from "../run/replay.ts";
import type { RunResult } from "../run/runner.ts";
import { prepare, runPrepared } from "../run/suite.ts";
import { entryLine } from "../transcript/print.ts";
import type { Console } from "./console.ts";
import { suiteOptions, type TargetFlags } from "./options.ts";

/** Exit code: 0 it passes now, 1 it fails, 3 it decides nothing here. */
export async function replayCommand(path: string, flags: TargetFlags, console: Console): Promise<number> {
  if (isExploration(path)) return await exploreCommand({ ...flags, replay: path }, console);
  const kept = readReplay(path);
  const { check, transport, seed } = kept;
  const how = { only: [check], seed, jobs: 1, rerun: false, ...(transport === "" ? {} : { transports: [transport] }) };
  const options = { ...suiteOptions(flags), ...how };
  const prepared = await prepare(options);
  const { profile, tier } = prepared.run;
  for (const line of driftOf(kept, {
    suiteVersion: suiteVersion(),
    specDigest: specDigest(),
    profile: profile.name,
    tier,
  }))
    console.out.write(`note: ${line}\n`);
  const finished = (result: RunResult): void => {
    for (const { entries } of result.attempts) {
      const startMs = entries[0]?.at ?? 0;
      for (const entry of entries) console.out.write(`${entryLine(entry, startMs)}\n`);
    }
  };
  const report = await runPrepared(prepared, options, {
    say: () => {},
    planned: () => {},
    started: () => {},
    finished,
  });
  const [found] = report.checks.filter(({ id }) => id === check);
  const [run] = found?.runs ?? [];
  if (found === undefined || run === undefined) return 3;
  if (run.outcome === "PASS") {
    console.out.write(`\n${check} passes now${transport === "" ? "" : ` over ${transport}`}.\n`);
    return 0;
  }
  console.out.write(`\n${failureText(report, found, run)}\n`);
  if (run.failure === undefined) return 3;
  const same = run.failure.what === kept.what;
  console.out.write(`\n${check} fails ${same ? "as it did" : `in another way; then it was about: ${kept.what}`}.\n`);
  return 1;
}
