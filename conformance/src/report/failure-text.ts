// A failure as text: everything that ends an investigation, from the requirement to the command that shows it again.
import type { Report, ReportedCheck, ReportedRun } from "./model.ts";

/** How to see it again; options that name secrets are left to the reader. */
export function replayCommand(
  report: Pick<Report, "target" | "seed">,
  check: Pick<ReportedCheck, "id">,
  run: Pick<ReportedRun, "transport">,
): string {
  if (report.target.command !== undefined) {
    const protocol = run.transport === "" ? "" : ` --protocol ${run.transport}`;
    return `npx userstatus-conformance client --only '${check.id}'${protocol} -v -- ${report.target.command}`;
  }
  const transport = run.transport === "" ? "" : ` --transport ${run.transport}`;
  const where = [`--url ${report.target.url}`, ...(report.target.options ?? [])].join(" ");
  const command = `npx userstatus-conformance run ${where} --only '${check.id}' --seed ${report.seed}`;
  return `${command}${transport} -v  (and your token options)`;
}

/** Several lines, indented. */
export function failureText(report: Pick<Report, "target" | "seed">, check: ReportedCheck, run: ReportedRun): string {
  const lines = [
    `${run.outcome} ${check.id}${run.transport === "" ? "" : ` over ${run.transport}`}`,
    `  requirement  ${check.requirement} (${check.level}), SPEC.md §${check.section} ${check.sectionTitle}`,
    `  it says      ${check.text}`,
    `  source       ${check.source}`,
    `  the check    ${check.title}`,
  ];
  if (run.failure !== undefined) {
    lines.push(
      `  about        ${run.failure.what}`,
      `  expected     ${run.failure.expected}`,
      `  got          ${run.failure.got}`,
    );
    if (run.failure.exchange.length > 0)
      lines.push("  last exchange", ...run.failure.exchange.map((line) => `    ${line}`));
  }
  if (run.reason !== undefined) lines.push(`  why          ${run.reason}`);
  if (run.failure?.command !== undefined)
    lines.push("  last call", ...run.failure.command.split("\n").map((line) => `    ${line}`));
  lines.push(`  again        ${replayCommand(report, check, run)}`);
  return lines.join("\n");
}
