import { type Profile, publishedProfile } from "@userstatus/protocol";
import { expect, test } from "vitest";
import type { Check } from "../check.ts";
import { type PlanInput, planRun, totalWaitMs } from "./plan.ts";

const profile = publishedProfile("standard") as Profile;
const run = async (): Promise<void> => undefined;

function check(more: Partial<Check>): Check {
  return { id: "query-result/case", title: "a check", run, ...more };
}

const tools: PlanInput["tools"] = {
  admin: true,
  "fresh-users": true,
  "test-clock": true,
  "short-tokens": true,
  "second-app": true,
};

function fate(of: Partial<Check>, input: Partial<PlanInput> = {}) {
  const base: PlanInput = {
    checks: [check(of)],
    profile,
    claims: new Set(profile.claims),
    tier: "virtual",
    tools,
    timeBudgetMs: 60_000,
    keepAliveMs: 15_000,
    sharedApp: false,
    sharedClock: false,
    clockStopped: false,
  };
  return planRun({ ...base, ...input })[0]?.fate;
}

test("a check whose part or claim is not claimed is not applicable", () => {
  expect(fate({})).toEqual({ kind: "run", mode: "parallel" });
  expect(fate({ id: "friend-on/case" }, { claims: new Set() })).toMatchObject({
    kind: "NOT_APPLICABLE",
    reason: expect.stringContaining("friends"),
  });
  expect(fate({ claims: ["resume"] })).toMatchObject({
    kind: "NOT_APPLICABLE",
    reason: expect.stringContaining("resume"),
  });
  expect(fate({ applies: () => "no such rule" })).toEqual({ kind: "NOT_APPLICABLE", reason: "no such rule" });
});

test("a check without its tool is not testable, and says why", () => {
  expect(fate({ tools: ["admin"] }, { tools: { ...tools, admin: "needs --admin-url" } })).toEqual({
    kind: "NOT_TESTABLE",
    reason: "needs --admin-url",
  });
});

test("time that must pass is waited for within the budget only, and not in the virtual tier", () => {
  const waits = { timeMs: () => 120_000 };
  expect(fate(waits)).toEqual({ kind: "run", mode: "parallel" });
  expect(fate(waits, { tier: "real" })).toMatchObject({
    kind: "NOT_TESTABLE",
    reason: expect.stringContaining("--time-budget"),
  });
  expect(fate(waits, { tier: "real", timeBudgetMs: 120_000 })).toEqual({ kind: "run", mode: "waiting" });
  expect(fate({ ...waits, realTime: true })).toMatchObject({ kind: "NOT_TESTABLE" });
});

test("a keep-alive is waited for in every tier, within the budget", () => {
  const waits: Partial<Check> = { wallMs: (intervalMs) => 2 * intervalMs };
  expect(fate(waits)).toEqual({ kind: "run", mode: "waiting" });
  expect(fate(waits, { keepAliveMs: 0 })).toEqual({ kind: "run", mode: "parallel" });
  expect(fate(waits, { keepAliveMs: 31_000 })).toMatchObject({
    kind: "NOT_TESTABLE",
    reason: "needs 62 s of real time; --time-budget is 60 s",
  });
});

test("what moves a clock or an app that others share runs alone", () => {
  expect(fate({ timeMs: () => 5 }, { sharedClock: true })).toEqual({ kind: "run", mode: "alone" });
  expect(fate({ tools: ["test-clock"] }, { sharedClock: true })).toEqual({ kind: "run", mode: "alone" });
  expect(fate({ wholeApp: true }, { sharedApp: true })).toEqual({ kind: "run", mode: "alone" });
  expect(fate({ wholeApp: true })).toEqual({ kind: "run", mode: "parallel" });
});

test("real time comes before a shared clock is stopped, and never after", () => {
  const real: Partial<Check> = { realTime: true, timeMs: () => 1000 };
  expect(fate(real)).toEqual({ kind: "run", mode: "waiting" });
  expect(fate(real, { sharedClock: true })).toEqual({ kind: "run", mode: "first" });
  expect(fate(real, { sharedClock: true, clockStopped: true })).toMatchObject({ kind: "NOT_TESTABLE" });
});

test("a check that can't even be planned is a fault of the suite; one of no requirement can't be listed", () => {
  const broken = (): true => {
    throw new TypeError("oops");
  };
  expect(fate({ applies: broken })).toMatchObject({ kind: "ERROR", reason: expect.stringContaining("oops") });
  expect(() => fate({ id: "no-such-requirement/case" })).toThrow("decides no requirement");
});

test("waits at once count once, waits in turn add up", () => {
  const checks = [
    check({ timeMs: () => 1000 }),
    check({ timeMs: () => 3000 }),
    check({ timeMs: () => 500, wholeApp: true }),
  ];
  const input: PlanInput = {
    checks,
    profile,
    claims: new Set(profile.claims),
    tier: "real",
    tools,
    timeBudgetMs: 60_000,
    keepAliveMs: 15_000,
    sharedApp: true,
    sharedClock: false,
    clockStopped: false,
  };
  expect(totalWaitMs(planRun(input), input)).toBe(3500);
});
