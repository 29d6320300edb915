// `explore`: searches a server for observations that the specification does not allow. Never part of a verdict.
import { randomBytes } from "node:crypto";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import type { Command } from "commander";
import type { Console } from "../cli/console.ts";
import { addTargetOptions, parseDuration, parseJobs, suiteOptions, type TargetFlags } from "../cli/options.ts";
import { TargetUnreachable } from "../run/options.ts";
import { replayExploration } from "./replay.ts";
import { writeReplay } from "./replay-file.ts";
import { explorationJson, findingText, isStable, progressText } from "./report.ts";
import { type Progress, type Searched, search } from "./search.ts";
import { findGround, type Ground } from "./walk/ground.ts";
import { Unreachable } from "./walk/walk.ts";

export interface ExploreFlags extends TargetFlags {
  readonly seed?: string;
  readonly budget?: number;
  readonly lanes?: number;
  readonly findings?: number;
  readonly shrink?: boolean;
  readonly json?: string;
  readonly out?: string;
  readonly replay?: string;
}

/** Adds what `explore` takes. */
export function addExploreOptions(command: Command): Command {
  return addTargetOptions(command)
    .option("--budget <duration>", "how long walks are begun (default: 60s)", parseDuration)
    .option("--seed <text>", "repeats the walks of an earlier exploration")
    .option("--lanes <count>", "walks at once (default: 6)", parseJobs)
    .option("--findings <count>", "end after so many findings (default: 3)", parseJobs)
    .option("--no-shrink", "tell the steps of a finding as they were, at once")
    .option("--out <directory>", "save each finding there, for --replay")
    .option("--replay <file>", "do the steps of a saved finding again, three times")
    .option("--json <file>", "write what was found as JSON; - is standard output")
    .addHelpText(
      "after",
      `
Random walks of several users, devices and Watches, judged by a model of the specification. With --testing-url time passes
too, with --admin-url users, friends and switches change. It is no part of a verdict: what it finds is as wrong as what run
finds, but finding nothing proves nothing.

Exit codes: 0 nothing found, 1 a finding that three more tries confirm, 2 wrong usage, 4 nothing answers, 5 fault of the suite.
`,
    );
}

const defaults = { budgetMs: 60_000, lanes: 6, shrinkMs: 30_000, findings: 3 } as const;
const progressEachMs = 5000;

/** Exit code: 0 nothing found, 1 a finding. */
export async function exploreCommand(flags: ExploreFlags, console: Console): Promise<number> {
  const options = suiteOptions(flags);
  const ask = (): Promise<number> =>
    flags.replay === undefined ? explore(flags, console) : replayExploration(flags.replay, options, console);
  try {
    return await ask();
  } catch (error) {
    if (error instanceof Unreachable) throw new TargetUnreachable(`nothing answers any more: ${error.message}`);
    throw error;
  }
}

async function explore(flags: ExploreFlags, console: Console): Promise<number> {
  const ground = await findGround(suiteOptions(flags));
  const seed = flags.seed ?? randomBytes(4).toString("hex");
  const sink = flags.json === "-" ? console.error : console.out;
  const say = (line: string): void => sink.write(`${line}\n`);
  let saidMs = 0;
  let saved = 0;
  try {
    const { rules, kind, timed, url } = ground;
    say(
      `exploring ${ground.serverName || "a server without a name"} at ${url}: profile ${rules.profile.name}, ${kind.name}, ${timed ? "time by the test clock" : "without time"}, seed ${seed}`,
    );
    for (const notice of ground.notices) say(`note: ${notice}`);
    const result = await search(ground, {
      seed,
      budgetMs: flags.budget ?? defaults.budgetMs,
      lanes: flags.lanes ?? defaults.lanes,
      shrink: flags.shrink ?? true,
      shrinkMs: defaults.shrinkMs,
      findingsMax: flags.findings ?? defaults.findings,
      onProgress: (progress: Progress) => {
        if (progress.elapsedMs - saidMs < progressEachMs) return;
        saidMs = progress.elapsedMs;
        say(progressText(progress));
      },
      onFound: (finding: Searched) => {
        const file = flags.out === undefined ? undefined : save(flags.out, saved++, { ground, seed, finding });
        say(`\n${findingText(finding, repeatLines(ground, seed, file))}\n`);
      },
    });
    say(progressText(result));
    const stable = result.findings.filter(isStable).length;
    const unstable = result.findings.length - stable;
    say(
      `${stable === 0 ? "nothing found" : `${stable} found`}${unstable === 0 ? "" : `; ${unstable} seen, and not again each time`}`,
    );
    if (flags.json === "-") console.out.write(explorationJson(ground, seed, result));
    else if (flags.json !== undefined) writeFileSync(flags.json, explorationJson(ground, seed, result));
    return stable > 0 ? 1 : 0;
  } finally {
    ground.close();
  }
}

function save(
  directory: string,
  number: number,
  { ground, seed, finding }: { readonly ground: Ground; readonly seed: string; readonly finding: Searched },
): string {
  const path = join(directory, `finding-${number + 1}.json`);
  mkdirSync(directory, { recursive: true });
  const { steps, found, walk } = finding;
  writeReplay(path, { kind: "exploration", version: 1, profile: ground.rules.profile.name, seed, walk, steps, found });
  return path;
}

function repeatLines({ url }: Ground, seed: string, file: string | undefined): string[] {
  const search = `userstatus-conformance explore --url ${url} --seed ${seed}  (and your options)`;
  if (file === undefined)
    return [search, "with --out DIRECTORY each finding is saved, and replay FILE does its steps alone"];
  return [`userstatus-conformance replay ${file} --url ${url}  (and your options)`, search];
}
