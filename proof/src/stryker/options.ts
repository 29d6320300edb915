// The command line of `npm run proof:stryker`.
import { parseArgs } from "node:util";

export const usage = `Usage: npm run proof:stryker -- [OPTIONS]

Judges Stryker's mutants of the server's core by the conformance suite alone: first which check runs which mutant, then for each mutant the
checks that run it, until one fails.

  --sample N         the first N mutants of an order that follows from the seed (all)
  --seed TEXT        of that order, and of the suite's decisions (stryker)
  --budget MINUTES   end after so long; mutants that were begun are undecided then
  --only TEXT        mutants of files whose name has TEXT
  --profile NAME     judge in this profile; repeatable (standard, zim, tencent-native, tencent-web)
  --limit SECONDS    longest run of one mutant in one profile; beyond it is undecided (600)
  --workers N        mutants at once, each in a process of its own (2)
  --resume           go on with an interrupted run of the same code and seed
  --publish          write docs/proof/stryker.json and stryker.md
`;

export interface StrykerOptions {
  readonly sample: number | undefined;
  readonly seed: string;
  readonly budgetMs: number;
  readonly only: string | undefined;
  readonly profiles: readonly string[];
  readonly limitMs: number;
  readonly workers: number;
  readonly resume: boolean;
  readonly publish: boolean;
}

export class Usage extends Error {}

/** Undefined: help was asked for. Throws Usage. */
export function readOptions(argv: readonly string[]): StrykerOptions | undefined {
  const values = parse(argv);
  if (values.help) return undefined;
  if (values.publish && values.only !== undefined) throw new Usage("--publish is of the whole core: not with --only");
  return {
    sample: values.sample === undefined ? undefined : whole("--sample", values.sample),
    seed: values.seed,
    budgetMs: values.budget === undefined ? Number.POSITIVE_INFINITY : whole("--budget", values.budget) * 60_000,
    only: values.only,
    profiles: values.profile ?? ["standard", "zim", "tencent-native", "tencent-web"],
    limitMs: whole("--limit", values.limit) * 1000,
    workers: whole("--workers", values.workers),
    resume: values.resume,
    publish: values.publish,
  };
}

function parse(argv: readonly string[]) {
  try {
    return parseArgs({
      args: [...argv],
      options: {
        sample: { type: "string" },
        seed: { type: "string", default: "stryker" },
        budget: { type: "string" },
        only: { type: "string" },
        profile: { type: "string", multiple: true },
        limit: { type: "string", default: "600" },
        workers: { type: "string", default: "2" },
        resume: { type: "boolean", default: false },
        publish: { type: "boolean", default: false },
        help: { type: "boolean", default: false },
      },
    }).values;
  } catch (error) {
    throw new Usage(error instanceof Error ? error.message : String(error));
  }
}

function whole(flag: string, text: string): number {
  const value = Number(text);
  if (!Number.isInteger(value) || value < 1 || value > 1_000_000) throw new Usage(`${flag} is a whole number above 0`);
  return value;
}
