// What k6 measured, judged: thresholds, drift, and whether k6 itself was the limit.
import type { Script } from "./scripts.ts";

export interface Metric {
  readonly type: string;
  readonly values: Readonly<Record<string, number>>;
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
}

/** What k6 hands to `handleSummary`, as far as it is looked at. */
export interface K6Summary {
  readonly metrics: Readonly<Record<string, Metric>>;
}

export interface Load {
  /** Cores that k6 kept busy, on average. */
  readonly cores: number;
  readonly coresThere: number;
}

export interface Verdict {
  readonly failed: readonly string[];
  /** Why k6 was the limit; empty: it was not. */
  readonly limits: readonly string[];
}

/** Beyond this share of all cores k6 waits for the processor, and so does what it times. */
const busyShare = 0.8;
/** The last fifth of a soak may be this much slower than the first, and so many milliseconds. */
const driftFactor = 2;
const driftSpareMs = 20;

export function judge(script: Script, { metrics }: K6Summary, load: Load): Verdict {
  const failed = Object.entries(metrics).flatMap(([name, { thresholds = {} }]) =>
    Object.entries(thresholds)
      .filter(([, { ok }]) => !ok)
      .map(([expression]) => `${name}: ${expression}`),
  );
  if (script.name === "soak") {
    const [early, late] = ["early", "late"].map((part) => metrics[`userstatus_publish_${part}_ms`]?.values["p(95)"]);
    if (early !== undefined && late !== undefined && late > early * driftFactor + driftSpareMs)
      failed.push(`drift: p(95) of a change went from ${early.toFixed(1)} to ${late.toFixed(1)} ms`);
  }
  const limits: string[] = [];
  const dropped = metrics.dropped_iterations?.values.count ?? 0;
  if (dropped > 0) limits.push(`${dropped} iterations were dropped: no virtual user was free for them`);
  if (load.cores > load.coresThere * busyShare)
    limits.push(`k6 took ${load.cores.toFixed(1)} of ${load.coresThere} cores`);
  return { failed, limits };
}

export function tableOf(script: Script, { metrics }: K6Summary): string {
  const lines = script.rows.flatMap(([name, title]) => {
    const metric = metrics[name];
    return metric ? [[title, told(metric)]] : [];
  });
  const width = Math.max(0, ...lines.map(([title = ""]) => title.length));
  return lines.map(([title = "", value]) => `  ${title.padEnd(width)}  ${value}`).join("\n");
}

function told({ type, values }: Metric): string {
  if (type === "counter") return String(values.count ?? 0);
  if (type === "rate") return `${((values.rate ?? 0) * 100).toFixed(1)} %`;
  if ((values.count ?? 1) === 0) return "–";
  const shown = ["min", "med", "p(95)", "p(99)", "max"].map((name) => `${name} ${ms(values[name])}`);
  return `${shown.join("  ")}  (${values.count ?? "?"})`;
}

function ms(value: number | undefined): string {
  if (value === undefined) return "–";
  return value >= 1000 ? `${(value / 1000).toFixed(2)} s` : `${value.toFixed(value < 10 ? 1 : 0)} ms`;
}
