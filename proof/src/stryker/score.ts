// The score and its page. Pure.
import type { Equivalent } from "./equivalents.ts";
import type { CoreMutant } from "./instrumented.ts";

/** `uncovered`: no check of any judged profile runs it. `fault`: undecided. */
export type Status = "killed" | "survived" | "uncovered" | "fault";

export interface Outcome {
  /** Says which mutant it is, in whatever order they come. */
  readonly key: string;
  readonly status: Status;
  readonly profile?: string;
  readonly by?: string;
  readonly seconds: number;
}

export interface Row extends Omit<CoreMutant, "id">, Omit<Outcome, "key" | "seconds"> {
  readonly equivalent?: string;
}

export interface Totals {
  readonly judged: number;
  readonly detected: number;
  readonly survived: number;
  readonly uncovered: number;
  readonly equivalent: number;
  readonly faults: number;
}

export interface Run {
  readonly seed: string;
  readonly profiles: readonly string[];
  /** Mutants of the core in all. */
  readonly mutants: number;
  readonly rows: readonly Row[];
}

/** Changes of one place may differ only in how far it reaches. */
export function keyOf({ file, line, column, mutator, original, replacement }: Omit<CoreMutant, "id">): string {
  return [file, line, column, mutator, replacement, original].join(":");
}

export function reasonOf(mutant: Omit<CoreMutant, "id">, list: readonly Equivalent[]): string | undefined {
  return list.find(
    ({ file, original, replacement, line }) =>
      file === mutant.file &&
      original === mutant.original &&
      replacement === mutant.replacement &&
      (line === undefined || line === mutant.line),
  )?.reason;
}

/** An equivalent that was killed is none: it counts as what it is. */
export function totalsOf(rows: readonly Row[]): Totals {
  const count = (fits: (row: Row) => boolean): number => rows.filter(fits).length;
  const alive = (row: Row): boolean => row.status === "survived" || row.status === "uncovered";
  const open = (row: Row): boolean => row.equivalent === undefined;
  return {
    judged: count(({ status }) => status !== "fault"),
    detected: count(({ status }) => status === "killed"),
    survived: count((row) => row.status === "survived" && open(row)),
    uncovered: count((row) => row.status === "uncovered" && open(row)),
    equivalent: count((row) => alive(row) && !open(row)),
    faults: count(({ status }) => status === "fault"),
  };
}

/** Detected of those judged that are not argued equivalent, from 0 to 1; undefined: there are none. */
export function scoreOf({ judged, equivalent, detected }: Totals): number | undefined {
  return judged === equivalent ? undefined : detected / (judged - equivalent);
}

/** Wilson's interval of a share, 95 %, for a sample from a finite number of mutants. */
export function intervalOf(hits: number, sample: number, population: number): readonly [number, number] {
  if (sample === 0) return [0, 1];
  const rest = population > 1 ? Math.sqrt(Math.max(0, population - sample) / (population - 1)) : 0;
  const z = 1.96 * rest;
  const share = hits / sample;
  const middle = (share + z ** 2 / (2 * sample)) / (1 + z ** 2 / sample);
  const half = (z / (1 + z ** 2 / sample)) * Math.sqrt((share * (1 - share)) / sample + z ** 2 / (4 * sample ** 2));
  return [Math.max(0, middle - half), Math.min(1, middle + half)];
}

const percent = (share: number): string => `${(share * 100).toFixed(1)} %`;

export function summaryLine({ rows, mutants }: Run): string {
  const totals = totalsOf(rows);
  const score = scoreOf(totals);
  const counted = totals.judged - totals.equivalent;
  const [low, high] = intervalOf(totals.detected, counted, mutants);
  const how = counted + totals.equivalent < mutants ? ` (95 % interval ${percent(low)} to ${percent(high)})` : "";
  const said = score === undefined ? "none" : percent(score);
  const worst = totals.faults === 0 ? "" : `, ${percent(totals.detected / (counted + totals.faults))} if those lived`;
  return `score ${said}${how}: ${totals.detected} of ${counted} detected; ${totals.survived} survived, ${totals.uncovered} not covered, ${totals.equivalent} argued equivalent, ${totals.faults} undecided${worst}; ${rows.length} of ${mutants} mutants begun`;
}

export function page(run: Run): string {
  const { rows, seed, profiles } = run;
  const files = [...new Set(rows.map(({ file }) => file))].toSorted();
  const alive = rows.filter(({ status }) => status === "survived" || status === "uncovered" || status === "fault");
  return [
    "# Stryker's mutants of the core",
    "",
    "Made by `npm run proof:stryker` from [stryker.json](stryker.json). The mutants are Stryker's, of every file of `reference-server/src/core`; the only test",
    "is the conformance suite, over the wire. Detected: a check that passes on the server as it is written fails twice with the mutant and passes again without it, or",
    "the server does not start. Undecided ones, by failures that do not come again or for want of time, are in no count.",
    "",
    `**${summaryLine(run)}**`,
    "",
    `Profiles in the order in which they judge: ${profiles.join(", ")}. Seed \`${seed}\`: the sample is the first of all mutants in an order that follows from it.`,
    "",
    "| file | judged | detected | survived | not covered | argued equivalent | score |",
    "| --- | --- | --- | --- | --- | --- | --- |",
    ...files.map((file) => fileLine(file, totalsOf(rows.filter((row) => row.file === file)))),
    "",
    "## Alive",
    "",
    "| place | change | from | to | why it lives |",
    "| --- | --- | --- | --- | --- |",
    ...alive.map(
      (row) =>
        `| ${row.file}:${row.line} | ${row.mutator} | ${code(row.original)} | ${code(row.replacement)} | ${whyAlive(row)} |`,
    ),
    "",
  ].join("\n");
}

function fileLine(file: string, totals: Totals): string {
  const score = scoreOf(totals);
  const { judged, detected, survived, uncovered, equivalent } = totals;
  const cells = [file, judged, detected, survived, uncovered, equivalent, score === undefined ? "–" : percent(score)];
  return `| ${cells.join(" | ")} |`;
}

function whyAlive({ status, equivalent, by }: Row): string {
  if (equivalent !== undefined) return `equivalent: ${equivalent}`;
  if (status === "uncovered") return "no check runs it";
  return status === "fault" ? `undecided: ${by ?? "no reason"}` : "every check that runs it passes";
}

const textMax = 120;

function code(text: string): string {
  const line = text.replaceAll(/\s+/g, " ").replaceAll("`", "'").replaceAll("|", "\\|");
  return `\`${line.length > textMax ? `${line.slice(0, textMax)}…` : line || " "}\``;
}
