import { readFileSync } from "node:fs";
import { join } from "node:path";
import { expect, test } from "vitest";
import { between, merged } from "./publish.ts";
import { goalsMarkdown, type Results, tableMarkdown } from "./table.ts";

const root = join(import.meta.dirname, "../..");
const text = (path: string): string => readFileSync(join(root, path), "utf8");

test("README and the page show what was measured last", () => {
  const results = JSON.parse(text("docs/benchmarks.json")) as Results;
  expect(text("README.md")).toBe(between(text("README.md"), goalsMarkdown(results)));
  expect(text("docs/benchmarks.md")).toBe(between(text("docs/benchmarks.md"), tableMarkdown(results)));
});

test("rows that were measured now take the place of older ones, and new ones come last", () => {
  const row = (name: string, ours: number) => ({ name, ours }) as Results["costs"][number];
  const results = (...costs: Results["costs"]): Results =>
    ({ machine: { cpu: "x" }, rows: [], costs }) as unknown as Results;
  expect(merged(results(row("a", 1), row("b", 1)), results(row("c", 2), row("a", 2))).costs).toEqual([
    row("a", 2),
    row("b", 1),
    row("c", 2),
  ]);
});

test("a text without a place for it is refused", () => {
  expect(() => between("nothing", "table")).toThrow("bench:start");
});
