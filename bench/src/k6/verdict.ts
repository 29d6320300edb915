// What k6 measured, judged: thresholds, drift, and whether k6 itself was the limit.
import type { Script } from "./scripts.ts";
import type { K6Summary } from "./table.ts";

export interface Load {
  /** Cores that k6 kept busy, on average. */
  readonly cores: number;
  /** The same in its busiest five seconds. */
  readonly coresBusiest: number;
  readonly coresThere: number;
}

export interface Verdict {
  readonly failed: readonly string[];
  /** Why k6 was the limit; empty: it was not. */
  readonly limits: readonly string[];
}

/** Beyond this share of all cores k6 waits for the processor, and so does what it times. */
const busyShare = 0.85;
/** Timers of k6 that fire later than this, at p(95), make latencies of their own. */
const lagMostMs = 50;
/** The last fifth of a soak may be this much slower than the first, and so many milliseconds. */
const driftFactor = 2;
const driftSpareMs = 20;
/** Of fewer changes in each fifth nothing is said. */
const driftSamplesLeast = 50;

export function judge(script: Script, { metrics }: K6Summary, load: Load): Verdict {
  const failed = Object.entries(metrics).flatMap(([name, { thresholds = {} }]) =>
    Object.entries(thresholds)
      .filter(([, { ok }]) => !ok)
      .map(([expression]) => `${name}: ${expression}`),
  );
  if (script.name === "soak") {
    const drift = driftOf(metrics);
    if (drift) failed.push(drift);
  }
  return { failed, limits: limitsOf({ metrics }, load) };
}

function driftOf(metrics: K6Summary["metrics"]): string | undefined {
  const [first, last] = ["early", "late"].map((part) => metrics[`userstatus_publish_${part}_ms`]?.values ?? {});
  const [early, late] = [first?.["p(95)"], last?.["p(95)"]];
  if (Math.min(first?.count ?? 0, last?.count ?? 0) < driftSamplesLeast || early === undefined || late === undefined)
    return undefined;
  if (late <= early * driftFactor + driftSpareMs) return undefined;
  return `drift: p(95) of a change went from ${early.toFixed(1)} to ${late.toFixed(1)} ms`;
}

function limitsOf({ metrics }: K6Summary, load: Load): string[] {
  const limits: string[] = [];
  const dropped = metrics.dropped_iterations?.values.count ?? 0;
  if (dropped > 0) limits.push(`${dropped} iterations were dropped: no virtual user was free for them`);
  if (load.coresBusiest > load.coresThere * busyShare)
    limits.push(`it took ${load.coresBusiest.toFixed(1)} of ${load.coresThere} cores`);
  const lag = metrics.loadgen_lag_ms?.values["p(95)"] ?? 0;
  if (lag > lagMostMs) limits.push(`its own timers were late by ${Math.round(lag)} ms at p(95)`);
  const late = metrics.userstatus_late?.values.count ?? 0;
  if (late > 0) limits.push(`${late} watchers were not there when changes began: give --ramp more`);
  return limits;
}
