// The report as one page that needs nothing else: no network, no framework. Everything that can be read is in the HTML; the
// script only filters and copies. All text that came from a server is escaped. Pure.
import { outcomes } from "../run/outcome.ts";
import { spoken } from "../units.ts";
import { escapeHtml } from "./html-escape.ts";
import { failureHtml } from "./html-failure.ts";
import { pageScript } from "./html-script.ts";
import { pageStyle } from "./html-style.ts";
import { toJsonText } from "./json.ts";
import type { Report, ReportedCheck } from "./model.ts";
import { sectionsOf, troublesOf } from "./troubles.ts";

export function toHtml(report: Report): string {
  const { verdict, profile, target } = report;
  return `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<meta http-equiv="Content-Security-Policy" content="default-src 'none'; style-src 'unsafe-inline'; script-src 'unsafe-inline'; img-src data:">
<meta name="color-scheme" content="light dark">
<link rel="icon" href="data:,">
<title>${escapeHtml(`${verdict}: ${target.command ?? `${profile} at ${target.url}`}`)}</title>
<style>${pageStyle}</style>
</head>
<body>
${head(report)}
<main>
${troublesHtml(report)}
${coverage(report)}
${checksHtml(report)}
</main>
<footer>User Status Protocol ${escapeHtml(report.spec.version)}, suite ${escapeHtml(report.suite.version)}. The sentences that judged: <code>${escapeHtml(report.spec.digest)}</code></footer>
<script type="application/json" id="report">${embedded(report)}</script>
<script>${pageScript}</script>
</body>
</html>
`;
}

function head(report: Report): string {
  const { verdict, partial, target, profile, tier, durationMs, seed, startedAt, counts, notices, died } = report;
  const { PASS, FAIL, WARN, FLAKY, ERROR, NOT_TESTABLE } = counts.requirements;
  const server = [target.serverName, target.serverVersion].filter(Boolean).join(" ") || "a server without a name";
  const figures = [
    ["kept", PASS],
    ["broken", FAIL],
    ["warnings", WARN],
    ["flaky", FLAKY],
    ["faults of the suite", ERROR],
    ["not testable", NOT_TESTABLE],
  ] as const;
  const transports = report.transports.join(", ");
  const when = [
    ["started", startedAt],
    ["took", spoken(durationMs)],
  ] as const;
  const facts =
    target.command === undefined
      ? ([
          ["server", server],
          ["address", target.url],
          ["profile", profile],
          ["clock tier", tier],
          ["transports", transports],
          ["users by", report.usersBy],
          ...when,
          ["seed", seed],
        ] as const)
      : ([["client", server], ["command", target.command], ["protocols", transports], ...when] as const);
  const notes = [...partial.map((reason) => `Partial: ${reason}`), ...notices];
  if (died !== undefined) notes.push(`The server stopped answering at ${died.at}, during: ${died.during.join(", ")}`);
  return `<header class="${verdict.toLowerCase()}">
<p class="verdict">${verdict.replace("_", " ")}${partial.length > 0 ? " <small>(partial)</small>" : ""}</p>
<ul class="figures">${figures
    .filter(([name, count]) => count > 0 || name === "kept" || name === "broken")
    .map(([name, count]) => `<li><b>${count}</b> ${name}</li>`)
    .join("")}</ul>
<dl>${facts.map(([name, value]) => `<div><dt>${name}</dt><dd>${escapeHtml(value)}</dd></div>`).join("")}</dl>
${notes.map((note) => `<p class="note">${escapeHtml(note)}</p>`).join("\n")}
</header>`;
}

function troublesHtml(report: Report): string {
  const troubles = troublesOf(report);
  if (troubles.length === 0) return "";
  return `<section aria-labelledby="failures"><h2 id="failures">Failures <small>${troubles.length}</small></h2>
${troubles.map((trouble, at) => failureHtml(report, trouble, at === 0)).join("\n")}
</section>`;
}

/** A bar for each section: how its checks came out. */
function coverage(report: Report): string {
  const rows = sectionsOf(report).map(({ name, total, counts }) => {
    const parts = outcomes.flatMap((outcome) => {
      const count = counts.get(outcome) ?? 0;
      const label = `${count} ${outcome.toLowerCase().replaceAll("_", " ")}`;
      return count === 0 ? [] : [{ label, bar: `<i class="${outcome}" style="flex:${count}" title="${label}"></i>` }];
    });
    const words = parts.map(({ label }) => label).join(", ");
    return `<li><span>${escapeHtml(name)}</span><span class="bar" role="img" aria-label="${words}">${parts.map(({ bar }) => bar).join("")}</span><span class="n">${total}</span></li>`;
  });
  return `<section aria-labelledby="coverage"><h2 id="coverage">Checks by section</h2><ul class="coverage">${rows.join("")}</ul></section>`;
}

function checksHtml(report: Report): string {
  const found = outcomes.filter((outcome) => report.checks.some((check) => check.outcome === outcome));
  const options = found.map(
    (outcome) =>
      `<label><input type="checkbox" name="outcome" value="${outcome}" checked> ${outcome.replace("_", " ").toLowerCase()}</label>`,
  );
  return `<section aria-labelledby="checks"><h2 id="checks">All checks</h2>
<form class="filters" hidden><input type="search" name="text" placeholder="id, requirement, words" aria-label="Search the checks">
<label>level <select name="level"><option value="">all</option><option>MUST</option><option>SHOULD</option><option>MAY</option></select></label>
<fieldset><legend>outcome</legend>${options.join("")}</fieldset><output aria-live="polite"></output></form>
<div class="checks">${report.checks.map(checkHtml).join("\n")}</div></section>`;
}

function checkHtml(check: ReportedCheck): string {
  const { id, title, requirement, level, section, source, text, outcome, runs } = check;
  const lines = runs.map(({ transport, outcome: of, durationMs, attempts, reason }) => {
    const how = [transport, `${durationMs} ms`, attempts > 1 ? `${attempts} attempts` : "", reason ?? ""];
    return `<li><b class="${of}">${of}</b> ${escapeHtml(how.filter(Boolean).join(", "))}</li>`;
  });
  return `<details data-outcome="${outcome}" data-level="${level}"><summary><b class="${outcome}">${outcome.replace("_", " ")}</b> <code>${escapeHtml(id)}</code> <span>${escapeHtml(title)}</span></summary>
<blockquote>${escapeHtml(text)}<cite>${escapeHtml(requirement)}, ${level}, §${escapeHtml(section)}; source: ${escapeHtml(source)}</cite></blockquote><ul>${lines.join("")}</ul></details>`;
}

/** The report itself, for programs that are given the page only. */
function embedded(report: Report): string {
  return toJsonText(report).trimEnd().replaceAll("<", "\\u003c");
}
