import { expect, test } from "vitest";
import { checks } from "../checks/index.ts";
import { inShard } from "./shard.ts";

test("the parts of one count hold each check once", () => {
  for (const count of [1, 2, 5]) {
    const parts = Array.from({ length: count }, (_, at) => inShard(checks, { index: at + 1, count }));
    const ids = parts.flat().map(({ id }) => id);
    expect(ids.toSorted()).toEqual(checks.map(({ id }) => id).toSorted());
    for (const part of parts) expect(part.length).toBeGreaterThan((checks.length / count) * 0.7);
  }
});

test("without a part all are there", () => {
  expect(inShard(checks, undefined)).toBe(checks);
});
