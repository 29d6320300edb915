// Does the same seeded steps on two servers, and collects what sets them apart.

import { randomSteps } from "../explore/search.ts";
import { type Step, stepText } from "../explore/steps.ts";
import type { Ground } from "../explore/walk/ground.ts";
import { type Difference, differencesOf } from "./differences.ts";
import { openSide } from "./side.ts";

export interface CompareOptions {
  readonly seed: string;
  readonly budgetMs: number;
  /** Most kinds of differences. */
  readonly differencesMax: number;
  readonly onDifference: (difference: Told) => void;
}

/** The first of its kind, and how often its kind came. */
export interface Told extends Difference {
  readonly transcript: number;
  /** Steps up to the one in which it was seen. */
  readonly steps: readonly Step[];
  count: number;
}

export interface Compared {
  readonly transcripts: number;
  readonly steps: number;
  readonly calls: number;
  readonly elapsedMs: number;
  readonly differences: readonly Told[];
}

/** Throws Unreachable, and faults of the suite. */
export async function compare(a: Ground, b: Ground, options: CompareOptions): Promise<Compared> {
  const startedMs = performance.now();
  const told = new Map<string, Told>();
  const total = { transcripts: 0, steps: 0, calls: 0 };
  const lanes = [a.openLane(), b.openLane()] as const;
  const note = (difference: Difference, transcript: number, steps: readonly Step[]): void => {
    const last = steps.at(-1)?.do ?? "";
    const key = [difference.blame, last, difference.topic, ...difference.requirements.slice(0, 1)].join("\n");
    const known = told.get(key);
    if (known !== undefined) return void known.count++;
    if (told.size >= options.differencesMax) return;
    const first: Told = { ...difference, transcript, steps: [...steps], count: 1 };
    told.set(key, first);
    options.onDifference(first);
  };
  try {
    while (performance.now() - startedMs < options.budgetMs) {
      const transcript = total.transcripts++;
      const steps = randomSteps([a, b], options.seed, transcript);
      const [inA, inB] = await Promise.all([openSide(a, lanes[0]), openSide(b, lanes[1])]);
      const [sideA, sideB] = [inA.side, inB.side];
      const done: Step[] = [];
      try {
        if (sideA === undefined || sideB === undefined) {
          const nothing = new Map();
          for (const one of differencesOf({ seen: nothing, found: inA.found }, { seen: nothing, found: inB.found }))
            note(one, transcript, done);
          break;
        }
        for (const step of steps) {
          // Where one has gone another lawful way, what it alone could do is left out.
          if (!sideA.isPossible(step) || !sideB.isPossible(step)) continue;
          done.push(step);
          const [seenA, seenB] = await Promise.all([sideA.perform(step), sideB.perform(step)]);
          for (const one of differencesOf(seenA, seenB)) note(one, transcript, done);
          if (seenA.found !== undefined || seenB.found !== undefined) break;
        }
      } finally {
        total.steps += done.length;
        total.calls += (sideA?.calls() ?? 0) + (sideB?.calls() ?? 0);
        await Promise.all([sideA?.close(), sideB?.close()]);
      }
    }
  } finally {
    for (const lane of lanes) lane.close();
  }
  return { ...total, elapsedMs: performance.now() - startedMs, differences: [...told.values()] };
}

/** For people. */
export function differenceText({ blame, topic, a, b, requirements, transcript, steps, count }: Told): string {
  const last = steps.at(-1);
  return [
    `${blame.toUpperCase()}  ${topic}${count > 1 ? ` (${count} times)` : ""}`,
    `  step         ${steps.length}. of transcript ${transcript}: ${last === undefined ? "the beginning" : stepText(last)}`,
    `  A            ${a}`,
    `  B            ${b}`,
    ...(requirements.length === 0 ? [] : [`  requirement  ${requirements.join(", ")}`]),
  ].join("\n");
}
