// The results as text for people and as JSON for programs.
import type { CostRow } from "./costs/sides.ts";
import type { Row } from "./fanout.ts";

export interface Results {
  readonly machine: { readonly cpu: string; readonly cores: number; readonly node: string; readonly pinned: boolean };
  readonly rows: readonly Row[];
  readonly costs: readonly CostRow[];
}

const columns: readonly (readonly [title: string, of: (row: Row) => string])[] = [
  ["what", ({ name }) => name],
  ["watchers", ({ watchers }) => String(watchers)],
  ["connections", ({ connections }) => String(connections)],
  ["µs each", ({ serverUs }) => serverUs.toFixed(1)],
  ["floor µs", ({ floorUs }) => floorUs.toFixed(1)],
  ["× floor", ({ ofFloor }) => ofFloor.toFixed(2)],
  ["goal", ({ goal }) => (goal === undefined ? "" : `≤ ${goal}`)],
  ["", metFloor],
  ["naive ÷ ours", ({ timesNaive }) => (timesNaive === undefined ? "" : timesNaive.toFixed(1))],
  ["statuses per frame", ({ perFrame }) => perFrame.toFixed(1)],
  ["load", ({ loadShare }) => `${Math.round(loadShare * 100)} %`],
];

const costColumns: readonly (readonly [title: string, of: (row: CostRow) => string])[] = [
  ["what", ({ name }) => name],
  ["ours", ({ ours, unit }) => `${figure(ours)} ${unit}`],
  ["peer", ({ peer, peerName }) => `${figure(peer)} (${peerName})`],
  ["measured", ({ value, measure }) => `${value.toFixed(2)} ${measure}`],
  ["goal", goalOf],
  ["", met],
];

function figure(value: number): string {
  return value >= 100 ? value.toFixed(0) : value.toFixed(1);
}

type Lines = readonly (readonly string[])[];

function linesOf<T>(columns: readonly (readonly [string, (row: T) => string])[], rows: readonly T[]): Lines {
  if (rows.length === 0) return [];
  return [columns.map(([title]) => title), ...rows.map((row) => columns.map(([, of]) => of(row)))];
}

export function tableText({ machine, rows, costs }: Results): string {
  const { cpu, cores, node, pinned } = machine;
  const tables = [linesOf(columns, rows), linesOf(costColumns, costs)].filter((lines) => lines.length > 0);
  const where = `${cpu}, ${cores} cores, Node ${node}${pinned ? ", servers on core 0, load on core 1" : ", not pinned"}`;
  return [...tables.map(aligned), where].join("\n\n");
}

function aligned(lines: Lines): string {
  const widths = (lines[0] ?? []).map((_, at) => Math.max(...lines.map((line) => line[at]?.length ?? 0)));
  const padded = lines.map((line) => line.map((cell, at) => cell.padEnd(widths[at] ?? 0)).join("  "));
  return padded.map((line) => line.trimEnd()).join("\n");
}

export function tableMarkdown({ machine, rows, costs }: Results): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const table = ([head = [], ...body]: Lines): string => [head, head.map(() => "---"), ...body].map(line).join("\n");
  const tables = [linesOf(columns, rows), linesOf(costColumns, costs)].filter((lines) => lines.length > 0);
  const turns = rows[0] ? `, medians of ${rows[0].turns} turns` : "";
  const where = `${machine.cpu}, ${machine.cores} cores, Node ${machine.node}. CPU of the server for each status, call or opening${turns}.`;
  return `${[...tables.map(table), where].join("\n\n")}\n`;
}

/** What was asked for and what was found, in a few columns. */
export function goalsMarkdown({ rows, costs, machine }: Results): string {
  const line = (cells: readonly string[]): string => `| ${cells.join(" | ")} |`;
  const lines = [
    ["what", "measured", "goal", ""],
    ["---", "---", "---", "---"],
    ...rows.map(({ name, ofFloor, goal }) => [
      name,
      `${ofFloor.toFixed(2)} × the raw floor`,
      goal === undefined ? "" : `≤ ${goal}`,
      metFloor({ ofFloor, goal }),
    ]),
    ...costs.map((row) => [row.name, `${row.value.toFixed(2)} ${row.measure}`, goalOf(row), met(row)]),
  ];
  return `${lines.map(line).join("\n")}\n\n${machine.cpu}, ${machine.cores} cores, Node ${machine.node}.\n`;
}

function metFloor({ ofFloor, goal }: { readonly ofFloor: number; readonly goal?: number | undefined }): string {
  if (goal === undefined) return "";
  return ofFloor <= goal ? "met" : "missed";
}

function goalOf({ goal, sense }: CostRow): string {
  return goal === undefined ? "" : `${sense === "least" ? "≥" : "≤"} ${goal}`;
}

function met({ value, goal, sense }: CostRow): string {
  if (goal === undefined) return "";
  return (sense === "least" ? value >= goal : value <= goal) ? "met" : "missed";
}
