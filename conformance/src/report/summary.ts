// The end of a run in words: table by section, what was not testable and why, the verdict. Pure.
import type { Outcome } from "../run/outcome.ts";
import { spoken } from "../units.ts";
import type { Report, ReportedCheck } from "./model.ts";

const columns: readonly (readonly [title: string, counted: readonly Outcome[]])[] = [
  ["passed", ["PASS"]],
  ["failed", ["FAIL"]],
  ["warn", ["WARN"]],
  ["flaky", ["FLAKY"]],
  ["error", ["ERROR"]],
  ["not testable", ["NOT_TESTABLE"]],
  ["n.a.", ["NOT_APPLICABLE"]],
];

/** Several lines. */
export function summaryText(report: Report): string {
  const parts = [
    tableText(sectionRows(report.checks)),
    notTestableText(report),
    noticesText(report),
    verdictText(report),
  ];
  return parts.filter((part) => part !== "").join("\n\n");
}

/** Rows of equal width, the first column to the left. */
export function tableText(rows: readonly (readonly string[])[]): string {
  const widths = (rows[0] ?? []).map((_, at) => Math.max(...rows.map((row) => (row[at] ?? "").length)));
  return rows
    .map((row) =>
      row
        .map((cell, at) => (at === 0 ? cell.padEnd(widths[at] ?? 0) : cell.padStart(widths[at] ?? 0)))
        .join("  ")
        .trimEnd(),
    )
    .join("\n");
}

function sectionRows(checks: readonly ReportedCheck[]): string[][] {
  const sections = new Map<string, ReportedCheck[]>();
  for (const check of checks) {
    const name = `§${check.section} ${check.sectionTitle}`;
    sections.set(name, [...(sections.get(name) ?? []), check]);
  }
  const row = (name: string, of: readonly ReportedCheck[]): string[] => [
    name,
    ...columns.map(([, counted]) =>
      String(of.filter(({ outcome }) => counted.includes(outcome)).length).replace(/^0$/, "·"),
    ),
  ];
  return [
    ["checks by section", ...columns.map(([title]) => title)],
    ...[...sections].map(([name, of]) => row(name, of)),
    row("all", checks),
  ];
}

/** Requirements and checks that could not be decided, by reason. */
function notTestableText({ checks }: Report): string {
  const byReason = new Map<string, string[]>();
  for (const check of checks) {
    for (const run of check.runs) {
      if (run.outcome !== "NOT_TESTABLE") continue;
      const reason = run.reason ?? "";
      byReason.set(reason, [...(byReason.get(reason) ?? []), check.id]);
    }
  }
  if (byReason.size === 0) return "";
  return [
    "not testable:",
    ...[...byReason].map(([reason, ids]) => `  ${reason}: ${[...new Set(ids)].join(", ")}`),
  ].join("\n");
}

function noticesText({ notices, died }: Report): string {
  const lines = notices.map((notice) => `note: ${notice}`);
  if (died !== undefined) lines.push(`The server stopped answering at ${died.at}, during: ${died.during.join(", ")}.`);
  return lines.join("\n");
}

/** Two lines or three: what it was, and the verdict. */
export function verdictText(report: Report): string {
  const { counts, profile, tier, durationMs, seed, verdict, partial, target, transports } = report;
  const { PASS, FAIL, WARN, FLAKY, ERROR, NOT_TESTABLE } = counts.requirements;
  const parts = [`${PASS} requirements kept`, `${FAIL} broken`];
  for (const [count, name] of [
    [WARN, "warnings"],
    [FLAKY, "flaky"],
    [ERROR, "faults of the suite"],
    [NOT_TESTABLE, "not testable"],
  ] as const) {
    if (count > 0) parts.push(`${count} ${name}`);
  }
  const client = [target.serverName, target.serverVersion].filter((part) => part !== "").join(" ");
  const lines = [
    target.command === undefined
      ? `profile ${profile}, clock tier ${tier}, ${spoken(durationMs)}, seed ${seed}`
      : `client ${client} over ${transports.join(", ")}, ${spoken(durationMs)}`,
    ...partial.map((reason) => `partial: ${reason}`),
    `${verdict}${partial.length > 0 ? " (partial)" : ""}: ${parts.join(", ")}`,
  ];
  return lines.join("\n");
}
