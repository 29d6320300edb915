// The main job: the reference server, started as a process for each profile, judged by every check.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Console } from "../cli/console.ts";
import { judge } from "../cli/run-command.ts";
import { devTokens } from "../identity/tokens.ts";
import { toJsonText } from "../report/json.ts";
import { toJUnit } from "../report/junit.ts";
import type { Report } from "../report/model.ts";
import { TargetUnreachable } from "../run/options.ts";
import { type JobRun, jobRuns, type ServerPlace, type StoreKind, serverCommand } from "./job-runs.ts";
import { quietPort } from "./quiet-port.ts";
import { type RunningServer, startServer } from "./server-process.ts";
import { type JobResult, jobExitCode, verdictJson, verdictTable } from "./verdict-table.ts";

export interface JobOptions {
  readonly console: Console;
  /** Directory of the repository. */
  readonly root: string;
  readonly serverCommand?: string | undefined;
  readonly profiles?: readonly string[] | undefined;
  readonly seed?: string | undefined;
  readonly jobs?: number | undefined;
  readonly outDir?: string | undefined;
  /** File for the table as JSON. */
  readonly jsonFile?: string | undefined;
  /** All runs on this store. Default: in memory, and one beside on the durable one. */
  readonly store?: StoreKind | undefined;
  /** Fewer runs: see `RunSelection`. */
  readonly brief?: boolean | undefined;
  /** Kills the server and starts it again between every two checks. */
  readonly restart?: boolean | undefined;
  readonly quiet: boolean;
  readonly verbose: boolean;
}

/** Exit code. One server after the other; a run that can't be made does not stop the next. */
export async function runMainJob(options: JobOptions): Promise<number> {
  const { console } = options;
  const started = performance.now();
  const results: JobResult[] = [];
  // Another server is only asked to keep its state where that is asked for.
  const store = options.store ?? (options.serverCommand === undefined ? undefined : "memory");
  const runs = jobRuns({ profiles: options.profiles, store, brief: options.brief });
  for (const [at, run] of runs.entries()) {
    console.out.write(`\n== ${run.name} (${at + 1} of ${runs.length}) ==\n`);
    results.push(await oneRun(run, options));
  }
  console.out.write(`\n${verdictTable(results)}\n${((performance.now() - started) / 1000).toFixed(1)} s in all\n`);
  if (options.jsonFile !== undefined)
    writeFileSync(options.jsonFile, `${JSON.stringify(verdictJson(results), null, 2)}\n`);
  return jobExitCode(results);
}

async function oneRun(run: JobRun, options: JobOptions): Promise<JobResult> {
  const { console } = options;
  const dataDir = run.store === "embedded" ? mkdtempSync(join(tmpdir(), "userstatus-conformance-")) : undefined;
  const start = (place: ServerPlace): Promise<RunningServer> =>
    startServer(serverCommand(run, options.root, options.serverCommand, { ...place, dataDir }));
  try {
    let server = await start(options.restart === true ? await quietPlace() : {});
    const betweenChecks = async (): Promise<void> => {
      await server.kill();
      server = await start(server);
    };
    try {
      const outDir =
        options.outDir === undefined ? undefined : join(options.outDir, run.name.replaceAll(/[^a-z0-9-]+/g, "-"));
      const { url, adminUrl, testingUrl } = server;
      const { seed, jobs, quiet, verbose } = options;
      const suite = {
        url,
        adminUrl,
        testingUrl,
        tokens: devTokens(),
        profile: run.profile,
        only: run.only,
        seed,
        jobs,
        outDir,
        ...(options.restart === true ? { betweenChecks } : {}),
      };
      const report = await judge(suite, { console, quiet, verbose, toError: false });
      if (outDir !== undefined) writeReports(report, outDir);
      return { name: run.name, report };
    } finally {
      await server.stop();
    }
  } catch (error) {
    if (!(error instanceof TargetUnreachable)) throw error;
    console.error.write(`${error.message}\n`);
    return { name: run.name, report: undefined, fault: "did not start" };
  } finally {
    if (dataDir !== undefined) rmSync(dataDir, { recursive: true, force: true });
  }
}

/** Where a server can come back to. */
async function quietPlace(): Promise<ServerPlace> {
  const [url, adminUrl] = [await quietPort(), await quietPort()].map((port) => `http://127.0.0.1:${port}`);
  return { url, adminUrl };
}

function writeReports(report: Report, directory: string): void {
  mkdirSync(directory, { recursive: true });
  writeFileSync(join(directory, "report.json"), toJsonText(report));
  writeFileSync(join(directory, "junit.xml"), toJUnit(report));
}
