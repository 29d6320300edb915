// Does a list of steps in a walk of their own, and says what came of it.
import { Finding, WalkEnds } from "./finding.ts";
import { isPossible, perform } from "./perform.ts";
import type { Step } from "./steps.ts";
import type { Ground, Lane } from "./walk/ground.ts";
import { closeWalk, openWalk, spokenBy, type Walk } from "./walk/walk.ts";

/** A finding in words that hold for any run. */
export interface Found {
  readonly requirements: readonly string[];
  readonly what: string;
  readonly expected: string;
  readonly got: string;
}

export interface Walked {
  /** Steps that were done; the last one is the one that failed. */
  readonly steps: readonly Step[];
  readonly calls: number;
  readonly found: Found | undefined;
}

/** Throws what is no finding: faults of the suite, and Unreachable. */
export async function runSteps(ground: Ground, lane: Lane, steps: Iterable<Step>): Promise<Walked> {
  const done: Step[] = [];
  let walk: Walk | undefined;
  try {
    walk = await openWalk(ground, lane);
    for (const step of steps) {
      if (!isPossible(walk, step)) continue;
      done.push(step);
      await perform(walk, step);
    }
    return { steps: done, calls: walk.calls, found: undefined };
  } catch (error) {
    const calls = walk?.calls ?? 0;
    if (error instanceof WalkEnds) return { steps: done, calls, found: undefined };
    if (error instanceof Finding) return { steps: done, calls, found: foundOf(error, walk) };
    throw error;
  } finally {
    if (walk !== undefined) await closeWalk(walk);
  }
}

export function foundOf({ requirements, what, expected, got }: Finding, walk: Walk | undefined): Found {
  const spoken = (text: string): string => (walk === undefined ? text : spokenBy(walk, text));
  return { requirements, what: spoken(what), expected: spoken(expected), got: spoken(got) };
}
