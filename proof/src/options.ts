// The command line of `npm run proof`.
import { availableParallelism } from "node:os";
import { parseArgs } from "node:util";
import type { JudgeSettings } from "./job.ts";
import type { Selection } from "./run/jobs.ts";
import type { StrainOptions } from "./run/strain.ts";

export const usage = `Usage: npm run proof -- [OPTIONS]

Judges the suite: every mutant of the reference server, one named defect each, must fail a check of the requirement that it breaks; every
unusual server that is right must pass. Two controls come first; if they don't behave, the run is void. Writes .cache/proof/.

  --only TEXT        mutants and variants whose "ID (PROFILE)" has TEXT; repeatable
  --part NAME        mutants, or variants, only
  --quick            every mutant in one profile, no variants
  --matrix           every check judges every mutant, not only those of its requirement (hours)
  --rounds N         rounds of the variants, each with another seed (1)
  --seed TEXT        of all decisions (proof)
  --check PATTERN    only these checks judge the variants; repeatable
  --resume           go on with an interrupted run of the same code and options
  --record           keep the variants' runs in docs/proof/unusual-runs.ndjson, and go on with what stands there, also of other versions of
                     the code; a server of which a check was wrong begins anew (--rounds 0 --publish: publish what stands)
  --publish          write docs/proof and the line in README
  --workers N        processes (one for each core; with --load one less)
  --jobs N           servers judged at once in each process (mutants: 3, variants: 1)
  --patience MS      of mutants (1500)
  --throttle SHARE   each process runs this part of the time, from 0.1 to 0.9: stopped and continued ten times a second
  --load             one more process keeps a core busy

Exit code: 0 all as it should be; 1 a survivor, a false failure or a flake; 2 void, or wrong usage.
`;

export interface ProofOptions {
  readonly selection: Selection;
  readonly settings: JudgeSettings;
  readonly strain: StrainOptions;
  readonly workers: number;
  readonly mutantsAtOnce: number;
  readonly variantsAtOnce: number;
  readonly resume: boolean;
  readonly record: boolean;
  readonly publish: boolean;
}

export class Usage extends Error {}

/** Undefined: help was asked for. Throws Usage. */
export function readOptions(argv: readonly string[]): ProofOptions | undefined {
  const { values } = parse(argv);
  if (values.help) return undefined;
  const { only, part, quick, matrix, publish, load, record } = values;
  if (part !== undefined && part !== "mutants" && part !== "variants") throw new Usage("--part is mutants or variants");
  if (record && (part !== "variants" || quick || values.check !== undefined))
    throw new Usage("--record is of --part variants, judged by every check");
  if (publish && (quick || only.length > 0 || values.check !== undefined))
    throw new Usage("--publish is of a whole part: not with --quick, --only or --check");
  const share = values.throttle === undefined ? undefined : number("--throttle", values.throttle, 0.1, 0.9);
  const cores = availableParallelism();
  return {
    selection: {
      only,
      part,
      quick,
      matrix,
      rounds: record && values.rounds === "0" ? 0 : whole("--rounds", values.rounds),
    },
    settings: {
      seed: values.seed,
      mutantPatienceMs: whole("--patience", values.patience),
      variantPatienceMs: 10_000,
      ...(values.check ? { checks: values.check } : {}),
    },
    strain: { share, load },
    workers: values.workers === undefined ? Math.max(1, load ? cores - 1 : cores) : whole("--workers", values.workers),
    mutantsAtOnce: values.jobs === undefined ? 3 : whole("--jobs", values.jobs),
    variantsAtOnce: values.jobs === undefined ? 1 : whole("--jobs", values.jobs),
    resume: values.resume,
    record,
    publish,
  };
}

/** The conditions of the variants' part, in words. */
export function conditionsOf({ strain: { share, load } }: Pick<ProofOptions, "strain">): string {
  const parts = [
    ...(share === undefined ? [] : [`every process throttled to ${Math.round(share * 100)} % of a core`]),
    ...(load ? ["another core kept busy"] : []),
  ];
  return parts.length === 0 ? "one process on each core" : parts.join(", ");
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        only: { type: "string", multiple: true, default: [] },
        part: { type: "string" },
        quick: { type: "boolean", default: false },
        matrix: { type: "boolean", default: false },
        rounds: { type: "string", default: "1" },
        seed: { type: "string", default: "proof" },
        check: { type: "string", multiple: true },
        resume: { type: "boolean", default: false },
        record: { type: "boolean", default: false },
        publish: { type: "boolean", default: false },
        workers: { type: "string" },
        jobs: { type: "string" },
        patience: { type: "string", default: "1500" },
        throttle: { type: "string" },
        load: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    });
  } catch (error) {
    throw new Usage(error instanceof Error ? error.message : String(error));
  }
}

function number(flag: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (!(value >= min && value <= max)) throw new Usage(`${flag} is a number from ${min} to ${max}`);
  return value;
}

function whole(flag: string, text: string): number {
  const value = number(flag, text, 1, 1_000_000);
  if (!Number.isInteger(value)) throw new Usage(`${flag} is a whole number`);
  return value;
}
