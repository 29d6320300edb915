import { expect, test } from "vitest";
import { suiteCheckIds } from "../index.ts";
import { type RequirementSet, requirementSets, setFor, unscoredBy } from "./requirement-set.ts";

const older: RequirementSet = { specVersion: "1.0", closed: true, checks: ["a/one"] };
const newer: RequirementSet = { specVersion: "1.2", closed: false, checks: ["a/one", "b/one"] };

test("a server is judged by the newest set that is not newer than the version it keeps", () => {
  const sets = [older, newer];
  expect(setFor("1.0", sets)).toBe(older);
  expect(setFor("1.1", sets)).toBe(older);
  expect(setFor("1.2.7", sets)).toBe(newer);
  expect(setFor("2.0", sets)).toBe(newer);
  expect(setFor("", sets)).toBe(older);
  expect(setFor("0.9", sets)).toBe(older);
});

test("what came after a set was closed does not count; in an open one everything does", () => {
  expect(unscoredBy(older, "a/one")).toBeUndefined();
  expect(unscoredBy(older, "b/one")).toContain("came after the requirement set of 1.0");
  expect(unscoredBy(newer, "c/one")).toBeUndefined();
});

test("no set has a check that the suite lacks, and an open one has them all (npm run set)", () => {
  const present = [...suiteCheckIds()].sort();
  for (const { closed, checks } of requirementSets)
    closed ? expect(present).toEqual(expect.arrayContaining([...checks])) : expect(checks).toEqual(present);
});
