// Runs a plan: what can run at once does, what must be alone is; failures run once more, alone; a server that died
// is noticed.

import { createRandom } from "../bench/random.ts";
import type { RunContext } from "../bench/world.ts";
import type { Random } from "../check.ts";
import { sampleKind, type TransportKind } from "../wire/kinds.ts";
import { type Attempt, attempt, type Failure } from "./execute.ts";
import { createGate } from "./gate.ts";
import { type Outcome, worst } from "./outcome.ts";
import { keepAliveMsOf, type PlannedCheck, waitOf } from "./plan.ts";

/** What came of one check over one transport. */
export interface RunResult {
  readonly planned: PlannedCheck;
  /** Empty where it did not run. */
  readonly transport: string;
  /** Of its decisions; absent where it did not run. */
  readonly seed?: string;
  readonly outcome: Outcome;
  readonly durationMs: number;
  readonly failure?: Failure;
  readonly reason?: string;
  /** Newest last. */
  readonly attempts: readonly Attempt[];
}

export interface RunnerOptions {
  readonly run: RunContext;
  readonly plan: readonly PlannedCheck[];
  /** Kinds to sample from, and kinds that checks over every transport run on. */
  readonly kinds: readonly TransportKind[];
  readonly judged: readonly TransportKind[];
  readonly jobs: number;
  /** Done before each check but the first; checks run one at a time then. */
  readonly betweenChecks?: (() => Promise<void>) | undefined;
  /** How many times each check runs, each time with other decisions. */
  readonly repeat: number;
  /** Whether a failed check is run again alone. */
  readonly rerun: boolean;
  /** Whether the server still answers. */
  readonly alive: () => Promise<boolean>;
  readonly onStart: (job: Job) => void;
  readonly onDone: (result: RunResult) => void;
}

export interface Job {
  readonly planned: PlannedCheck;
  readonly kind: TransportKind;
  /** Of this run's decisions: the seed of the whole, or one derived from it where the check is repeated. */
  readonly seed: string;
}

export interface RunnerResult {
  readonly results: readonly RunResult[];
  /** When the server stopped answering, and during what. */
  readonly died: { readonly at: Date; readonly during: readonly string[] } | undefined;
}

/** So many checks wait at once at most. */
const waitingMax = 200;
/** They begin one after the other, so that their first calls are no burst that the server must be judged by. */
const waitingStepMs = 20;
/** After so many failures that came again, the rest is no chance either, and is not run again. */
const repeatedMax = 20;

export async function runPlan(options: RunnerOptions): Promise<RunnerResult> {
  const { plan } = options;
  const runner = createRunner(options);
  const jobs = plan.flatMap((planned) => jobsOf(planned, options));
  // In an order that follows from the seed: checks must not depend on their neighbours, and the long ones are spread.
  const shuffled = shuffle(jobs, createRandom(options.run.seed, "order"));
  const of = (mode: string): Job[] =>
    shuffled.filter(({ planned: { fate } }) => fate.kind === "run" && fate.mode === mode);
  for (const job of of("first")) await runner.runJob(job);
  // While the clock still runs, too.
  await runner.runAgain();
  if (options.betweenChecks) {
    for (const job of [...of("waiting"), ...of("parallel")]) await runner.runJob(job);
  } else {
    const gates = { waiting: createGate(waitingMax), parallel: createGate(options.jobs) };
    await Promise.all([
      ...of("waiting").map((job, at) => gates.waiting.run(() => later(at * waitingStepMs, () => runner.runJob(job)))),
      ...of("parallel").map((job) => gates.parallel.run(() => runner.runJob(job))),
    ]);
  }
  for (const job of of("alone")) await runner.runJob(job);
  await runner.runAgain();
  const skipped = plan.flatMap((planned) => skippedResult(planned) ?? []);
  const results = options.repeat > 1 ? combineRepeats(runner.results()) : runner.results();
  return { results: [...skipped, ...results], died: runner.died() };
}

/** Pure, but for the random numbers it draws. */
export function shuffle<T>(list: readonly T[], random: Random): T[] {
  const shuffled = [...list];
  for (let at = shuffled.length - 1; at > 0; at--) {
    const other = random.int(at + 1);
    [shuffled[at], shuffled[other]] = [shuffled[other] as T, shuffled[at] as T];
  }
  return shuffled;
}

async function later(delayMs: number, work: () => Promise<void>): Promise<void> {
  await new Promise((resolve) => setTimeout(resolve, delayMs));
  await work();
}

/** How many runs a plan has: some checks run over every transport. */
export function countRuns(options: Pick<RunnerOptions, "run" | "plan" | "kinds" | "judged" | "repeat">): number {
  return options.plan.flatMap((planned) => jobsOf(planned, options)).length;
}

function jobsOf(
  planned: PlannedCheck,
  { run, kinds, judged, repeat }: Pick<RunnerOptions, "run" | "kinds" | "judged" | "repeat">,
): Job[] {
  if (planned.fate.kind !== "run") return [];
  const { check } = planned;
  const seeds = Array.from({ length: repeat }, (_, time) => (time === 0 ? run.seed : `${run.seed}~${time + 1}`));
  return seeds.flatMap((seed): Job[] => {
    if (check.everyTransport === true) return judged.map((kind) => ({ planned, kind, seed }));
    return [{ planned, kind: sampleKind(kinds, createRandom(seed, "transport", check.id)), seed }];
  });
}

/** Pure: the repetitions of a check over one transport as one result, the worst, which says how many there were of it. */
export function combineRepeats(results: readonly RunResult[]): RunResult[] {
  const groups = new Map<string, RunResult[]>();
  for (const result of results) {
    const key = `${result.planned.check.id} ${result.transport}`;
    groups.set(key, [...(groups.get(key) ?? []), result]);
  }
  return [...groups.values()].flatMap((group) => {
    const outcome = worst(group.map((result) => result.outcome));
    const found = group.filter((result) => result.outcome === outcome);
    const [first] = found;
    if (first === undefined || group.length === 1) return group;
    const durationMs = group.reduce((sum, result) => sum + result.durationMs, 0);
    const combined = { ...first, durationMs, attempts: group.flatMap(({ attempts }) => attempts) };
    if (outcome === "PASS") return [combined];
    const times = `in ${found.length} of ${group.length} repetitions`;
    return [{ ...combined, reason: first.reason === undefined ? times : `${times}: ${first.reason}` }];
  });
}

function skippedResult(planned: PlannedCheck): RunResult | undefined {
  const { fate } = planned;
  if (fate.kind === "run") return undefined;
  return { planned, transport: "", outcome: fate.kind, durationMs: 0, reason: fate.reason, attempts: [] };
}

interface Runner {
  readonly runJob: (job: Job) => Promise<void>;
  readonly runAgain: () => Promise<void>;
  readonly results: () => readonly RunResult[];
  readonly died: () => RunnerResult["died"];
}

function createRunner(options: RunnerOptions): Runner {
  const { run } = options;
  const running = new Set<string>();
  const finished: RunResult[] = [];
  const open: { job: Job; attempts: Attempt[] }[] = [];
  let died: RunnerResult["died"];

  let begun = false;
  const tryOnce = async ({ planned, kind, seed }: Job): Promise<Attempt> => {
    if (begun) await options.betweenChecks?.();
    begun = true;
    const waitMs = waitOf(planned.check, {
      tier: run.tier,
      profile: run.profile,
      keepAliveMs: keepAliveMsOf(run.info),
    });
    const done = await attempt({
      run: { ...run, seed },
      check: planned.check,
      kind,
      waitMs,
      triedAgain: options.rerun,
    });
    if (done.unreachable && died === undefined && !(await options.alive()))
      died ??= { at: new Date(), during: [...running] };
    return done;
  };
  const finish = (job: Job, attempts: readonly Attempt[]): void => {
    const result = conclude(job, attempts);
    options.onDone(result);
    // Transcripts are written by now, or not wanted: kept for every check they would fill the memory.
    finished.push({ ...result, attempts: attempts.map((done) => ({ ...done, entries: [] })) });
  };
  const runJob = async (job: Job): Promise<void> => {
    if (died !== undefined) return finish(job, []);
    running.add(job.planned.check.id);
    options.onStart(job);
    const first = await tryOnce(job);
    running.delete(job.planned.check.id);
    if (options.rerun && (first.result === "FAIL" || first.result === "INCONCLUSIVE"))
      open.push({ job, attempts: [first] });
    else finish(job, [first]);
  };
  const runAgain = async (): Promise<void> => {
    let repeated = 0;
    for (const { job, attempts } of open.splice(0)) {
      while (died === undefined && repeated < repeatedMax && needsAnother(attempts)) {
        options.onStart(job);
        attempts.push(await tryOnce(job));
      }
      const last = attempts.at(-1);
      repeated = last?.result === "FAIL" && attempts.length > 1 ? repeated + 1 : last?.result === "FAIL" ? repeated : 0;
      finish(job, attempts);
    }
  };
  return { runJob, runAgain, results: () => finished, died: () => died };
}

/** A failure is believed when it came twice, alone the second time; an attempt that decided nothing gets one more. */
export function needsAnother(attempts: readonly Pick<Attempt, "result">[]): boolean {
  const results = attempts.map(({ result }) => result);
  const last = results.at(-1);
  if (last === "FAIL") return results.filter((result) => result === "FAIL").length < 2 && results.length < 3;
  return last === "INCONCLUSIVE" && results.length < 2;
}

/** Pure: what several attempts amount to. */
export function conclude(job: Job, attempts: readonly Attempt[]): RunResult {
  const { planned, kind } = job;
  const last = attempts.at(-1);
  const durationMs = attempts.reduce((sum, { durationMs }) => sum + durationMs, 0);
  const common = { planned, transport: kind.name, seed: job.seed, durationMs, attempts };
  if (last === undefined) return { ...common, outcome: "NOT_TESTABLE", reason: "the server had stopped answering" };
  const failed = attempts.find(({ result }) => result === "FAIL");
  const failure = failed?.failure === undefined ? {} : { failure: failed.failure };
  if (last.result === "FAIL")
    return { ...common, outcome: planned.requirement.level === "MUST" ? "FAIL" : "WARN", ...failure };
  if (failed !== undefined) {
    const how =
      last.result === "PASS"
        ? "passed when it was run again alone"
        : `when it was run again: ${last.reason ?? last.result}`;
    return { ...common, outcome: "FLAKY", reason: `failed, and ${how}`, ...failure };
  }
  if (last.result === "PASS") return { ...common, outcome: "PASS" };
  const outcome = last.result === "INCONCLUSIVE" ? "NOT_TESTABLE" : last.result;
  return { ...common, outcome, reason: last.reason ?? "" };
}
