// Writes a report in the forms that were asked for; `run` and `render` share it.
import { writeFileSync } from "node:fs";
import type { Command } from "commander";
import { toBadge } from "../report/badge.ts";
import { toGitHub } from "../report/github.ts";
import { toHtml } from "../report/html.ts";
import { toJsonText } from "../report/json.ts";
import { toJUnit } from "../report/junit.ts";
import { toMarkdown } from "../report/markdown.ts";
import type { Report } from "../report/model.ts";
import { UsageError } from "../run/options.ts";
import type { Console } from "./console.ts";

export interface FormFlags {
  readonly json?: string;
  readonly junit?: string;
  readonly html?: string;
  readonly markdown?: string;
  readonly badge?: string;
  readonly github?: boolean;
}

export function addFormOptions(command: Command): Command {
  return command
    .option("--json <file>", "write the report as JSON; - is standard output")
    .option("--junit <file>", "write the report as JUnit XML; - is standard output")
    .option("--html <file>", "write the report as one self-contained page")
    .option("--markdown <file>", "write the report as Markdown, as for $GITHUB_STEP_SUMMARY; - is standard output")
    .option("--badge <file>", "write the verdict as JSON for a badge (shields.io endpoint)")
    .option("--github", "print failures as annotations of a GitHub workflow");
}

/** Whether standard output belongs to a report. Throws UsageError where two would share it. */
export function takesOutput({ json, junit, markdown }: FormFlags): boolean {
  const taking = [json, junit, markdown].filter((path) => path === "-").length;
  if (taking > 1) throw new UsageError("only one report can be written to standard output");
  return taking === 1;
}

export function writeForms(report: Report, flags: FormFlags, console: Console): void {
  const forms: readonly (readonly [path: string | undefined, form: (report: Report) => string])[] = [
    [flags.json, toJsonText],
    [flags.junit, toJUnit],
    [flags.html, toHtml],
    [flags.markdown, toMarkdown],
    [flags.badge, toBadge],
  ];
  for (const [path, form] of forms) {
    if (path === "-") console.out.write(form(report));
    else if (path !== undefined) writeFileSync(path, form(report));
  }
  // A workflow reads annotations from either stream.
  if (flags.github === true) (takesOutput(flags) ? console.error : console.out).write(toGitHub(report));
}
