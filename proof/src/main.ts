// `npm run proof`: controls, mutants, variants, and what is published of them.
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { controlJobs, whyVoid } from "./controls.ts";
import { strayMutants, withoutMutant } from "./coverage.ts";
import { type Job, keyOf, killers, type MutantResult, type Result } from "./job.ts";
import { mutants } from "./mutants/index.ts";
import { conditionsOf, type ProofOptions, readOptions, Usage, usage } from "./options.ts";
import { publish } from "./publish/files.ts";
import { mutantsPart, summaryLine, variantsPart } from "./publish/matrix.ts";
import { mutantJobs, strayTexts, variantJobs } from "./run/jobs.ts";
import { codeDigest, openLog, type RunLog, readLines } from "./run/log.ts";
import { runPool } from "./run/pool.ts";
import { openRecord, type RecordedRun, standingRuns } from "./run/record.ts";
import { createStrain, type Strain } from "./run/strain.ts";
import { variants } from "./variants/index.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const cache = join(root, ".cache/proof");
const recordPath = join(root, "docs/proof/unusual-runs.ndjson");
const jobLimitMs = 15 * 60_000;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  let options: ProofOptions | undefined;
  try {
    options = readOptions(argv);
  } catch (error) {
    if (!(error instanceof Usage)) throw error;
    console.error(`${error.message}\n\n${usage}`);
    return 2;
  }
  if (options === undefined) {
    console.log(usage);
    return 0;
  }
  const startedMs = performance.now();
  const { selection } = options;
  const [strayText] = strayTexts(selection.only, [...mutants, ...variants]);
  if (strayText !== undefined) {
    console.error(`--only ${strayText}: no mutant and no variant is named so`);
    return 2;
  }
  const strain = createStrain(options.strain);
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => process.exit(130));
  try {
    const reason = await runControls(options, strain);
    if (reason !== undefined) {
      console.log(`VOID: ${reason}. Nothing else was run.`);
      return 2;
    }
    console.log("controls: the deadly one died, the harmless one lives");
    const jobs = { mutants: mutantJobs(mutants, selection), variants: variantJobs(variants, selection) };
    const { rounds: _rounds, ...scope } = selection;
    const head = JSON.stringify({ code: codeDigest(root), ...scope, ...options.settings, ...options.strain });
    const name = selection.quick ? "quick.ndjson" : "results.ndjson";
    const log = options.record
      ? openRecord(recordPath, recordHead(options), codeDigest(root))
      : openLog(join(cache, name), head, options.resume);
    const results = [
      ...(await runJobs(jobs.mutants, options.mutantsAtOnce, log, options, strain)),
      ...(await runJobs(jobs.variants, options.variantsAtOnce, log, options, strain)),
    ];
    const failed = finish(results, options);
    console.log(`${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
    return failed === 0 ? 0 : 1;
  } finally {
    strain.stop();
  }
}

function recordHead(options: ProofOptions): string {
  return JSON.stringify({ seed: options.settings.seed, conditions: conditionsOf(options) });
}

async function runControls(options: ProofOptions, strain: Strain): Promise<string | undefined> {
  const results: Result[] = [];
  await runPool(controlJobs, {
    workers: 1,
    jobsAtOnce: 2,
    settings: options.settings,
    jobLimitMs,
    onWorker: strain.throttle,
    onResult: (result) => results.push(result),
  });
  return whyVoid(results.filter((result): result is MutantResult => result.kind === "mutant"));
}

/** Runs what the log does not have; answers the results of all. */
async function runJobs(
  jobs: readonly Job[],
  jobsAtOnce: number,
  log: RunLog,
  { workers, settings }: ProofOptions,
  strain: Strain,
): Promise<Result[]> {
  const wanted = new Set(jobs.map(keyOf));
  const results = new Map(log.done.filter((result) => wanted.has(keyOf(result))).map((one) => [keyOf(one), one]));
  const open = jobs.filter((job) => !results.has(keyOf(job)));
  if (results.size > 0) console.log(`${results.size} of ${jobs.length} are done already`);
  await runPool(open, {
    workers: Math.min(workers, Math.max(1, Math.ceil(open.length / jobsAtOnce))),
    jobsAtOnce,
    settings,
    jobLimitMs,
    onWorker: strain.throttle,
    onResult: (result) => {
      log.add(result);
      results.set(keyOf(result), result);
      say(result);
    },
  });
  return [...results.values()];
}

function say(result: Result): void {
  const name = `${result.id} (${result.profile})`;
  if (result.kind === "mutant") {
    if (result.fault) console.log(`FAULT ${name}: ${result.fault}`);
    else if (killers(result).length === 0) console.log(`SURVIVED ${name}; passed: ${result.ownPassed.join(", ")}`);
    return;
  }
  const { passed, wrong, undecided, verdict, seconds, round, fault } = result;
  console.log(
    `${name} round ${round + 1}: ${passed} passed, ${wrong.length} wrong, ${undecided.length} undecided, ${verdict}, ${seconds.toFixed(1)} s${fault ? `; FAULT ${fault}` : ""}`,
  );
  for (const { check, outcome, got } of wrong) console.log(`  ${outcome} ${check} ${got}`);
}

/** Writes what came of it; answers how much is not as it should be. */
function finish(results: readonly Result[], options: ProofOptions): number {
  const { selection, settings } = options;
  const standing = options.record ? standingRuns(readLines<RecordedRun>(recordPath, recordHead(options))) : results;
  const parts = {
    mutants: mutantsPart(results, settings),
    variants: variantsPart(standing, { seed: settings.seed, conditions: conditionsOf(options) }),
  };
  const survivors = results.filter((result) => result.kind === "mutant" && killers(result).length === 0);
  const wrong = results.filter((result) => result.kind === "variant" && (result.wrong.length > 0 || result.fault));
  const stray = [...strayMutants(mutants).map((id) => `no such requirement: ${id}`)];
  const uncovered = withoutMutant(mutants).map((id) => `a MUST without a mutant: ${id}`);
  for (const line of [...stray, ...uncovered]) console.log(line);
  const failed = survivors.length + wrong.length + stray.length + uncovered.length;
  const counts = { passed: results.length - survivors.length - wrong.length, failed };
  mkdirSync(cache, { recursive: true });
  const name = selection.quick ? "quick.json" : "proof.json";
  writeFileSync(join(cache, name), `${JSON.stringify({ ...counts, ...parts }, null, 1)}\n`);
  if (options.publish) {
    publish(root, {
      ...(selection.part === "variants" ? {} : { mutants: parts.mutants }),
      ...(selection.part === "mutants" ? {} : { variants: parts.variants }),
    });
  }
  console.log(summaryLine(parts));
  return failed;
}
