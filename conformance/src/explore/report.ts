// What an exploration says of its findings, for people and as JSON.
import { findRequirement } from "@userstatus/protocol";
import { spoken } from "../units.ts";
import type { Progress, Searched, SearchResult } from "./search.ts";
import { stepText } from "./steps.ts";
import type { Ground } from "./walk/ground.ts";

/** Whether each of the three more tries found something. */
export function isStable({ again }: Pick<Searched, "again">): boolean {
  return again === 3;
}

export function findingText({ found, steps, again, walk }: Searched, repeat: readonly string[]): string {
  const [first = "", ...others] = found.requirements;
  const requirement = findRequirement(first);
  const rows: [string, string][] = [
    ["what", found.what],
    ["expected", found.expected],
    ["got", found.got],
    [
      "requirement",
      requirement === undefined
        ? first
        : `${first} (${requirement.level}), SPEC.md §${requirement.section} ${requirement.sectionTitle}`,
    ],
    ["it says", requirement?.text ?? ""],
    ["or perhaps", others.join(", ")],
    [
      "seen again",
      `in ${again} of 3 more tries with these steps${again === 3 ? "" : ": unstable, no finding to rely on"}`,
    ],
  ];
  const width = 13;
  const table = rows.flatMap(([name, text]) => (text === "" ? [] : [`  ${name.padEnd(width)}${text}`]));
  const list = steps.map((step, at) => `    ${String(at + 1).padStart(2)}. ${stepText(step)}`);
  return [
    `${again === 3 ? "FOUND" : "UNSTABLE"} ${first} in walk ${walk}`,
    ...table,
    "  steps",
    ...list,
    ...repeat.map((line, at) => `  ${(at === 0 ? "again" : "").padEnd(width)}${line}`),
  ].join("\n");
}

export function progressText({ walks, steps, calls, elapsedMs }: Progress): string {
  const each = (count: number): string =>
    (count / Math.max(elapsedMs / 1000, 0.001)).toFixed(count < (10 * elapsedMs) / 1000 ? 1 : 0);
  return `${walks} walks, ${steps} steps, ${calls} calls in ${spoken(elapsedMs)}: ${each(walks)} walks, ${each(steps)} steps, ${each(calls)} calls each second`;
}

export function explorationJson(ground: Ground, seed: string, result: SearchResult): string {
  const { walks, steps, calls, elapsedMs, findings } = result;
  const report = {
    explorationVersion: 1,
    target: {
      url: ground.url,
      server: ground.serverName,
      profile: ground.rules.profile.name,
      transport: ground.kind.name,
    },
    tier: ground.timed ? "virtual" : "untimed",
    seed,
    notices: ground.notices,
    walks,
    steps,
    calls,
    elapsedMs: Math.round(elapsedMs),
    findings: findings.map((finding) => ({
      ...finding.found,
      stable: isStable(finding),
      seenAgain: finding.again,
      walk: finding.walk,
      afterMs: Math.round(finding.afterMs),
      steps: finding.steps,
      stepTexts: finding.steps.map(stepText),
    })),
  };
  return `${JSON.stringify(report, null, 2)}\n`;
}
