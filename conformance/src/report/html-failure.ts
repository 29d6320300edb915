// One failure on the page: the sentence, expected and got, the command that shows it again, and the exchange as a sequence.
import type { Step } from "../transcript/steps.ts";
import { replayCommand } from "./failure-text.ts";
import { escapeHtml } from "./html-escape.ts";
import type { Report } from "./model.ts";
import type { Trouble } from "./troubles.ts";

export function failureHtml(report: Report, { check, run }: Trouble, open: boolean): string {
  const { failure, reason, outcome, transport } = run;
  const rows: (readonly [string, string])[] = [];
  if (failure !== undefined) rows.push(["about", failure.what], ["expected", failure.expected], ["got", failure.got]);
  if (reason !== undefined) rows.push(["why", reason]);
  const over = transport === "" ? "" : ` <small>over ${escapeHtml(transport)}</small>`;
  return `<details class="failure"${open ? " open" : ""}><summary><b class="${outcome}">${outcome}</b> <code>${escapeHtml(check.id)}</code>${over} <span>${escapeHtml(failure?.what ?? reason ?? "")}</span></summary>
<blockquote>${escapeHtml(check.text)}<cite>${escapeHtml(check.requirement)}, ${check.level}, SPEC.md §${escapeHtml(check.section)} ${escapeHtml(check.sectionTitle)}; source: ${escapeHtml(check.source)}</cite></blockquote>
<p>${escapeHtml(check.title)}</p>
<dl class="difference">${rows.map(([name, value]) => `<dt>${name}</dt><dd class="${name}">${escapeHtml(value)}</dd>`).join("")}</dl>
<p>Run it again:</p><pre class="command"><code>${escapeHtml(replayCommand(report, check, run))}</code></pre>${failure?.command === undefined ? "" : `<p>The last call:</p><pre class="command"><code>${escapeHtml(failure.command)}</code></pre>`}
${failure?.steps?.length ? sequence(failure.steps, report.target.command === undefined ? "server" : "client") : exchange(failure?.exchange ?? [])}
</details>`;
}

function exchange(lines: readonly string[]): string {
  return lines.length === 0 ? "" : `<pre>${escapeHtml(lines.join("\n"))}</pre>`;
}

/** The suite on the left, who is judged on the right, an arrow for each message between them. */
function sequence(steps: readonly Step[], judged: "server" | "client"): string {
  return `<h3>The exchange</h3><div class="lanes" aria-hidden="true"><span>suite</span><span>${judged}</span></div>
<ol class="sequence">${steps.map((step) => stepHtml(step, judged)).join("")}</ol>`;
}

function spoken(direction: Step["direction"], judged: string): string {
  const words = { sent: `sent to the ${judged}`, received: `came from the ${judged}`, local: "done by the suite" };
  return words[direction];
}

function stepHtml({ ms, serverTime, direction, call, who, what, body }: Step, judged: string): string {
  const time = `<time>${(ms / 1000).toFixed(3)} s${serverTime === undefined ? "" : ` · ${escapeHtml(serverTime.slice(11, 23))}`}</time>`;
  const label = [who, what, call === undefined ? "" : `#${call}`].filter(Boolean).join(" ");
  return `<li class="${direction}" title="${spoken(direction, judged)}">${time}<span class="label">${escapeHtml(label)}</span>${body === undefined ? "" : `<code>${escapeHtml(body)}</code>`}</li>`;
}
