// `render`: a report that was kept as JSON, in other forms, without running anything.
import { readFileSync } from "node:fs";
import { failureText } from "../report/failure-text.ts";
import { fromJsonText } from "../report/json.ts";
import type { Report } from "../report/model.ts";
import { summaryText } from "../report/summary.ts";
import { UsageError } from "../run/options.ts";
import { exitCodes } from "../run/verdict.ts";
import type { Console } from "./console.ts";
import { type FormFlags, takesOutput, writeForms } from "./report-files.ts";

/** Exit code: that of the report's verdict. Throws UsageError for what is no report of this suite. */
export function renderCommand(path: string, flags: FormFlags, console: Console): number {
  const report = read(path);
  const sink = takesOutput(flags) ? console.error : console.out;
  for (const check of report.checks) {
    for (const run of check.runs) {
      if (["FAIL", "WARN", "FLAKY", "ERROR"].includes(run.outcome))
        sink.write(`${failureText(report, check, run)}\n\n`);
    }
  }
  sink.write(`${summaryText(report)}\n`);
  writeForms(report, flags, console);
  return exitCodes[report.verdict];
}

function read(path: string): Report {
  try {
    return fromJsonText(readFileSync(path === "-" ? 0 : path, "utf8"));
  } catch (error) {
    throw new UsageError(`can't read the report ${path}: ${error instanceof Error ? error.message : String(error)}`);
  }
}
