import { Code, ConnectError } from "@connectrpc/connect";
import { findRequirement, type Requirement } from "@userstatus/protocol";
import { expect, test } from "vitest";
import { createRandom } from "../bench/random.ts";
import { CheckFailure, Inconclusive, NotTestable } from "../failure.ts";
import { allKinds, type TransportKind } from "../wire/kinds.ts";
import { type Attempt, classify } from "./execute.ts";
import { createGate } from "./gate.ts";
import { combineRepeats, conclude, type Job, needsAnother, shuffle } from "./runner.ts";

function attempt(result: Attempt["result"]): Attempt {
  const failure = result === "FAIL" ? { failure: { what: "it", expected: "a", got: "b", exchange: [] } } : {};
  return {
    result,
    transport: "grpc-h2",
    durationMs: 1,
    unreachable: false,
    entries: [],
    reason: `because ${result}`,
    ...failure,
  };
}

function job(level: "MUST" | "SHOULD" = "MUST"): Job {
  const requirement: Requirement = { ...(findRequirement("query-result") as Requirement), level };
  const check = { id: "query-result/case", title: "a check", run: async () => undefined };
  return {
    planned: { check, requirement, fate: { kind: "run", mode: "parallel" } },
    kind: allKinds[0] as TransportKind,
    seed: "seed",
  };
}

const outcomeOf = (...results: Attempt["result"][]) => conclude(job(), results.map(attempt)).outcome;

test("a failure is believed when it came twice", () => {
  expect(needsAnother([attempt("FAIL")])).toBe(true);
  expect(needsAnother([attempt("FAIL"), attempt("FAIL")])).toBe(false);
  expect(needsAnother([attempt("PASS")])).toBe(false);
  expect(needsAnother([attempt("INCONCLUSIVE")])).toBe(true);
  expect(needsAnother([attempt("INCONCLUSIVE"), attempt("INCONCLUSIVE")])).toBe(false);
  expect(needsAnother([attempt("INCONCLUSIVE"), attempt("FAIL")])).toBe(true);
  expect(needsAnother([attempt("INCONCLUSIVE"), attempt("FAIL"), attempt("FAIL")])).toBe(false);
});

test("several attempts amount to one outcome", () => {
  expect(outcomeOf("PASS")).toBe("PASS");
  expect(outcomeOf("FAIL", "FAIL")).toBe("FAIL");
  expect(outcomeOf("FAIL", "PASS")).toBe("FLAKY");
  expect(outcomeOf("FAIL", "INCONCLUSIVE")).toBe("FLAKY");
  expect(outcomeOf("INCONCLUSIVE", "PASS")).toBe("PASS");
  expect(outcomeOf("INCONCLUSIVE", "INCONCLUSIVE")).toBe("NOT_TESTABLE");
  expect(outcomeOf("INCONCLUSIVE", "FAIL", "FAIL")).toBe("FAIL");
  expect(outcomeOf("ERROR")).toBe("ERROR");
  expect(outcomeOf("NOT_APPLICABLE")).toBe("NOT_APPLICABLE");
  expect(outcomeOf()).toBe("NOT_TESTABLE");
  expect(conclude(job("SHOULD"), [attempt("FAIL"), attempt("FAIL")]).outcome).toBe("WARN");
  expect(conclude(job(), [attempt("FAIL"), attempt("PASS")])).toMatchObject({
    failure: { what: "it" },
    reason: expect.stringContaining("again alone"),
  });
});

test("what a check throws tells the server's faults from the suite's", () => {
  expect(classify(new CheckFailure("it", "a", "b"))).toMatchObject({
    result: "FAIL",
    failure: { what: "it", expected: "a", got: "b" },
  });
  expect(classify(new ConnectError("refused", Code.Internal))).toMatchObject({ result: "FAIL", unreachable: false });
  expect(classify(new ConnectError("connect ECONNREFUSED", Code.Unavailable))).toMatchObject({
    result: "FAIL",
    unreachable: true,
  });
  expect(classify(new Inconclusive("too late"))).toMatchObject({ result: "INCONCLUSIVE", reason: "too late" });
  expect(classify(new NotTestable("nobody"))).toMatchObject({ result: "NOT_TESTABLE" });
  expect(classify(new TypeError("x is not a function"))).toMatchObject({
    result: "ERROR",
    reason: expect.stringContaining("fault of the suite"),
  });
});

test("a gate lets so many through at once, in order, whatever becomes of them", async () => {
  const gate = createGate(2);
  const order: string[] = [];
  let most = 0;
  let now = 0;
  const work = (name: string, fails = false) =>
    gate.run(async () => {
      order.push(name);
      most = Math.max(most, ++now);
      await Promise.resolve();
      now--;
      if (fails) throw new Error(name);
    });
  const settled = await Promise.allSettled([work("a", true), work("b"), work("c", true), work("d")]);
  expect(settled.map(({ status }) => status)).toEqual(["rejected", "fulfilled", "rejected", "fulfilled"]);
  expect(order).toEqual(["a", "b", "c", "d"]);
  expect(most).toBe(2);
});

test("the order of checks follows from the seed, and loses none", () => {
  const list = Array.from({ length: 50 }, (_, at) => at);
  const order = (seed: string): number[] => shuffle(list, createRandom(seed, "order"));
  expect(order("a")).toEqual(order("a"));
  expect(order("a")).not.toEqual(order("b"));
  expect(order("a").toSorted((left, right) => left - right)).toEqual(list);
});

test("repetitions over one transport are one result, the worst, with how many there were of it", () => {
  const one = (...results: Attempt["result"][]) => conclude(job(), results.map(attempt));
  const [passed] = combineRepeats([one("PASS"), one("PASS")]);
  expect(passed).toMatchObject({ outcome: "PASS", durationMs: 2 });
  expect(passed?.reason).toBeUndefined();
  const [failed, ...more] = combineRepeats([one("PASS"), one("FAIL", "FAIL"), one("FAIL", "PASS")]);
  expect(more).toEqual([]);
  expect(failed).toMatchObject({ outcome: "FAIL", reason: "in 1 of 3 repetitions", failure: { what: "it" } });
  const [flaky] = combineRepeats([one("PASS"), one("FAIL", "PASS")]);
  expect(flaky).toMatchObject({ outcome: "FLAKY", reason: expect.stringContaining("in 1 of 2 repetitions: failed") });
  expect(combineRepeats([one("PASS")])).toHaveLength(1);
});
