import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { chunks, distinct } from "./chunks.ts";

describe("client-batches", () => {
  it("cuts in order and leaves nothing out", () => {
    fc.assert(
      fc.property(fc.array(fc.integer()), fc.integer({ min: 1, max: 9 }), (items, max) => {
        const parts = chunks(items, max);
        expect(parts.flat()).toEqual(items);
        expect(parts.every((part) => part.length > 0 && part.length <= max)).toBe(true);
      }),
    );
  });

  it("takes a limit that is none as 1", () => {
    for (const max of [0, -1, Number.NaN, 1.5, Number.POSITIVE_INFINITY])
      expect(chunks(["a", "b"], max)).toEqual([["a"], ["b"]]);
  });

  it("keeps the order of first occurrence", () => {
    expect(distinct(["b", "a", "b", "c", "a"])).toEqual(["b", "a", "c"]);
  });
});
