// Writes what was measured to docs/benchmarks.json, its page, and the table in README.
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { goalsMarkdown, type Results, tableMarkdown } from "./table.ts";

/** Rows that were measured now take the place of those of the same name; the others stay. */
export function publish(root: string, measured: Results): Results {
  const path = join(root, "docs/benchmarks.json");
  const kept = existsSync(path) ? (JSON.parse(readFileSync(path, "utf8")) as Results) : undefined;
  const results = merged(kept, measured);
  writeFileSync(path, `${JSON.stringify(results, null, 2)}\n`);
  put(join(root, "docs/benchmarks.md"), tableMarkdown(results));
  put(join(root, "README.md"), goalsMarkdown(results));
  return results;
}

export function merged(kept: Results | undefined, measured: Results): Results {
  if (!kept) return measured;
  return {
    machine: measured.machine,
    rows: mergedRows(kept.rows, measured.rows),
    costs: mergedRows(kept.costs, measured.costs),
  };
}

function mergedRows<Row extends { readonly name: string }>(kept: readonly Row[], measured: readonly Row[]): Row[] {
  const byName = new Map(measured.map((row) => [row.name, row]));
  const rows = kept.map((row) => byName.get(row.name) ?? row);
  return [...rows, ...measured.filter(({ name }) => !kept.some((row) => row.name === name))];
}

function put(path: string, table: string): void {
  writeFileSync(path, between(readFileSync(path, "utf8"), table));
}

/** The text with the table between its markers. */
export function between(text: string, table: string, name = "bench"): string {
  const [start, end] = [`<!-- ${name}:start -->`, `<!-- ${name}:end -->`];
  const [from, to] = [text.indexOf(start), text.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`no ${start} … ${end}`);
  return `${text.slice(0, from + start.length)}\n\n${table.trim()}\n\n${text.slice(to)}`;
}
