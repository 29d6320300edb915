// The readable form of the published outcome, docs/proof/kill-matrix.md. Pure.
import { type Requirement, requirements } from "@userstatus/protocol";
import { killers } from "../job.ts";
import { type Mutant, requirementOf } from "../mutant.ts";
import type { Variant } from "../variants/variant.ts";
import { grouped, type JudgedVariant, type Matrix, summaryLine, totalsOf } from "./matrix.ts";

export interface PageInput {
  readonly matrix: Matrix;
  readonly mutants: readonly Mutant[];
  readonly variants: readonly Variant[];
  /** Ids of all checks of the suite. */
  readonly checks: readonly string[];
}

export function page(input: PageInput): string {
  const { mutants: m, variants: v } = totalsOf(input.matrix);
  const { mutants, variants } = input.matrix;
  return [
    "# Kill matrix",
    "",
    "Made by `npm run proof -- --publish` from [kill-matrix.json](kill-matrix.json). How to read it: [README](README.md).",
    "",
    `**${summaryLine(input.matrix)}**`,
    "",
    `- ${m} mutants, seed \`${mutants.seed}\`, judged by ${mutants.scope === "all" ? "every check" : "the checks of their own requirements"}.`,
    `- ${v} unusual servers, ${variants.rounds} ${variants.rounds === 1 ? "round" : "rounds"}${variants.versions === undefined ? "" : ` over ${variants.versions} versions of the code`}, seed \`${variants.seed}\`, ${variants.conditions}.`,
    "",
    ...sections(input),
    ...neverKilled(input),
    ...collateral(input),
    ...unusual(input),
  ].join("\n");
}

function sections({ matrix, mutants }: PageInput): string[] {
  const lines = ["## Mutants by requirement", ""];
  let section = "";
  for (const requirement of requirements) {
    const own = mutants.filter((mutant) => requirementOf(mutant) === requirement.id);
    if (requirement.part === "client") continue;
    if (requirement.section !== section) {
      section = requirement.section;
      lines.push(
        `### §${section} ${requirement.sectionTitle}`,
        "",
        "| mutant | defect | killed by |",
        "| --- | --- | --- |",
      );
    }
    if (own.length === 0) lines.push(`| \`${requirement.id}\` | – | ${whyNone(requirement)} |`);
    for (const { id, defect } of own) lines.push(`| \`${id}\` | ${cell(defect)} | ${killersCell(id, matrix)} |`);
    if (isLastOfSection(requirement)) lines.push("");
  }
  return lines;
}

function whyNone({ unobservable, level }: Requirement): string {
  if (unobservable !== undefined) return `unobservable: ${cell(unobservable)}`;
  return level === "MUST" ? "**no mutant**" : `${level}: no mutant asked for`;
}

function isLastOfSection(requirement: Requirement): boolean {
  const next = requirements[requirements.indexOf(requirement) + 1];
  return next === undefined || next.section !== requirement.section;
}

function killersCell(id: string, { mutants }: Matrix): string {
  const byProfile = Object.entries(mutants.failed[id] ?? {});
  if (byProfile.length === 0) return "not run";
  const byKillers = new Map<string, string[]>();
  for (const [profile, failed] of byProfile) {
    const by = killers({ id, failed }).map((check) => check.slice(check.indexOf("/") + 1));
    const text = by.length === 0 ? "**survived**" : by.join(", ");
    byKillers.set(text, [...(byKillers.get(text) ?? []), profile]);
  }
  return [...byKillers].map(([text, profiles]) => `${profiles.join(", ")}: ${text}`).join("; ");
}

function failedBy(matrix: Matrix): { id: string; check: string }[] {
  return Object.entries(matrix.mutants.failed).flatMap(([id, byProfile]) =>
    [...new Set(Object.values(byProfile).flat())].map((check) => ({ id, check })),
  );
}

function neverKilled({ matrix, checks }: PageInput): string[] {
  const killing = new Set(failedBy(matrix).flatMap(({ id, check }) => killers({ id, failed: [check] })));
  const idle = checks.filter((check) => !killing.has(check)).toSorted();
  return [
    "## Checks that killed no mutant of their requirement",
    "",
    `${idle.length} of ${checks.length}. Each decides a case that no mutant here breaks alone; it may have failed for mutants of other requirements.`,
    "",
    idle.map((check) => `\`${check}\``).join(", "),
    "",
  ];
}

function collateral({ matrix }: PageInput): string[] {
  if (matrix.mutants.scope !== "all") return [];
  const foreign = failedBy(matrix).filter(({ id, check }) => killers({ id, failed: [check] }).length === 0);
  const byMutant = new Map<string, string[]>();
  for (const { id, check } of foreign) byMutant.set(id, [...(byMutant.get(id) ?? []), check]);
  return [
    "## Collateral failures",
    "",
    "Checks of other requirements that a mutant fails, too. They count for nothing.",
    "",
    "| mutant | checks | of which |",
    "| --- | --- | --- |",
    ...[...byMutant].map(([id, list]) => {
      const names = list.slice(0, 12);
      return `| \`${id}\` | ${list.length} | ${names.join(", ")}${list.length > names.length ? ", …" : ""} |`;
    }),
    "",
  ];
}

function unusual({ matrix, variants }: PageInput): string[] {
  return [
    "## Unusual servers",
    "",
    "| server | why it is right | profiles | runs | checks passed | false failures | flakes | undecided |",
    "| --- | --- | --- | --- | --- | --- | --- | --- |",
    ...variants.map(({ id, why }) => {
      const byProfile = Object.entries(matrix.variants.judged[id] ?? {});
      const sum = (of: (one: JudgedVariant) => number): string =>
        grouped(byProfile.reduce((total, [, one]) => total + of(one), 0));
      const list = (of: (one: JudgedVariant) => Readonly<Record<string, number>>): string => {
        const found = byProfile.flatMap(([, one]) =>
          Object.entries(of(one)).map(([check, times]) => `${check} ${times}`),
        );
        return found.length === 0 ? "0" : found.join(", ");
      };
      const profiles = byProfile.map(([profile]) => profile).join(", ") || "not run";
      return `| \`${id}\` | ${cell(why)} | ${profiles} | ${sum(({ runs }) => runs)} | ${sum(({ passed }) => passed)} | ${list(({ wrong }) => wrong)} | ${list(({ flaky }) => flaky)} | ${list(({ undecided }) => undecided)} |`;
    }),
    "",
  ];
}

function cell(text: string): string {
  return text.replaceAll("|", "\\|").replaceAll("\n", " ");
}
