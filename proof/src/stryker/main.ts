// `npm run proof:stryker`: a second number beside the named mutants, of mutants that nobody here chose.
import { createHash } from "node:crypto";
import { appendFileSync, existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { codeDigest } from "../run/log.ts";
import { equivalents } from "./equivalents.ts";
import { instrument } from "./instrument.ts";
import type { CoreMutant } from "./instrumented.ts";
import type { Coverage } from "./message.ts";
import { readOptions, type StrykerOptions, Usage, usage } from "./options.ts";
import { createWorker, type Worker } from "./process.ts";
import { keyOf, type Outcome, page, type Row, type Run, reasonOf, summaryLine } from "./score.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const cache = join(root, ".cache/stryker");
/** What is judged and by what; not the lists and pages of this program, which change no outcome. */
const judgedCode = ["conformance/src", "reference-server/src", "protocol/src", "proto"];
const coverLimitMs = 30 * 60_000;

process.exitCode = await main(process.argv.slice(2));

async function main(argv: readonly string[]): Promise<number> {
  let options: StrykerOptions | undefined;
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
  for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => process.exit(130));
  const startedMs = performance.now();
  const digest = codeDigest(root, judgedCode);
  const { mutants } = await instrument(root);
  const ordered = inOrder(mutants, options.seed).filter(({ file }) => file.includes(options.only ?? ""));
  const wanted = ordered.slice(0, options.sample);
  const log = openLog(join(cache, "results.ndjson"), `${digest} ${options.seed} ${options.profiles}`, options.resume);
  const covers = coverages(digest, options.seed);
  const open = wanted.filter((mutant) => !log.done.has(keyOf(mutant)));
  console.log(`${mutants.length} mutants, ${wanted.length} wanted, ${wanted.length - open.length} done already`);
  // Before the workers share the machine.
  const [first] = options.profiles;
  if (open.length > 0 && first !== undefined) await covers(first);
  await Promise.all(
    Array.from({ length: options.workers }, async () => {
      const shared = createWorker();
      while (performance.now() - startedMs < options.budgetMs) {
        const mutant = open.shift();
        if (mutant === undefined) break;
        const leftMs = (): number => Math.max(1000, startedMs + options.budgetMs - performance.now());
        const limitMs = (): number => Math.min(options.limitMs, leftMs());
        const outcome = await outcomeOf(mutant, shared, { ...options, limitMs }, covers);
        log.add(outcome);
        const { status, by = "", profile = "", seconds } = outcome;
        console.log(`${log.done.size}/${wanted.length} ${status} ${outcome.key} ${profile} ${by} ${seconds} s`);
      }
      shared.end();
    }),
  );
  const rows = wanted.flatMap((mutant) => rowOf(mutant, log.done.get(keyOf(mutant))) ?? []);
  const run: Run = { seed: options.seed, profiles: options.profiles, mutants: ordered.length, rows };
  if (options.publish) publish(run);
  console.log(summaryLine(run));
  return 0;
}

/** Every mutant, in an order that is the same for the same sources and seed. */
function inOrder(mutants: readonly CoreMutant[], seed: string): CoreMutant[] {
  const place = ({ file, line, column, mutator, replacement }: CoreMutant): string => {
    const text = [file, line, column, mutator, replacement].join(":");
    return createHash("sha256").update(`${seed}\n${text}`).digest("hex");
  };
  return mutants
    .map((mutant) => ({ mutant, at: place(mutant) }))
    .sort((a, b) => (a.at < b.at ? -1 : 1))
    .map(({ mutant }) => mutant);
}

type Covers = (profile: string) => Promise<Coverage>;

/** Looked at once for each profile, and kept for the next run of the same code. */
function coverages(digest: string, seed: string): Covers {
  const made = new Map<string, Promise<Coverage>>();
  const make = async (profile: string): Promise<Coverage> => {
    const path = join(cache, `coverage-${profile}-${digest}-${seed}.json`);
    if (existsSync(path)) return JSON.parse(readFileSync(path, "utf8")) as Coverage;
    const worker = createWorker();
    const answer = await worker.ask({ kind: "cover", profile, seed }, coverLimitMs);
    worker.end();
    if (answer === undefined || !("atLoad" in answer)) throw new Error(`no coverage of ${profile}: its process ended`);
    writeFileSync(path, JSON.stringify(answer));
    console.log(`${profile}: ${answer.checks.length} checks pass; left out: ${answer.unfit.join(", ") || "none"}`);
    return answer;
  };
  return (profile) => {
    const found = made.get(profile) ?? make(profile);
    made.set(profile, found);
    return found;
  };
}

async function outcomeOf(
  mutant: CoreMutant,
  shared: Worker,
  { profiles, seed, limitMs }: Pick<StrykerOptions, "profiles" | "seed"> & { readonly limitMs: () => number },
  covers: Covers,
): Promise<Outcome> {
  const startedMs = performance.now();
  const key = keyOf(mutant);
  const seconds = (): number => Math.round((performance.now() - startedMs) / 100) / 10;
  let last: Omit<Outcome, "key" | "seconds"> = { status: "uncovered" };
  for (const profile of profiles) {
    const coverage = await covers(profile);
    const checks = covering(mutant.id, coverage);
    if (checks.length === 0) continue;
    const alone = coverage.atLoad.includes(mutant.id) ? createWorker(mutant.id) : undefined;
    const request = { kind: "judge", mutant: mutant.id, profile, seed, checks } as const;
    const answer = await (alone ?? shared).ask(request, limitMs());
    alone?.end();
    // A slow machine takes long, too. An endless loop is not met here: the switch throws after so many turns.
    const judged = answer ?? { status: "fault" as const, by: "not done within the limit or budget" };
    if (!("status" in judged)) throw new Error("a worker answered something else");
    const by = judged.by === undefined ? {} : { by: judged.by };
    if (judged.status === "killed") return { key, status: "killed", profile, ...by, seconds: seconds() };
    // What is undecided in one profile may die in another, and is not alive before.
    if (last.status !== "fault") last = { status: judged.status, profile, ...by };
  }
  return { key, ...last, seconds: seconds() };
}

/** Ids of the checks that run it, the quickest first. */
function covering(id: string, { checks, atStart }: Coverage): string[] {
  const always = atStart.includes(id);
  return checks
    .filter(({ mutants }) => always || mutants.includes(id))
    .toSorted((a, b) => a.ms - b.ms)
    .map((check) => check.id);
}

interface Log {
  readonly done: ReadonlyMap<string, Outcome>;
  readonly add: (outcome: Outcome) => void;
}

/** One outcome on each line, under a line that says of what code; what was undecided is judged again. */
function openLog(path: string, head: string, resume: boolean): Log {
  const [first, ...lines] = resume && existsSync(path) ? readFileSync(path, "utf8").trimEnd().split("\n") : [];
  const before = (first === head ? lines : []).map((line) => JSON.parse(line) as Outcome);
  const decided = before.filter(({ status }) => ["killed", "survived", "uncovered"].includes(status));
  const done = new Map(decided.map((outcome) => [outcome.key, outcome]));
  mkdirSync(dirname(path), { recursive: true });
  writeFileSync(path, [head, ...[...done.values()].map((outcome) => JSON.stringify(outcome)), ""].join("\n"));
  return {
    done,
    add: (outcome) => {
      done.set(outcome.key, outcome);
      appendFileSync(path, `${JSON.stringify(outcome)}\n`);
    },
  };
}

function rowOf({ id: _, ...mutant }: CoreMutant, outcome: Outcome | undefined): Row | undefined {
  if (outcome === undefined) return undefined;
  const { key: __, seconds: ___, ...judged } = outcome;
  const equivalent = reasonOf(mutant, equivalents);
  return { ...mutant, ...judged, ...(equivalent === undefined ? {} : { equivalent }) };
}

function publish(run: Run): void {
  const to = join(root, "docs/proof");
  writeFileSync(join(to, "stryker.json"), `${JSON.stringify({ summary: summaryLine(run), ...run }, null, 1)}\n`);
  writeFileSync(join(to, "stryker.md"), page(run));
}
