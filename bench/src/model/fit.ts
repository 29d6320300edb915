// The cost model: a change costs something by itself, and something for each watcher; what leaves in one write with others shares the write.
import type { Point } from "./measure.ts";

/** Microseconds of CPU. */
export interface Model {
  readonly transport: string;
  /** A change, whoever watches. */
  readonly change: number;
  /** A status to one watcher, if it comes alone. */
  readonly status: number;
  /** What a status costs in a burst however great, with its share of the change in it. */
  readonly statusInBurst: number;
  /** What all statuses of a burst to one watcher share: the write. */
  readonly write: number;
  /** Greatest share by which a single change that was measured is off. */
  readonly offBy: number;
  /** The same of bursts. */
  readonly burstsOffBy: number;
  /** Bytes of a status, as a message in its envelope. */
  readonly statusBytes: number;
}

interface Pair {
  readonly x: number;
  readonly y: number;
}

/** The line `at0 + slope · x` that is off by the least share, in squares. */
export function lineOf(pairs: readonly Pair[]): { at0: number; slope: number } {
  let [w, wx, wy, wxx, wxy] = [0, 0, 0, 0, 0];
  for (const { x, y } of pairs) {
    const weight = 1 / y ** 2;
    w += weight;
    wx += weight * x;
    wy += weight * y;
    wxx += weight * x * x;
    wxy += weight * x * y;
  }
  const slope = (w * wxy - wx * wy) / (w * wxx - wx ** 2);
  return { at0: (wy - slope * wx) / w, slope };
}

/** Of each transport. */
export function fit(points: readonly Point[]): Model[] {
  return [...new Set(points.map(({ transport }) => transport))].map((transport) => {
    const own = points.filter((point) => point.transport === transport);
    const most = Math.max(...own.map(({ watchers }) => watchers));
    const singles = own
      .filter(({ burst }) => burst === 1)
      .map(({ watchers, usEachChange }) => ({ x: watchers, y: usEachChange }));
    const bursts = own
      .filter(({ watchers }) => watchers === most)
      .map(({ burst, usEachChange }) => ({ x: 1 / burst, y: usEachChange / most }));
    const single = lineOf(singles);
    const burst = lineOf(bursts);
    return {
      transport,
      change: single.at0,
      status: single.slope,
      statusInBurst: burst.at0,
      write: burst.slope,
      offBy: offBy(singles, single),
      burstsOffBy: offBy(bursts, burst),
      statusBytes: own[0]?.statusBytes ?? Number.NaN,
    };
  });
}

function offBy(pairs: readonly Pair[], { at0, slope }: { at0: number; slope: number }): number {
  return Math.max(...pairs.map(({ x, y }) => Math.abs((at0 + slope * x) / y - 1)));
}

/** Microseconds that the model gives for a change that so many watch. */
export function changeUs({ change, status }: Model, watchers: number): number {
  return change + status * watchers;
}

/** Microseconds that the model gives for a status in a burst of so many, where very many watch. */
export function burstUs({ statusInBurst, write }: Model, burst: number): number {
  return statusInBurst + write / burst;
}
