import type { Requirement } from "@userstatus/protocol";
import { expect, test } from "vitest";
import type { Outcome } from "./outcome.ts";
import { tally, worst } from "./outcome.ts";
import { exitCodes, judgeRequirements, partialReasons, verdictOf } from "./verdict.ts";

function requirement(id: string, more: Partial<Requirement> = {}): Requirement {
  return {
    id,
    level: "MUST",
    part: "core",
    source: "ours",
    section: "1",
    sectionTitle: "One",
    text: "It MUST.",
    ...more,
  };
}

function judge(...given: [requirement: Requirement, ...outcomes: Outcome[]][]) {
  const checks = given.flatMap(([of, ...outcomes]) =>
    outcomes.map((outcome, at) => ({ id: `${of.id}/${at}`, requirement: of, outcome })),
  );
  return judgeRequirements(
    given.map(([of]) => of),
    checks,
  );
}

const verdict = (...given: [requirement: Requirement, ...outcomes: Outcome[]][]) => verdictOf(judge(...given));
const a = requirement("a");
const b = requirement("b");

test("a requirement has the worst outcome of its checks; not applicable says nothing", () => {
  expect(worst(["PASS", "NOT_APPLICABLE"])).toBe("PASS");
  expect(worst(["PASS", "NOT_TESTABLE"])).toBe("NOT_TESTABLE");
  expect(worst(["ERROR", "FAIL", "FLAKY"])).toBe("FAIL");
  expect(worst([])).toBeUndefined();
  expect(tally(["PASS", "PASS", "FAIL"])).toMatchObject({ PASS: 2, FAIL: 1, WARN: 0 });
});

test("one scored MUST that fails is NON_CONFORMANT, whatever else is open", () => {
  expect(verdict([a, "PASS", "FAIL"], [b, "NOT_TESTABLE"])).toBe("NON_CONFORMANT");
});

test("what could not be decided leaves the verdict open", () => {
  for (const open of ["NOT_TESTABLE", "FLAKY", "ERROR"] as const)
    expect(verdict([a, "PASS"], [b, open])).toBe("INCOMPLETE");
});

test("nothing decided is no conformance", () => {
  expect(verdictOf([])).toBe("INCOMPLETE");
  expect(verdict([a])).toBe("INCOMPLETE");
  expect(verdict([a, "NOT_APPLICABLE"])).toBe("INCOMPLETE");
});

test("SHOULD warns, tools and obligations of clients are not scored", () => {
  const should = requirement("s", { level: "SHOULD" });
  expect(verdict([a, "PASS"], [should, "WARN"])).toBe("CONFORMANT");
  const tool = requirement("t", { part: "admin" });
  const clock = requirement("k", { part: "test_clock" });
  const client = requirement("c", { part: "client" });
  const hidden = requirement("h", { unobservable: "nobody can see it" });
  const results = judge([a, "PASS"], [tool, "FAIL"], [clock, "FAIL"], [client], [hidden]);
  expect(verdictOf(results)).toBe("CONFORMANT");
  expect(results.map(({ scored }) => scored)).toEqual([true, false, false, false, false]);
  expect(results[4]?.why).toContain("nobody can see it");
});

test("each verdict has its exit code", () => {
  expect(exitCodes).toEqual({ CONFORMANT: 0, NON_CONFORMANT: 1, INCOMPLETE: 3 });
});

test("a verdict on less than the whole core says so", () => {
  expect(partialReasons(judge([a, "PASS"]), undefined)).toEqual([]);
  expect(partialReasons(judge([a, "PASS"], [b, "NOT_TESTABLE"]), "only 2 of 9 checks were selected")).toEqual([
    "only 2 of 9 checks were selected",
    "1 core requirements were not decided: b",
  ]);
});
