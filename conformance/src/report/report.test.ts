import { findRequirement, type Requirement } from "@userstatus/protocol";
import { expect, test } from "vitest";
import type { RunResult } from "../run/runner.ts";
import { buildReport } from "./build.ts";
import { failureText } from "./failure-text.ts";
import { fromJsonText, toJsonText } from "./json.ts";
import { escapeXml, toJUnit } from "./junit.ts";
import type { Report, ReportedCheck, ReportedRun } from "./model.ts";
import { createProgress } from "./progress.ts";
import { summaryText } from "./summary.ts";

function result(id: string, outcome: RunResult["outcome"], more: Partial<RunResult> = {}): RunResult {
  const requirement = findRequirement(id.split("/")[0] ?? "") as Requirement;
  const check = { id, title: `looks at ${id}`, run: async () => undefined };
  return {
    planned: { check, requirement, fate: { kind: "run", mode: "parallel" } },
    transport: "grpc-h2",
    outcome,
    durationMs: 12,
    attempts: [],
    ...more,
  };
}

const failure = { what: "the answer & <more>", expected: '"a"', got: '"b"', exchange: ["  0.001s → #1 QueryStatuses"] };

function report(): Report {
  return buildReport({
    target: { url: "http://127.0.0.1:1", serverName: "s", serverVersion: "1", specVersion: "1.0" },
    profile: "zim",
    claims: ["friends"],
    tier: "virtual",
    transports: ["grpc-h2", "connect-json-h1"],
    usersBy: "admin calls",
    seed: "abc",
    notices: ["mind this"],
    startedAt: new Date(0),
    durationMs: 1234.4,
    results: [
      result("query-result/each-once", "FAIL", { failure }),
      result("login-reply/whole", "PASS", { transport: "connect-json-h1" }),
      result("login-reply/whole", "PASS"),
      result("query-self/asked", "NOT_TESTABLE", { transport: "", reason: "needs the admin service (--admin-url)" }),
      result("friend-on/told", "NOT_APPLICABLE", { transport: "", reason: "not claimed" }),
    ],
    after: [],
    died: undefined,
    selection: undefined,
  });
}

test("the report is a document in the order of the specification, with one entry for each check and requirement", () => {
  const made = report();
  expect(made).toMatchObject({
    reportVersion: 2,
    verdict: "NON_CONFORMANT",
    durationMs: 1234,
    seed: "abc",
    startedAt: "1970-01-01T00:00:00.000Z",
  });
  expect(made.checks.map(({ id }) => id)).toEqual([
    "login-reply/whole",
    "query-result/each-once",
    "query-self/asked",
    "friend-on/told",
  ]);
  expect(made.checks[0]).toMatchObject({
    outcome: "PASS",
    runs: [{ transport: "connect-json-h1" }, { transport: "grpc-h2" }],
  });
  expect(made.counts.checks).toMatchObject({ PASS: 1, FAIL: 1, NOT_TESTABLE: 1, NOT_APPLICABLE: 1 });
  expect(made.requirements.find(({ id }) => id === "query-result")).toMatchObject({ outcome: "FAIL", scored: true });
  expect(made.requirements.find(({ id }) => id === "client-fold")).toMatchObject({ outcome: null, scored: false });
  expect(made.spec.digest).toMatch(/^[0-9a-f]{64}$/);
  expect(fromJsonText(toJsonText(made))).toEqual(made);
});

test("a failure prints what ends the investigation", () => {
  const made = report();
  const check = made.checks[1] as ReportedCheck;
  const text = failureText(made, check, check.runs[0] as ReportedRun);
  for (const part of [
    "FAIL query-result/each-once over grpc-h2",
    "(MUST), SPEC.md §9 Query",
    check.text,
    "source",
    'expected     "a"',
    'got          "b"',
    "→ #1 QueryStatuses",
  ]) {
    expect(text).toContain(part);
  }
  expect(text).toContain(
    "userstatus-conformance run --url http://127.0.0.1:1 --only 'query-result/each-once' --seed abc --transport grpc-h2",
  );
});

test("JUnit has a suite for each section and a case for each run, with counts that agree", () => {
  const xml = toJUnit(report());
  expect(xml).toContain(
    '<testsuites name="userstatus-conformance zim: NON_CONFORMANT" tests="5" failures="1" errors="0" skipped="2" time="0.060">',
  );
  expect(xml.match(/<testcase /g)).toHaveLength(5);
  expect(xml).toContain('message="the answer &amp; &lt;more&gt;. Expected &quot;a&quot;, got &quot;b&quot;"');
  expect(xml).toContain('<skipped message="NOT_TESTABLE: needs the admin service (--admin-url)"/>');
  expect(escapeXml("a\u0000b\ud800")).toBe("a\ufffdb\ufffd");
});

test("the summary counts by section, tells what was not testable and why, and ends with the verdict", () => {
  const text = summaryText(report());
  expect(text).toMatch(/§9 Query +· +1 +· +· +· +1 +·/);
  expect(text).toContain("needs the admin service (--admin-url): query-self/asked");
  expect(text).toContain("note: mind this");
  expect(text).toContain("partial: 1 core requirements were not decided: query-self");
  expect(text.split("\n").at(-1)).toBe("NON_CONFORMANT (partial): 1 requirements kept, 1 broken, 1 not testable");
});

test("progress writes plain lines now and then, and rewrites one line on a terminal", () => {
  let now = 0;
  const written: string[] = [];
  const sink = (isTerminal: boolean) => ({ write: (text: string) => void written.push(text), isTerminal, columns: 60 });
  const plain = createProgress(sink(false), () => now);
  plain.begin(3);
  plain.started("a");
  plain.finished("a", "PASS");
  expect(written).toEqual([]);
  now = 6000;
  plain.finished("b", "FAIL");
  expect(written).toEqual(["2/3 runs, 1 FAIL\n"]);
  written.length = 0;
  const live = createProgress(sink(true), () => now);
  live.begin(2);
  now += 200;
  live.started("a check with a name that is longer than the line of this terminal is wide");
  expect(written.join("").length).toBeLessThan(60);
  live.say("stays");
  expect(written.join("")).toContain("\r\u001b[Kstays\n");
});
