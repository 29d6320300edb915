// `client`: judges one client, and says so in every form that was asked for.
import { writeFileSync } from "node:fs";
import { type Command, Option } from "commander";
import { clientChecks } from "../client/checks/index.ts";
import { type Protocol, protocols } from "../client/contract/contract.ts";
import type { ClientSuiteListener, ClientSuiteOptions } from "../client/run/options.ts";
import { runClientSuite } from "../client/run/suite.ts";
import { failureText } from "../report/failure-text.ts";
import { createProgress } from "../report/progress.ts";
import { summaryText, verdictText } from "../report/summary.ts";
import { exitCodeOf, judgeKnown, knownText, writeKnownFailures } from "../run/known.ts";
import { UsageError } from "../run/options.ts";
import { requirementOf } from "../run/plan.ts";
import { selectChecks } from "../run/select.ts";
import { exitCodes } from "../run/verdict.ts";
import type { Console } from "./console.ts";
import { readKnown } from "./known-file.ts";
import { collect, parseJobs, parseScale } from "./options.ts";
import { addFormOptions, type FormFlags, takesOutput, writeForms } from "./report-files.ts";

interface ClientFlags extends FormFlags {
  readonly only?: string[];
  readonly skip?: string[];
  readonly protocol?: Protocol[];
  readonly everyProtocol?: boolean;
  readonly jobs?: number;
  readonly timeoutScale?: number;
  readonly knownFailures?: string;
  readonly writeKnownFailures?: string;
  readonly rerun?: boolean;
  readonly list?: boolean;
  readonly quiet?: boolean;
  readonly verbose?: boolean;
}

/** Adds the command. */
export function addClientCommand(program: Command, console: Console, state: { code: number }): void {
  addFormOptions(
    program
      .command("client")
      .description("judge a client: play a server to it, with faults, and read back what it believes")
      .usage("[options] -- COMMAND [ARGS...]")
      .argument("[command...]", "starts the program that drives the client, once for each check"),
  )
    .option("--list", "list the checks of clients, and run nothing")
    .option(
      "--only <pattern>",
      "only checks or requirements that match, such as 'client-fold'; may be repeated",
      collect,
    )
    .option("--skip <pattern>", "not those that match; may be repeated", collect)
    .addOption(
      new Option("--protocol <name>", "speak only this to the client; may be repeated (default: all that it speaks)")
        .choices(protocols)
        .argParser(parseProtocol),
    )
    .option("--every-protocol", "run each check over every protocol, not only those that depend on it")
    .option("--jobs <count>", "checks at once (default: 8)", parseJobs)
    .option("--timeout-scale <factor>", "multiply all time limits, for a slow machine (default: 1)", parseScale)
    .option("--known-failures <file>", "checks that are known to fail: exit 0 if just these do")
    .option("--write-known-failures <file>", "write what failed in this run as such a file")
    .option("--no-rerun", "believe a failure at once, instead of running the check again alone")
    .option("-q, --quiet", "only failures and the verdict")
    .option("-v, --verbose", "a line for each check")
    .addHelpText("after", help)
    .action(async (command: string[], flags: ClientFlags) => {
      state.code = await clientCommand(command, flags, console);
    });
}

function parseProtocol(text: string, before: Protocol[] | undefined): Protocol[] {
  const found = protocols.find((protocol) => protocol === text);
  if (found === undefined) throw new UsageError(`--protocol is one of ${protocols.join(", ")}, got ${text}`);
  return [...(before ?? []), found];
}

const clientCheckIds = clientChecks.map(({ id }) => id);

/** Exit code: as of `run`. */
async function clientCommand(command: readonly string[], flags: ClientFlags, console: Console): Promise<number> {
  const { only, skip } = flags;
  if (flags.list === true) return listClientChecks(flags, console);
  const known = flags.knownFailures === undefined ? undefined : readKnown(flags.knownFailures, clientCheckIds);
  const toError = takesOutput(flags);
  const sink = toError ? console.error : console.out;
  const progress = createProgress(sink);
  const { jobs, timeoutScale, rerun, everyProtocol, protocol } = flags;
  const options: ClientSuiteOptions = {
    ...{ command, only, skip, jobs, timeoutScale, rerun, everyProtocol },
    protocols: protocol,
  };
  const report = await runClientSuite(options, listenerOf(progress, flags));
  progress.end();
  for (const check of report.checks) {
    for (const run of check.runs) {
      if (["FAIL", "WARN", "FLAKY", "ERROR"].includes(run.outcome))
        sink.write(`\n${failureText(report, check, run)}\n`);
    }
  }
  sink.write(`\n${flags.quiet === true ? verdictText(report) : summaryText(report)}\n`);
  writeForms(report, flags, console);
  if (flags.writeKnownFailures !== undefined) writeFileSync(flags.writeKnownFailures, writeKnownFailures(report));
  if (known === undefined) return exitCodes[report.verdict];
  const found = judgeKnown(report, known);
  sink.write(`${knownText(found)}\n`);
  return exitCodeOf(report.verdict, report, found);
}

function listenerOf(progress: ReturnType<typeof createProgress>, flags: ClientFlags): ClientSuiteListener {
  const nameOf = ({ check, protocol }: { check: { id: string }; protocol: string | undefined }): string =>
    protocol === undefined ? check.id : `${check.id} over ${protocol}`;
  return {
    planned: ({ client, version = "" }, jobs) => {
      const runs = jobs.filter(({ skip }) => skip === undefined).length;
      if (flags.quiet === true) return;
      const over = [...new Set(jobs.flatMap(({ protocol }) => protocol ?? []))].join(", ");
      progress.say(`${[client, version].filter(Boolean).join(" ")}: ${runs} runs over ${over}`);
      progress.begin(runs);
    },
    started: (job) => progress.started(nameOf(job)),
    finished: (job, outcome, durationMs, reason) => {
      const why = reason === undefined ? "" : `: ${reason}`;
      if (flags.verbose === true)
        progress.say(`${outcome.padEnd(14)} ${nameOf(job)} ${Math.round(durationMs)} ms${why}`);
      if (job.skip === undefined) progress.finished(nameOf(job), outcome);
    },
  };
}

function listClientChecks({ only, skip }: ClientFlags, console: Console): number {
  const { checks } = selectChecks(clientChecks, only, skip);
  const width = Math.max(...checks.map(({ id }) => id.length));
  for (const check of checks)
    console.out.write(`${check.id.padEnd(width)}  ${requirementOf(check).level.padEnd(6)}  ${check.title}\n`);
  console.out.write(
    `${checks.length} checks of ${new Set(checks.map((check) => requirementOf(check).id)).size} requirements\n`,
  );
  return 0;
}

const help = `
COMMAND is a small program that you write: it takes commands as JSON lines on stdin (open, login, subscribe, state, …), lets
your client do them, and answers on stdout. docs/client-contract.md is the contract, client-contract.schema.json its schema.
The suite starts it once for each check, plays a server of its own to it on loopback, cuts and silences the connection, and
judges what the client does and what it says it believes.

Examples:
  $ userstatus-conformance client -- node reference-client/dist/driver/main.js
  $ userstatus-conformance client --only 'client-fold' -v -- ./driver --flag
  $ userstatus-conformance client --protocol grpc --junit client.xml -- java -jar driver.jar

Exit codes: 0 CONFORMANT, 1 NON_CONFORMANT, 2 wrong usage, 3 INCOMPLETE, 4 the command gives no client, 5 fault of the suite.
`;
