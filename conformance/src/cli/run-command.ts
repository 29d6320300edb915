// `run`: judges one server, and says so in every form that was asked for.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { writeFileSync } from "node:fs";
import { checks } from "../checks/index.ts";
import { afterChecks } from "../invariants/decide.ts";
import { failureText } from "../report/failure-text.ts";
import type { Report } from "../report/model.ts";
import { createProgress, type Progress } from "../report/progress.ts";
import { summaryText, verdictText } from "../report/summary.ts";
import { exitCodeOf, judgeKnown, knownText, writeKnownFailures } from "../run/known.ts";
import { namedProfileId } from "../run/named-profile.ts";
import { type Shard, type SuiteOptions, TargetUnreachable, UsageError } from "../run/options.ts";
import { countRuns } from "../run/runner.ts";
import { type Prepared, prepare, runPrepared, type SuiteListener } from "../run/suite.ts";
import { exitCodes } from "../run/verdict.ts";
import type { Console } from "./console.ts";
import { readKnown } from "./known-file.ts";
import { suiteOptions, type TargetFlags } from "./options.ts";
import { type FormFlags, takesOutput, writeForms } from "./report-files.ts";
import { tryLogin } from "./try-login.ts";

export interface RunFlags extends TargetFlags, FormFlags {
  readonly only?: string[];
  readonly skip?: string[];
  readonly jobs?: number;
  readonly seed?: string;
  readonly shard?: Shard;
  readonly repeat?: number;
  readonly timeoutScale?: number;
  readonly knownFailures?: string;
  readonly writeKnownFailures?: string;
  readonly rerun?: boolean;
  readonly betweenChecks?: string;
  readonly out?: string;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** Exit code: 0 conformant, 1 not, 3 incomplete; with known failures, 0 also where nothing else failed. */
export async function runCommand(flags: RunFlags, console: Console): Promise<number> {
  const { only, skip, jobs, seed, shard, repeat, timeoutScale, rerun, out: outDir } = flags;
  const betweenChecks = flags.betweenChecks === undefined ? undefined : commandBetween(flags.betweenChecks);
  const how = { only, skip, jobs, seed, shard, repeat, timeoutScale, rerun, outDir, betweenChecks };
  const options: SuiteOptions = { ...suiteOptions(flags), ...how };
  const known = flags.knownFailures === undefined ? undefined : readKnown(flags.knownFailures, checkIds());
  // With the report on standard output, everything else goes to the other one.
  const toError = takesOutput(flags);
  const report = await judge(options, {
    console,
    quiet: flags.quiet === true,
    verbose: flags.verbose === true,
    toError,
  });
  writeForms(report, flags, console);
  if (flags.writeKnownFailures !== undefined) writeFileSync(flags.writeKnownFailures, writeKnownFailures(report));
  if (known === undefined) return exitCodes[report.verdict];
  const found = judgeKnown(report, known);
  (toError ? console.error : console.out).write(`${knownText(found)}\n`);
  return exitCodeOf(report.verdict, report, found);
}

/** Runs a command of the shell; what it says is seen on standard error. */
function commandBetween(command: string): () => Promise<void> {
  return async () => {
    const child = spawn("sh", ["-c", command], { stdio: ["ignore", 2, 2] });
    const [status] = (await once(child, "exit")) as [number | null];
    if (status !== 0) throw new TargetUnreachable(`the command between two checks ended with ${status}: ${command}`);
  };
}

function checkIds(): string[] {
  return [...[...checks, ...afterChecks].map(({ id }) => id), namedProfileId];
}

export interface Talk {
  readonly console: Console;
  /** Only failures and the verdict. */
  readonly quiet: boolean;
  /** Every check, too. */
  readonly verbose: boolean;
  readonly toError: boolean;
}

/** Runs the suite and tells about it on the console. */
export async function judge(options: SuiteOptions, talk: Talk): Promise<Report> {
  const sink = talk.toError ? talk.console.error : talk.console.out;
  const progress = createProgress(sink);
  const prepared = await prepare(options);
  await requireGoodTokens(prepared, options);
  const runs = countRuns({ ...prepared, ...prepared.server, repeat: options.repeat ?? 1 });
  const report = await runPrepared(prepared, options, listenerOf(progress, talk, runs));
  progress.end();
  const failed = report.checks.flatMap((check) => check.runs.map((run) => ({ check, run })));
  for (const { check, run } of failed) {
    if (["FAIL", "WARN", "FLAKY", "ERROR"].includes(run.outcome)) sink.write(`\n${failureText(report, check, run)}\n`);
  }
  sink.write(`\n${talk.quiet ? verdictText(report) : summaryText(report)}\n`);
  return report;
}

/** Tokens that the server refuses would fail most checks, and say nothing of the server. */
async function requireGoodTokens(prepared: Prepared, options: SuiteOptions): Promise<void> {
  if (!prepared.run.tokens.mintsAnything || options.users !== undefined) return;
  const fault = await tryLogin(prepared);
  if (fault === undefined || !/TOKEN_(INVALID|MISSING|EXPIRED)/.test(fault)) return;
  prepared.close();
  throw new UsageError(`the server refuses the tokens of ${prepared.run.tokens.name}: ${fault}`);
}

function listenerOf(progress: Progress, { quiet, verbose }: Talk, runs: number): SuiteListener {
  return {
    say: (line) => {
      if (!quiet) progress.say(line);
    },
    planned: (prepared) => {
      if (quiet) return;
      progress.say(openingText(prepared, runs));
      progress.begin(runs);
    },
    started: ({ planned }) => progress.started(planned.check.id),
    finished: ({ planned, outcome, transport, durationMs, reason }) => {
      const why = reason === undefined ? "" : `: ${reason}`;
      const line = `${outcome.padEnd(12)} ${planned.check.id}  ${transport} ${Math.round(durationMs)} ms${why}`;
      if (verbose) progress.say(line);
      if (planned.fate.kind === "run") progress.finished(planned.check.id, outcome);
    },
  };
}

function openingText({ run, server, plan }: Prepared, runs: number): string {
  const { info, profile, tier, users, seed } = run;
  const name =
    [info.serverName, info.serverVersion].filter((part) => part !== "").join(" ") || "a server without a name";
  const toRun = plan.filter(({ fate }) => fate.kind === "run").length;
  const times = runs === toRun ? "" : `, some over every transport or more than once: ${runs} runs`;
  return [
    `${name} at ${run.url}: profile ${profile.name}, clock tier ${tier}, users by ${users.way}, seed ${seed}`,
    `${toRun} of ${plan.length} checks to run${times}; transports ${server.kinds.map(({ name: kind }) => kind).join(", ")}`,
  ].join("\n");
}
