// The command line: its commands, flags and help.
import { Command, CommanderError } from "commander";
import { addCompareOptions, type CompareFlags, compareCommand } from "../compare/compare-command.ts";
import { addExploreOptions, type ExploreFlags, exploreCommand } from "../explore/explore-command.ts";
import { suiteVersion } from "../report/build.ts";
import { TargetUnreachable, UsageError } from "../run/options.ts";
import { addClientCommand } from "./client-command.ts";
import type { Console } from "./console.ts";
import { doctorCommand } from "./doctor-command.ts";
import { explainCommand, listCommand } from "./list-command.ts";
import {
  addTargetOptions,
  collect,
  parseJobs,
  parseRepeat,
  parseScale,
  parseShard,
  type TargetFlags,
} from "./options.ts";
import { renderCommand } from "./render-command.ts";
import { replayCommand } from "./replay-command.ts";
import { addFormOptions, type FormFlags } from "./report-files.ts";
import { type RunFlags, runCommand } from "./run-command.ts";

/** Exit codes: those of the verdicts, 2 for wrong usage, 4 where nothing answers, 5 for a fault of the suite. */
export async function main(args: readonly string[], console: Console): Promise<number> {
  const state = { code: 0 };
  const program = createProgram(console, state);
  try {
    await program.parseAsync([...args], { from: "user" });
    return state.code;
  } catch (error) {
    return exitCodeOf(error, console, usageOf(args[0]));
  }
}

function usageOf(command: string | undefined): string {
  if (command === "client") return "client [options] -- COMMAND";
  if (command === "explain") return "explain ID (see: list)";
  if (command === "list") return "list [PATTERN]";
  if (command === "compare") return "compare --a URL --b URL [options]";
  if (command === "replay") return "replay PATH --url URL [options]";
  if (command === "render") return "render REPORT [options]";
  return `${command === "doctor" || command === "explore" ? command : "run"} --url URL [options]`;
}

function exitCodeOf(error: unknown, console: Console, usage: string): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
  if (error instanceof UsageError) {
    console.error.write(`error: ${error.message}\nUsage: userstatus-conformance ${usage}; --help tells more\n`);
    return 2;
  }
  if (error instanceof TargetUnreachable) {
    console.error.write(`error: ${error.message}\n`);
    return 4;
  }
  console.error.write(
    `fault of the suite: ${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`,
  );
  return 5;
}

function createProgram(console: Console, state: { code: number }): Command {
  const program = new Command("userstatus-conformance")
    .description(
      "Judges any server of the User Status Protocol by its URL, and any client by a program that drives it.",
    )
    .version(suiteVersion())
    .exitOverride()
    .showHelpAfterError("(--help tells more)")
    .configureOutput({ writeOut: console.out.write, writeErr: console.error.write })
    .addHelpText("after", examples);
  addRun(program, console, state);
  program
    .command("list")
    .description("list the checks, all or those that match a pattern")
    .argument("[pattern]", "such as 'sub-*'")
    .option("--json", "as JSON")
    .action((pattern: string | undefined, flags: { json?: boolean }) => {
      state.code = listCommand(pattern, flags, console);
    });
  program
    .command("explain")
    .description("tell what a requirement says and what its checks do")
    .argument("<id>", "of a requirement or a check")
    .action((id: string) => {
      state.code = explainCommand(id, console);
    });
  addTargetOptions(
    program
      .command("replay")
      .description("run one failure again that --out kept, alone and with the same decisions")
      .argument("<path>", "DIR/failures/CHECK.TRANSPORT, the replay.json in it, or a finding of explore"),
  ).action(async (path: string, flags: TargetFlags) => {
    state.code = await replayCommand(path, flags, console);
  });
  addFormOptions(
    program
      .command("render")
      .description("print a report that --json kept, and write it in other forms")
      .argument("<file>", "the report; - is standard input"),
  ).action((path: string, flags: FormFlags) => {
    state.code = renderCommand(path, flags, console);
  });
  addTargetOptions(
    program.command("doctor").description("tell what a run would find, and what it could not test"),
  ).action(async (flags: TargetFlags) => {
    state.code = await doctorCommand(flags, console);
  });
  addExploreOptions(
    program
      .command("explore")
      .description("search for observations that no right server gives (never part of a verdict)"),
  ).action(async (flags: ExploreFlags) => {
    state.code = await exploreCommand(flags, console);
  });
  addClientCommand(program, console, state);
  addCompareOptions(
    program.command("compare").description("do the same on two servers, and tell what sets them apart"),
  ).action(async (flags: CompareFlags) => {
    state.code = await compareCommand(flags, console);
  });
  return program;
}

function addRun(program: Command, console: Console, state: { code: number }): void {
  const run = program.command("run", { isDefault: true }).description("judge a server (the default command)");
  addFormOptions(addTargetOptions(run))
    .option("--only <pattern>", "only checks or requirements that match, such as 'sub-*'; may be repeated", collect)
    .option("--skip <pattern>", "not those that match; may be repeated", collect)
    .option("--jobs <count>", "checks at once (default: 8)", parseJobs)
    .option("--seed <text>", "repeats the decisions of an earlier run")
    .option("--shard <i/n>", "run part i of n only; all parts together are the suite", parseShard)
    .option(
      "--repeat <count>",
      "run each check so many times, each time with other decisions (default: 1)",
      parseRepeat,
    )
    .option(
      "--timeout-scale <factor>",
      "multiply the suite's own time limits, for a slow machine (default: 1)",
      parseScale,
    )
    .option(
      "--known-failures <file>",
      "checks that are known to fail: exit 0 if just these do, 1 if another fails or a listed one passes",
    )
    .option("--write-known-failures <file>", "write what failed in this run as such a file")
    .option(
      "--between-checks <command>",
      "run this between every two checks, one check at a time: it may restart the server, which must answer when it ends",
    )
    .option("--no-rerun", "believe a failure at once, instead of running the check again alone")
    .option("--out <directory>", "write every transcript there, as NDJSON, and for each failure what `replay` reads")
    .option("-q, --quiet", "only failures and the verdict")
    .option("-v, --verbose", "a line for each check")
    .action(async (flags: RunFlags) => {
      state.code = await runCommand(flags, console);
    });
}

const examples = `
Examples:
  $ userstatus-conformance run --url http://127.0.0.1:8080 --token-dev
  $ userstatus-conformance run --url https://status.example --token-secret "$SECRET" \\
      --admin-url http://127.0.0.1:8081 --testing-url http://127.0.0.1:8081 --junit report.xml
  $ userstatus-conformance run --url https://status.example --users users.json --time-budget 10m
  $ userstatus-conformance run --url http://127.0.0.1:8080 --token-dev --only 'sub-*' -v
  $ userstatus-conformance run --url http://127.0.0.1:8080 --token-dev --known-failures known.txt
  $ userstatus-conformance replay out/failures/sub-cap.holds.grpc-h2 --url http://127.0.0.1:8080 --token-dev
  $ userstatus-conformance render report.json --html report.html
  $ userstatus-conformance doctor --url http://127.0.0.1:8080 --token-dev
  $ userstatus-conformance explain sub-cap
  $ userstatus-conformance explore --url http://127.0.0.1:8080 --token-dev --admin-url http://127.0.0.1:8081 \\
      --testing-url http://127.0.0.1:8081 --budget 60s --out findings
  $ userstatus-conformance client -- node my-driver.js
  $ userstatus-conformance compare --a http://127.0.0.1:8080 --b http://127.0.0.1:9080 --token-dev

Exit codes: 0 CONFORMANT, 1 NON_CONFORMANT, 2 wrong usage, 3 INCOMPLETE, 4 nothing answers, 5 fault of the suite.
`;
