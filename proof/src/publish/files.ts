// Writes and reads what is published: docs/proof/kill-matrix.json, its page, and the line in README.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { checks } from "@userstatus/conformance";
import { mutants } from "../mutants/index.ts";
import { variants } from "../variants/index.ts";
import { type Matrix, type MutantsPart, summaryLine, type VariantsPart } from "./matrix.ts";
import { page } from "./page.ts";

const start = "<!-- proof:start -->";
const end = "<!-- proof:end -->";

const jsonPath = (root: string): string => join(root, "docs/proof/kill-matrix.json");
const readmePath = (root: string): string => join(root, "README.md");

export function readMatrix(root: string): Matrix {
  return JSON.parse(readFileSync(jsonPath(root), "utf8")) as Matrix;
}

/** Publishes the parts that were run; the other one stays as it was. */
export function publish(root: string, parts: { mutants?: MutantsPart; variants?: VariantsPart }): Matrix {
  const matrix = { ...published(root), ...parts };
  mkdirSync(join(root, "docs/proof"), { recursive: true });
  writeFileSync(jsonPath(root), jsonText(matrix));
  writeFileSync(join(root, "docs/proof/kill-matrix.md"), page({ matrix, mutants, variants, checks: checkIds() }));
  writeFileSync(readmePath(root), withLine(readFileSync(readmePath(root), "utf8"), matrix));
  return matrix;
}

/** README with the line of this matrix between the markers. */
export function withLine(readme: string, matrix: Matrix): string {
  const [from, to] = [readme.indexOf(start), readme.indexOf(end)];
  if (from < 0 || to < from) throw new Error(`README.md has no ${start} … ${end}`);
  return `${readme.slice(0, from + start.length)}\n\n**${summaryLine(matrix)}**\n\n${readme.slice(to)}`;
}

function published(root: string): Matrix {
  const nothing: Matrix = {
    mutants: { seed: "", scope: "own", failed: {}, faults: [] },
    variants: { seed: "", rounds: 0, conditions: "", judged: {}, faults: [] },
  };
  try {
    return { ...nothing, ...readMatrix(root) };
  } catch {
    return nothing;
  }
}

function checkIds(): string[] {
  return checks.map(({ id }) => id);
}

/** One line for each mutant and each variant, so that a diff says what changed. */
function jsonText({ mutants, variants }: Matrix): string {
  const lines = (record: object): string =>
    Object.entries(record)
      .map(([key, value]) => `\n      ${JSON.stringify(key)}: ${JSON.stringify(value)}`)
      .join(",");
  const part = ({ rows, name, ...rest }: { rows: object; name: string }): string =>
    `${JSON.stringify(rest).slice(0, -1)},\n    "${name}": {${lines(rows)}\n    }\n  }`;
  const { failed, ...m } = mutants;
  const { judged, ...v } = variants;
  return `{\n  "mutants": ${part({ rows: failed, name: "failed", ...m })},\n  "variants": ${part({ rows: judged, name: "judged", ...v })}\n}\n`;
}
