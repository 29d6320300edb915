// Failures as workflow commands: lines that GitHub shows as annotations of a run. Pure.
import type { Report } from "./model.ts";
import { sentenceOf, troublesOf } from "./troubles.ts";

/** GitHub shows ten annotations of a kind for each step. */
const shownMax = 10;

/** One line for each of the worst failures, and one for the verdict. */
export function toGitHub(report: Report): string {
  const troubles = troublesOf(report);
  const lines = troubles.slice(0, shownMax - 1).map((trouble) => {
    const kind = trouble.run.outcome === "WARN" || trouble.run.outcome === "FLAKY" ? "warning" : "error";
    const { id, requirement, section } = trouble.check;
    return command(
      kind,
      `${trouble.run.outcome} ${id}`,
      `${sentenceOf(trouble)} [${requirement}, SPEC.md §${section}]`,
    );
  });
  const { PASS, FAIL } = report.counts.requirements;
  const said = `${report.profile}: ${PASS} requirements kept, ${FAIL} broken`;
  const kind = { CONFORMANT: "notice", INCOMPLETE: "warning", NON_CONFORMANT: "error" }[report.verdict];
  return [...lines, command(kind, report.verdict, said), ""].join("\n");
}

function command(kind: string, title: string, message: string): string {
  const property = escaped(title).replaceAll(":", "%3A").replaceAll(",", "%2C");
  return `::${kind} title=${property}::${escaped(message)}`;
}

function escaped(text: string): string {
  return text.replaceAll("%", "%25").replaceAll("\r", "%0D").replaceAll("\n", "%0A");
}
