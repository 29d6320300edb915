#!/usr/bin/env node
// `npm run conformance`: with --url judges that server; without, judges the reference server under every profile.
import { fileURLToPath } from "node:url";
import { profileNames } from "@userstatus/protocol";
import { Command, CommanderError, InvalidArgumentError, Option } from "commander";
import { type Console, processConsole } from "./cli/console.ts";
import { collect, parseJobs } from "./cli/options.ts";
import { main } from "./cli/program.ts";
import { briefProfiles, type StoreKind, storeKinds } from "./main-job/job-runs.ts";
import { runMainJob } from "./main-job/main-job.ts";

interface JobFlags {
  readonly profile?: string[];
  readonly serverCommand?: string;
  readonly seed?: string;
  readonly jobs?: number;
  readonly out?: string;
  readonly json?: string;
  readonly store?: StoreKind;
  readonly brief?: boolean;
  readonly restart?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

async function mainJob(args: readonly string[], console: Console): Promise<number> {
  if (args.some((arg) => arg === "--url" || arg.startsWith("--url="))) return main(["run", ...args], console);
  const program = new Command("conformance")
    .description(
      "Starts the reference server under each published profile and judges it. With --url: judges that one (run --help).",
    )
    .addOption(
      new Option("--profile <name>", "only the runs of this profile; may be repeated")
        .choices([...profileNames])
        .argParser(oneOf),
    )
    .option(
      "--server-command <command>",
      "starts the server; it gets the arguments of the reference server and prints the same first line",
    )
    .addOption(
      new Option(
        "--store <kind>",
        "keep the state of every run there (default: memory, and one run more on embedded)",
      ).choices([...storeKinds]),
    )
    .option("--brief", `of the whole profiles only ${briefProfiles.join(" and ")}, in memory: a minute`)
    .option("--restart", "kill the server and start it again between every two checks; with --store embedded")
    .option("--seed <text>", "repeats the decisions of an earlier run")
    .option("--jobs <count>", "checks at once (default: 8)", parseJobs)
    .option("--out <directory>", "write reports and transcripts of each run there")
    .option("--json <file>", "write the table as JSON: checks passed and failed, and each run")
    .option("-q, --quiet", "only failures and verdicts")
    .option("-v, --verbose", "a line for each check")
    .exitOverride()
    .showHelpAfterError("(--help tells more)")
    .configureOutput({ writeOut: console.out.write, writeErr: console.error.write });
  try {
    const { profile, out, json, quiet, verbose, ...rest } = program.parse([...args], { from: "user" }).opts<JobFlags>();
    if (rest.restart === true && rest.store !== "embedded") program.error("--restart needs --store embedded");
    const root = fileURLToPath(new URL("../..", import.meta.url));
    return await runMainJob({
      console,
      root,
      profiles: profile,
      outDir: out,
      jsonFile: json,
      quiet: quiet === true,
      verbose: verbose === true,
      ...rest,
    });
  } catch (error) {
    if (error instanceof CommanderError) return error.exitCode === 0 ? 0 : 2;
    throw error;
  }
}

/** A parser of its own takes the place of `choices`, which stand in the help. */
function oneOf(value: string, before: string[] = []): string[] {
  if (!profileNames.includes(value)) throw new InvalidArgumentError(`Expected one of ${profileNames.join(", ")}.`);
  return collect(value, before);
}

process.exitCode = await mainJob(process.argv.slice(2), processConsole());
