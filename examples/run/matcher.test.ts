import { expect, it } from "vitest";
import { createMatcher } from "./matcher.ts";

const groups = [["hello RESET"], ["subscribed alice", "online alice", "subscribed bob"], ["synced"]];

function taking(lines: readonly string[]): readonly string[] {
  const matcher = createMatcher(groups);
  for (const line of lines) matcher.take(line);
  return matcher.missing();
}

it("takes targets in any order, and surplus heartbeats", () => {
  const lines = ["hello RESET", "subscribed bob", "heartbeat", "subscribed alice", "online alice"];
  expect(taking(lines)).toEqual(["synced"]);
  expect(taking([...lines, "synced"])).toEqual([]);
});

it.each([
  ["a line of a later group", ["hello RESET", "subscribed alice", "synced"]],
  ["a target's lines in another order", ["hello RESET", "online alice", "subscribed alice"]],
  ["a line twice", ["hello RESET", "subscribed bob", "subscribed bob"]],
  ["a line of nobody", ["hello RESET", "online carol"]],
  ["another resume result", ["hello RESUMED"]],
])("refuses %s", (_case, lines) => {
  expect(() => taking(lines)).toThrow(/unexpected line/);
});

it("wants a heartbeat where a step does", () => {
  const matcher = createMatcher([["heartbeat"]]);
  expect(matcher.complete()).toBe(false);
  matcher.take("heartbeat");
  expect(matcher.complete()).toBe(true);
});

it("lets pass what a step calls surplus, and wants what it expects all the same", () => {
  const matcher = createMatcher([["lost"], ["synced"]], ["lost"]);
  for (const line of ["lost", "lost"]) matcher.take(line);
  expect(matcher.missing()).toEqual(["synced"]);
});
