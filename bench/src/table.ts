// The results as text for people and as JSON for programs.
import type { Row } from "./fanout.ts";

export interface Results {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string; readonly pinned: boolean };
  readonly rows: readonly Row[];
}

const columns: readonly (readonly [title: string, of: (row: Row) => string])[] = [
  ["what", ({ name }) => name],
  ["watchers", ({ watchers }) => String(watchers)],
  ["connections", ({ connections }) => String(connections)],
  ["µs each", ({ serverUs }) => serverUs.toFixed(1)],
  ["floor µs", ({ floorUs }) => floorUs.toFixed(1)],
  ["× floor", ({ ofFloor }) => ofFloor.toFixed(2)],
  ["goal", ({ goal }) => `≤ ${goal}`],
  ["", ({ ofFloor, goal }) => (ofFloor <= goal ? "met" : "missed")],
  ["naive ÷ ours", ({ timesNaive }) => (timesNaive === undefined ? "" : timesNaive.toFixed(1))],
  ["statuses per frame", ({ perFrame }) => perFrame.toFixed(1)],
  ["load", ({ loadShare }) => `${Math.round(loadShare * 100)} %`],
];

export function tableText({ machine, rows }: Results): string {
  const lines = [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, of]) => of(row)))];
  const widths = columns.map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const text = lines.map((line) =>
    line
      .map((cell, at) => cell.padEnd(widths[at] ?? 0))
      .join("  ")
      .trimEnd(),
  );
  const { cpu, cores, node, pinned } = machine;
  return [
    ...text,
    `${cpu}, ${cores} cores, Node ${node}${pinned ? ", server on core 0, load on core 1" : ", not pinned"}`,
  ].join("\n");
}

export function tableMarkdown({ machine, rows }: Results): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  return [
    line(columns.map(([title]) => title)),
    line(columns.map(() => "---")),
    ...rows.map((row) => line(columns.map(([, of]) => of(row)))),
    "",
    `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}. CPU of the server for each status delivered, medians of ${rows[0]?.turns ?? 0} turns.`,
    "",
  ].join("\n");
}
