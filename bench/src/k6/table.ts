// The end of a run in words.
import type { Script } from "./scripts.ts";
import type { Load } from "./verdict.ts";

export interface Metric {
  readonly type: string;
  readonly values: Readonly<Record<string, number>>;
  readonly thresholds?: Readonly<Record<string, { readonly ok: boolean }>>;
}

/** What k6 hands to `handleSummary`, as far as it is looked at. */
export interface K6Summary {
  readonly metrics: Readonly<Record<string, Metric>>;
}

export function tableOf(script: Script, { metrics }: K6Summary): string {
  const lines = script.rows.flatMap(([name, title]) => {
    const metric = metrics[name];
    return metric ? [[title, told(metric)]] : [];
  });
  const width = Math.max(0, ...lines.map(([title = ""]) => title.length));
  return lines.map(([title = "", value]) => `  ${title.padEnd(width)}  ${value}`).join("\n");
}

export function loadText({ metrics }: K6Summary, { cores, coresBusiest, coresThere }: Load): string {
  const lag = metrics.loadgen_lag_ms?.values["p(95)"];
  const late = lag === undefined ? "" : `, its timers ${ms(lag)} late at p(95)`;
  return `  k6 took ${cores.toFixed(2)} of ${coresThere} cores, ${coresBusiest.toFixed(2)} in its busiest 5 s${late}`;
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
