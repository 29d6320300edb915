// The report as JUnit XML: a suite for each section, a case for each check and transport. WARN passes with a note,
// as CI knows no warnings.
import { failureText } from "./failure-text.ts";
import type { Report, ReportedCheck, ReportedRun } from "./model.ts";

export function toJUnit(report: Report): string {
  const sections = new Map<string, ReportedCheck[]>();
  for (const check of report.checks) {
    const name = `§${check.section} ${check.sectionTitle}`;
    sections.set(name, [...(sections.get(name) ?? []), check]);
  }
  const suites = [...sections].map(([name, checks]) => suiteXml(report, name, checks));
  const head = attributes({
    name: `${report.suite.name} ${report.profile}: ${report.verdict}`,
    ...totals(report.checks),
  });
  return ['<?xml version="1.0" encoding="UTF-8"?>', `<testsuites${head}>`, ...suites, "</testsuites>", ""].join("\n");
}

function suiteXml(report: Report, name: string, checks: readonly ReportedCheck[]): string {
  const head = attributes({ name, timestamp: report.startedAt, ...totals(checks) });
  const cases = checks.flatMap((check) => check.runs.map((run) => caseXml(report, check, run)));
  return [`  <testsuite${head}>`, ...cases, "  </testsuite>"].join("\n");
}

function caseXml(report: Report, check: ReportedCheck, run: ReportedRun): string {
  const name = run.transport === "" ? check.id : `${check.id} [${run.transport}]`;
  const head = attributes({ name, classname: `${report.profile}.${check.requirement}`, time: seconds(run.durationMs) });
  const body = bodyXml(report, check, run);
  return body === "" ? `    <testcase${head}/>` : `    <testcase${head}>\n      ${body}\n    </testcase>`;
}

function bodyXml(report: Report, check: ReportedCheck, run: ReportedRun): string {
  const message =
    run.failure === undefined
      ? (run.reason ?? "")
      : `${run.failure.what}. Expected ${run.failure.expected}, got ${run.failure.got}`;
  const text = escapeXml(failureText(report, check, run));
  switch (run.outcome) {
    case "PASS":
      return "";
    case "FAIL":
    case "FLAKY":
      return `<failure${attributes({ type: run.outcome, message })}>${text}</failure>`;
    case "ERROR":
      return `<error${attributes({ type: "ERROR", message })}/>`;
    case "WARN":
      return `<system-out>${text}</system-out>`;
    case "NOT_APPLICABLE":
    case "NOT_TESTABLE":
      return `<skipped${attributes({ message: `${run.outcome}: ${message}` })}/>`;
  }
}

function totals(checks: readonly ReportedCheck[]): Record<string, string> {
  const runs = checks.flatMap((check) => check.runs);
  const count = (...of: ReportedRun["outcome"][]): string =>
    String(runs.filter(({ outcome }) => of.includes(outcome)).length);
  return {
    tests: String(runs.length),
    failures: count("FAIL", "FLAKY"),
    errors: count("ERROR"),
    skipped: count("NOT_APPLICABLE", "NOT_TESTABLE"),
    time: seconds(runs.reduce((sum, { durationMs }) => sum + durationMs, 0)),
  };
}

function seconds(ms: number): string {
  return (ms / 1000).toFixed(3);
}

function attributes(of: Readonly<Record<string, string>>): string {
  return Object.entries(of)
    .map(([name, value]) => ` ${name}="${escapeXml(value)}"`)
    .join("");
}

/** Also drops what XML 1.0 can't hold. */
export function escapeXml(text: string): string {
  return text
    .replace(/[^\t\n\r\u0020-\ud7ff\ue000-\ufffd\u{10000}-\u{10ffff}]/gu, "\ufffd")
    .replace(/&/g, "&amp;")
    .replace(/</g, "&lt;")
    .replace(/>/g, "&gt;")
    .replace(/"/g, "&quot;");
}
