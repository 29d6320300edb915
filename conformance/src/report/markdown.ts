// The report as Markdown, for the summary page of a CI run. Pure.
import { spoken } from "../units.ts";
import { replayCommand } from "./failure-text.ts";
import type { Report } from "./model.ts";
import { sectionsOf, sentenceOf, type Trouble, troublesOf } from "./troubles.ts";

/** Failures shown whole; CI systems cut what is longer than they like. */
const shownMax = 50;

export function toMarkdown(report: Report): string {
  const { verdict, target, profile, tier, durationMs, seed, counts, partial, notices, transports } = report;
  const troubles = troublesOf(report);
  const { PASS, FAIL, NOT_TESTABLE } = counts.requirements;
  const name = cell([target.serverName, target.serverVersion].filter(Boolean).join(" ") || "a server");
  const subject = `${name} at ${code(target.command ?? target.url)}`;
  const circumstances =
    target.command === undefined
      ? `Profile ${code(profile)}, clock tier ${tier}, ${spoken(durationMs)}, seed ${code(seed)}.`
      : `A client, over ${transports.join(", ")}, ${spoken(durationMs)}.`;
  const lines = [
    `## ${icon(verdict)} ${verdict}${partial.length > 0 ? " (partial)" : ""}`,
    "",
    `${subject}: **${PASS}** requirements kept, **${FAIL}** broken, ${NOT_TESTABLE} not testable. ${circumstances}`,
    ...[...partial.map((reason) => `partial: ${reason}`), ...notices].map((line) => `\n> ${cell(line)}`),
    "",
    ...troubles.slice(0, shownMax).flatMap((trouble) => troubleLines(report, trouble)),
    ...(troubles.length > shownMax ? [`… and ${troubles.length - shownMax} more.`, ""] : []),
    "| section | checks | passed | failed | other |",
    "|---|--:|--:|--:|--:|",
    ...sectionsOf(report).map(({ name, total, counts: of }) => {
      const [passed, failed] = [of.get("PASS") ?? 0, of.get("FAIL") ?? 0];
      return `| ${cell(name)} | ${total} | ${passed} | ${failed === 0 ? "" : `**${failed}**`} | ${total - passed - failed || ""} |`;
    }),
    "",
  ];
  return lines.join("\n");
}

function troubleLines(report: Report, trouble: Trouble): string[] {
  const { check, run } = trouble;
  return [
    `<details><summary><b>${run.outcome}</b> <code>${html(check.id)}</code>${run.transport === "" ? "" : ` over ${html(run.transport)}`}: ${html(sentenceOf(trouble))}</summary>`,
    "",
    `**${check.requirement}** (${check.level}, SPEC.md §${check.section}): ${cell(check.text)}`,
    "",
    ...(run.failure?.exchange.length ? [fenced(run.failure.exchange.join("\n")), ""] : []),
    fenced(replayCommand(report, check, run)),
    "",
    "</details>",
    "",
  ];
}

function icon(verdict: Report["verdict"]): string {
  return { CONFORMANT: "✅", NON_CONFORMANT: "❌", INCOMPLETE: "⚠️" }[verdict];
}

function html(text: string): string {
  return text.replaceAll("&", "&amp;").replaceAll("<", "&lt;").replaceAll(">", "&gt;").replaceAll(/\s+/g, " ");
}

/** Text of a server in a table or a line: no markup of its own takes effect. */
function cell(text: string): string {
  return html(text).replaceAll(/[\\`*_|[\]]/g, (mark) => `\\${mark}`);
}

function code(text: string): string {
  return `<code>${html(text)}</code>`;
}

/** A fence that is longer than any inside. */
function fenced(text: string): string {
  const longest = Math.max(2, ...[...text.matchAll(/`+/g)].map(([run]) => run.length));
  const fence = "`".repeat(longest + 1);
  return `${fence}text\n${text}\n${fence}`;
}
