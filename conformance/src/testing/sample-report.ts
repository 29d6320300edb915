// A report with a pass, a failure and a warning, in which everything that a server could have sent is hostile.
import { findRequirement, type Requirement } from "@userstatus/protocol";
import { buildReport } from "../report/build.ts";
import type { Report } from "../report/model.ts";
import type { RunResult } from "../run/runner.ts";

/** Breaks out of a script element, an attribute, a fence, a table cell and a workflow command, where one lets it. */
export const hostile = '</script><img src=x onerror="document.title=1">\n::error::x ```| 100%';

export function sampleResult(id: string, outcome: RunResult["outcome"], more: Partial<RunResult> = {}): RunResult {
  const requirement = findRequirement(id.split("/")[0] ?? "") as Requirement;
  const check = { id, title: `looks at ${id}`, run: async () => undefined };
  const planned = { check, requirement, fate: { kind: "run", mode: "parallel" } } as const;
  return { planned, transport: "grpc-h2", outcome, durationMs: 12, attempts: [], ...more };
}

const failure = {
  what: "the answer",
  expected: '"a"',
  got: hostile,
  exchange: [hostile],
  steps: [
    { ms: 1, direction: "sent", call: 1, who: "u1", what: "QueryStatuses", body: hostile },
    { ms: 2, direction: "received", serverTime: "2026-01-02T03:04:05.678Z", what: hostile },
  ] as const,
};

export function sampleReport(results: readonly RunResult[]): Report {
  return buildReport({
    target: { url: "http://127.0.0.1:1", serverName: hostile, serverVersion: "1", specVersion: "1.0" },
    profile: "zim",
    claims: [],
    tier: "virtual",
    transports: ["grpc-h2"],
    usersBy: "admin calls",
    seed: "abc",
    notices: [hostile],
    startedAt: new Date(0),
    durationMs: 1234,
    results,
    after: [],
    died: undefined,
    selection: undefined,
  });
}

export const goodReport: Report = sampleReport([sampleResult("login-reply/whole", "PASS")]);
export const badReport: Report = sampleReport([
  sampleResult("query-result/each-once", "FAIL", { failure }),
  sampleResult("login-reply/whole", "PASS"),
  sampleResult("watch-keep-alive/quiet", "WARN", { failure }),
]);
