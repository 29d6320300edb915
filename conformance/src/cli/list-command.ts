// `list` and `explain`: what the suite asks for, without asking anybody.
import { findRequirement, type Requirement, requirements } from "@userstatus/protocol";
import { UsageError } from "../run/options.ts";
import { type CatalogueEntry, catalogue, clientCatalogue, matching } from "./catalogue.ts";
import type { Console } from "./console.ts";

export function listCommand(pattern: string | undefined, flags: { readonly json?: boolean }, console: Console): number {
  // Checks of clients are of another kind of run: they are listed where a pattern asks for them.
  const entries = matching(pattern === undefined ? catalogue() : [...catalogue(), ...clientCatalogue()], pattern);
  if (entries.length === 0) throw new UsageError(`list ${pattern}: no check or requirement has such an id`);
  if (flags.json === true) {
    console.out.write(`${JSON.stringify(entries.map(entryJson), null, 2)}\n`);
    return 0;
  }
  const rows = entries.map(({ id, title, requirement: { level, section } }) => [
    id,
    level.padEnd(6),
    `§${section}`.padEnd(6),
    title,
  ]);
  const widths = Math.max(...rows.map(([id = ""]) => id.length));
  console.out.write(`${rows.map(([id = "", ...rest]) => [id.padEnd(widths), ...rest].join("  ")).join("\n")}\n`);
  console.out.write(
    `${entries.length} checks of ${new Set(entries.map(({ requirement }) => requirement.id)).size} requirements\n`,
  );
  return 0;
}

function entryJson({ requirement, ...entry }: CatalogueEntry): unknown {
  const { id, level, part, section, sectionTitle, source } = requirement;
  return { ...entry, requirement: id, level, part, section, sectionTitle, source };
}

export function explainCommand(id: string, console: Console): number {
  const entries = [...catalogue(), ...clientCatalogue()];
  const entry = entries.find((candidate) => candidate.id === id);
  if (entry !== undefined) {
    console.out.write(`${checkText(entry)}\n\n${requirementText(entry.requirement, entries)}\n`);
    return 0;
  }
  const requirement = findRequirement(id);
  if (requirement === undefined)
    throw new UsageError(`explain ${id}: no requirement or check has this id${nearest(id, entries)}`);
  console.out.write(`${requirementText(requirement, entries)}\n`);
  return 0;
}

function checkText({ id, title, tools, claims, notes }: CatalogueEntry): string {
  const rows = [
    ["check", id],
    ["it", title],
    ["tools", tools.join(", ")],
    ["claims", claims.join(", ")],
    ["notes", notes.join(", ")],
  ];
  return rows.flatMap(([name = "", text]) => (text === "" ? [] : [`${name.padEnd(12)}${text}`])).join("\n");
}

function requirementText(requirement: Requirement, entries: readonly CatalogueEntry[]): string {
  const { id, level, part, section, sectionTitle, source, text, unobservable } = requirement;
  const own = entries.filter((entry) => entry.requirement.id === id);
  const lines = [
    `requirement ${id} (${level}, ${part}), SPEC.md §${section} ${sectionTitle}`,
    `it says     ${text}`,
    `source      ${source}`,
  ];
  if (unobservable !== undefined) lines.push(`unobservable: ${unobservable}`);
  if (part === "client") lines.push("An obligation of clients: `client` judges it, and no server is judged by it.");
  const width = Math.max(0, ...own.map((entry) => entry.id.length));
  if (own.length > 0) lines.push("its checks");
  lines.push(...own.map((entry) => `  ${entry.id.padEnd(width)}  ${entry.title}`));
  return lines.join("\n");
}

function nearest(id: string, entries: readonly CatalogueEntry[]): string {
  const all = [...requirements.map((requirement) => requirement.id), ...entries.map((entry) => entry.id)];
  const stem = id.split(/[/-]/)[0] ?? "";
  const similar = all.filter((candidate) => stem !== "" && candidate.startsWith(stem)).slice(0, 6);
  return similar.length === 0 ? "" : `; there is ${similar.join(", ")}`;
}
