// Searches: random walks in several lanes until the time is up or one has found something; then shrinks what was found, and makes sure of it.
import fc from "fast-check";
import { createRandom } from "../bench/random.ts";
import { stepArbitrary } from "./arbitraries.ts";
import { openings } from "./openings.ts";
import { type Found, runSteps, type Walked } from "./run-steps.ts";
import type { Step } from "./steps.ts";
import type { Ground, Lane } from "./walk/ground.ts";
import { Unreachable } from "./walk/walk.ts";

export interface SearchOptions {
  readonly seed: string;
  /** How long walks are begun. */
  readonly budgetMs: number;
  readonly lanes: number;
  readonly shrink: boolean;
  /** Most time for shrinking. */
  readonly shrinkMs: number;
  /** Findings after which the search is over. */
  readonly findingsMax: number;
  readonly onProgress: (progress: Progress) => void;
  readonly onFound: (finding: Searched) => void;
}

export interface Progress {
  readonly walks: number;
  readonly steps: number;
  readonly calls: number;
  readonly elapsedMs: number;
}

/** What was found, and the fewest steps that were seen to lead to it. */
export interface Searched {
  readonly found: Found;
  readonly steps: readonly Step[];
  /** Of three more tries with these steps, how many found something. */
  readonly again: number;
  /** Of the walk: with `seed`, it gives the same steps again. */
  readonly walk: number;
  readonly afterMs: number;
}

export interface SearchResult extends Progress {
  readonly findings: readonly Searched[];
}

export const stepsMax: number = 120;
const triesAgain = 3;

/** Throws Unreachable, and faults of the suite. */
export async function search(ground: Ground, options: SearchOptions): Promise<SearchResult> {
  const startedMs = performance.now();
  const elapsedMs = (): number => performance.now() - startedMs;
  const total = { walks: 0, steps: 0, calls: 0 };
  const findings: Searched[] = [];
  let next = 0;
  const count = ({ steps, calls }: Walked): void => {
    total.walks++;
    total.steps += steps.length;
    total.calls += calls;
  };
  const lane = async (): Promise<void> => {
    const own = ground.openLane();
    try {
      while (elapsedMs() < options.budgetMs && findings.length < options.findingsMax) {
        const number = next++;
        const walked = await randomWalk(ground, own, options.seed, number);
        count(walked);
        options.onProgress({ ...total, elapsedMs: elapsedMs() });
        if (walked.found === undefined) continue;
        const afterMs = elapsedMs();
        const known = findings.some(({ found }) => found.requirements[0] === walked.found?.requirements[0]);
        if (known || findings.length >= options.findingsMax) continue;
        const searched = await examine(ground, own, walked, { number, afterMs }, options, count);
        // Another lane may have come to the same meanwhile.
        if (findings.length >= options.findingsMax) break;
        findings.push(searched);
        options.onFound(searched);
      }
    } finally {
      own.close();
    }
  };
  await Promise.all(Array.from({ length: Math.min(options.lanes, ground.lanesMax) }, lane));
  return { ...total, elapsedMs: elapsedMs(), findings };
}

/** The steps of one walk that suits all of these servers. */
export function randomSteps(grounds: readonly Ground[], seed: string, number: number): Step[] {
  const [first] = grounds;
  if (first === undefined) return [];
  const all = (has: (ground: Ground) => boolean): boolean => grounds.every(has);
  const options = {
    timed: all(({ timed }) => timed),
    hasAdmin: all(({ hasAdmin }) => hasAdmin),
    ownApp: all(({ sharedApp }) => sharedApp === undefined),
  };
  const walkOf = fc.tuple(
    fc.constantFrom(...openings(first)),
    fc.array(stepArbitrary(options), { minLength: 20, maxLength: stepsMax, size: "max" }),
  );
  const [sample] = fc.sample(walkOf, { seed: walkSeed(seed, number), numRuns: 1 });
  return sample === undefined ? [] : [...sample[0], ...sample[1]];
}

/** The steps of a walk follow from seed and number alone. */
function walkSeed(seed: string, number: number): number {
  return createRandom(seed, "walk", String(number)).int(0x7fff_ffff);
}

class StepCommand implements fc.AsyncCommand<object, Played> {
  readonly step: Step;
  constructor(step: Step) {
    this.step = step;
  }
  check(): boolean {
    return true;
  }
  run(_: object, played: Played): Promise<void> {
    played.steps.push(this.step);
    return Promise.resolve();
  }
  toString(): string {
    return this.step.do;
  }
}

/** What the commands of one try add up to. */
interface Played {
  readonly steps: Step[];
}

function stepsProperty(ground: Ground, decide: (steps: readonly Step[]) => Promise<boolean>) {
  const step = stepArbitrary({
    timed: ground.timed,
    hasAdmin: ground.hasAdmin,
    ownApp: ground.sharedApp === undefined,
  });
  const commands = fc.commands([step.map((value) => new StepCommand(value))], { maxCommands: stepsMax, size: "max" });
  return fc.asyncProperty(fc.constantFrom(...openings(ground)), commands, async (opening, list) => {
    const played: Played = { steps: [...opening] };
    await fc.asyncModelRun(() => ({ model: {}, real: played }), list);
    return decide(played.steps);
  });
}

async function randomWalk(ground: Ground, lane: Lane, seed: string, number: number): Promise<Walked> {
  let walked: Walked | undefined;
  const property = stepsProperty(ground, async (steps) => {
    walked = await runSteps(ground, lane, steps);
    return true;
  });
  const details = await fc.check(property, { seed: walkSeed(seed, number), numRuns: 1 });
  if (details.failed) throw details.errorInstance ?? new Unreachable("a walk was not done");
  return walked ?? { steps: [], calls: 0, found: undefined };
}

async function examine(
  ground: Ground,
  lane: Lane,
  first: Walked,
  at: { readonly number: number; readonly afterMs: number },
  options: SearchOptions,
  count: (walked: Walked) => void,
): Promise<Searched> {
  let best = first;
  if (options.shrink) best = await shrink(ground, lane, first, at.number, options, count);
  let again = 0;
  for (let tries = 0; tries < triesAgain; tries++) {
    const walked = await runSteps(ground, lane, best.steps);
    count(walked);
    if (walked.found !== undefined) again++;
  }
  const { found = first.found, steps } = best;
  if (found === undefined) throw new RangeError("nothing was found");
  return { found, steps, again, walk: at.number, afterMs: at.afterMs };
}

/** First as the library shrinks lists of commands; then without each step that is not needed. */
async function shrink(
  ground: Ground,
  lane: Lane,
  first: Walked,
  number: number,
  { seed, shrinkMs }: SearchOptions,
  count: (walked: Walked) => void,
): Promise<Walked> {
  const untilMs = performance.now() + shrinkMs;
  let best = first;
  const fails = async (steps: readonly Step[]): Promise<boolean> => {
    if (performance.now() > untilMs) return false;
    const walked = await runSteps(ground, lane, steps);
    count(walked);
    const same = walked.found !== undefined && isAlike(walked.found, first.found);
    if (same && walked.steps.length <= best.steps.length) best = walked;
    return same;
  };
  const property = stepsProperty(ground, async (steps) => !(await fails(steps)));
  await fc.check(property, { seed: walkSeed(seed, number), numRuns: 1, interruptAfterTimeLimit: shrinkMs });
  for (let at = best.steps.length - 1; at >= 0; at--) {
    const { steps } = best;
    if (at < steps.length) await fails([...steps.slice(0, at), ...steps.slice(at + 1)]);
  }
  return best;
}

/** Shrinking must not slip from one finding to another. */
function isAlike(a: Found, b: Found | undefined): boolean {
  return b !== undefined && a.requirements.some((id) => b.requirements.includes(id));
}
