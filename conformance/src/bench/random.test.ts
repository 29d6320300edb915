import { isUserId } from "@userstatus/protocol";
import { expect, test } from "vitest";
import { allKinds, sampleKind } from "../wire/kinds.ts";
import { createIdSource, createRandom } from "./random.ts";

test("the same seed and check decide the same, others decide otherwise", () => {
  const draw = (...seed: string[]) => {
    const random = createRandom(...seed);
    return [random.int(1000), random.text(8), random.pick(["a", "b", "c"]), random.int(1_000_000)];
  };
  expect(draw("seed", "a/b")).toEqual(draw("seed", "a/b"));
  expect(draw("seed", "a/b")).not.toEqual(draw("seed", "a/c"));
  expect(draw("seed", "a/b")).not.toEqual(draw("deed", "a/b"));
  // The border between two texts counts.
  expect(draw("ab", "c")).not.toEqual(draw("a", "bc"));
});

test("numbers keep within bounds and reach all of them", () => {
  const random = createRandom("bounds");
  const seen = new Set(Array.from({ length: 500 }, () => random.int(7)));
  expect([...seen].toSorted()).toEqual([0, 1, 2, 3, 4, 5, 6]);
  expect(() => random.pick([])).toThrow(RangeError);
});

test("the sampled transport follows from seed and check, and every kind is met", () => {
  const sample = (seed: string, check: string) => sampleKind(allKinds, createRandom(seed, "transport", check)).name;
  expect(sample("s", "x/y")).toBe(sample("s", "x/y"));
  const met = new Set(Array.from({ length: 300 }, (_, at) => sample("s", `check/${at}`)));
  expect(met.size).toBe(allKinds.length);
});

test("ids are well-formed, and no other run has them", () => {
  const [one, two] = [createIdSource(), createIdSource()];
  const ids = [...Array.from({ length: 50 }, () => one("app-")), ...Array.from({ length: 50 }, () => two("app-"))];
  expect(new Set(ids).size).toBe(100);
  expect(ids.every(isUserId)).toBe(true);
});
