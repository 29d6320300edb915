// A whole run against a client: ask it who it is, plan, run, report.
import type { Report } from "../../report/model.ts";
import { TargetUnreachable, UsageError } from "../../run/options.ts";
import { selectChecks } from "../../run/select.ts";
import { guardStrays } from "../../run/stray.ts";
import { createTranscript } from "../../transcript/transcript.ts";
import { clientChecks } from "../checks/index.ts";
import type { Hello, Protocol } from "../contract/contract.ts";
import { startDrivenClient } from "../contract/driven-client.ts";
import { type ClientSuiteListener, type ClientSuiteOptions, clientDefaults } from "./options.ts";
import { planClientRun } from "./plan.ts";
import { buildClientReport } from "./report.ts";
import { runClientJobs } from "./runner.ts";

/** Throws UsageError for options that fit nothing, TargetUnreachable where the command gives no client. */
export async function runClientSuite(options: ClientSuiteOptions, listener: ClientSuiteListener): Promise<Report> {
  const { command, timeoutScale = 1 } = options;
  if (command.length === 0) throw new UsageError("client: the command that starts the client goes behind --");
  const { checks, said } = selectChecks(clientChecks, options.only, options.skip);
  const hello = await helloOf(command, timeoutScale);
  const protocols = chosen(hello, options.protocols);
  const jobs = planClientRun({ checks, hello, protocols, everyProtocol: options.everyProtocol ?? false });
  const startedAt = new Date();
  const started = performance.now();
  const strays = guardStrays();
  listener.planned(hello, jobs);
  try {
    const results = await runClientJobs({
      jobs,
      hello,
      settings: { command, patienceMs: options.patienceMs ?? clientDefaults.patienceMs, timeoutScale },
      atOnce: options.jobs ?? clientDefaults.jobs,
      rerun: options.rerun ?? true,
      listener,
    });
    const durationMs = performance.now() - started;
    const notices = strays.faults();
    return buildClientReport({ command, hello, protocols, results, startedAt, durationMs, notices, selection: said });
  } finally {
    strays.stop();
  }
}

async function helloOf(command: readonly string[], timeoutScale: number): Promise<Hello> {
  const limitMs = 60_000 * timeoutScale;
  const client = startDrivenClient({ command, transcript: createTranscript(), startMs: limitMs, answerMs: limitMs });
  try {
    return await client.hello();
  } catch (error) {
    throw new TargetUnreachable(`${command.join(" ")}: ${error instanceof Error ? error.message : String(error)}`);
  } finally {
    await client.end();
  }
}

function chosen(hello: Hello, asked: readonly Protocol[] | undefined): readonly Protocol[] {
  if (asked === undefined) return hello.protocols;
  const missing = asked.filter((protocol) => !hello.protocols.includes(protocol));
  if (missing.length > 0)
    throw new UsageError(`--protocol ${missing.join(", ")}: the client speaks ${hello.protocols.join(", ")}`);
  return asked;
}
