import { expect, test } from "vitest";
import type { ReportedCheck, ReportedRun } from "../report/model.ts";
import { exitCodeOf, judgeKnown, knownText, mustName, parseKnownFailures, writeKnownFailures } from "./known.ts";
import { type Outcome, worst } from "./outcome.ts";

function check(id: string, outcomes: Record<string, Outcome>, level: "MUST" | "SHOULD" = "MUST"): ReportedCheck {
  const runs = Object.entries(outcomes).map(
    ([transport, outcome]): ReportedRun => ({
      transport,
      outcome,
      durationMs: 1,
      attempts: 1,
      ...(outcome === "FAIL" ? { failure: { what: "the\nanswer", expected: "1", got: "2", exchange: [] } } : {}),
    }),
  );
  const outcome = worst(runs.map((run) => run.outcome)) ?? "PASS";
  const requirement = id.split("/")[0] ?? "";
  const rest = { title: "", section: "1", sectionTitle: "", source: "ours", text: "", durationMs: 1 };
  return { id, requirement, level, outcome, runs, ...rest };
}

const report = {
  profile: "standard",
  checks: [
    check("sub-cap/holds", { "grpc-h2": "FAIL" }),
    check("sub-cap/evicts", { "grpc-h2": "PASS" }),
    check("frame-size/all", { "grpc-h2": "PASS", "connect-json-h1": "FAIL" }),
    check("query-self/none", { "grpc-h2": "NOT_APPLICABLE" }),
    check("watch-keep-alive/quiet", { "grpc-h2": "WARN" }, "SHOULD"),
  ],
};
const judged = (text: string) => judgeKnown(report, parseKnownFailures(text));

test("lines are patterns, transports and comments; others are wrong usage", () => {
  expect(parseKnownFailures("# all\n\nsub-*  # why\nframe-size/all [connect-json-h1]\n")).toEqual([
    { pattern: "sub-*", transport: undefined },
    { pattern: "frame-size/all", transport: "connect-json-h1" },
  ]);
  expect(() => parseKnownFailures("sub-cap holds")).toThrow("line 1");
  expect(() => mustName(parseKnownFailures("sub-capp/*"), ["sub-cap/holds"])).toThrow("sub-capp/*");
  expect(() => mustName(parseKnownFailures("sub-cap"), ["sub-cap/holds"])).not.toThrow();
});

test("exactly what fails being known, nothing is new", () => {
  const known = judged("sub-cap/holds\nframe-size/all [connect-json-h1]\nwatch-keep-alive/quiet");
  expect(known).toEqual({
    expected: ["sub-cap/holds", "frame-size/all [connect-json-h1]", "watch-keep-alive/quiet"],
    stale: [],
    undecided: [],
    unexpected: [],
  });
  expect(exitCodeOf("NON_CONFORMANT", report, known)).toBe(0);
});

test("a listed check that passes is an error, by pattern and by transport", () => {
  const known = judged("sub-cap/*\nframe-size/all [grpc-h2]\nframe-size/all [connect-json-h1]");
  expect(known.stale).toEqual(["sub-cap/evicts", "frame-size/all [grpc-h2]"]);
  expect(exitCodeOf("NON_CONFORMANT", report, known)).toBe(1);
  expect(knownText(known)).toContain("PASS now");
});

test("a failure that is not listed is new, unless it breaks a SHOULD only", () => {
  expect(exitCodeOf("NON_CONFORMANT", report, judged("sub-cap/holds"))).toBe(1);
  const known = judged("sub-cap/holds\nframe-size/all");
  expect(known.unexpected).toEqual(["watch-keep-alive/quiet"]);
  expect(exitCodeOf("NON_CONFORMANT", report, known)).toBe(0);
});

test("what is left open stays open", () => {
  const open = { checks: [...report.checks, check("login-reply/id", { "grpc-h2": "NOT_TESTABLE" })] };
  const known = judgeKnown(open, parseKnownFailures("sub-cap/holds\nframe-size/all\nquery-self"));
  expect(known.undecided).toEqual(["query-self/none"]);
  expect(exitCodeOf("NON_CONFORMANT", open, known)).toBe(3);
});

test("the file that is written makes the same run pass", () => {
  const text = writeKnownFailures(report);
  expect(text).toContain("sub-cap/holds  # MUST, FAIL: the answer\n");
  expect(text).toContain("frame-size/all [connect-json-h1]  # MUST");
  const known = judged(text);
  expect([known.stale, known.unexpected]).toEqual([[], []]);
  expect(exitCodeOf("NON_CONFORMANT", report, known)).toBe(0);
});
