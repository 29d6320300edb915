// The cost model as a table, for people.
import type { Model } from "./fit.ts";

export interface Modelled {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string };
  readonly models: readonly Model[];
}

const heads = [
  "transport",
  "a change, whoever watches, µs",
  "a status to one watcher, µs",
  "in great bursts, µs",
  "a write of a burst, µs",
  "bytes",
  "off by at most",
];

export function modelMarkdown({ machine, models }: Modelled): string {
  const rows = models.map((model) => [
    model.transport,
    model.change.toFixed(0),
    model.status.toFixed(1),
    model.statusInBurst.toFixed(1),
    model.write.toFixed(1),
    model.statusBytes.toFixed(0),
    `${(model.offBy * 100).toFixed(0)} %, bursts ${(model.burstsOffBy * 100).toFixed(0)} %`,
  ]);
  const table = [heads, heads.map(() => "---"), ...rows].map((cells) => `| ${cells.join(" | ")} |`);
  return [...table, "", `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}.`].join("\n");
}
