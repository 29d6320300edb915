import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { rulesOf } from "../../testing/core-bench.ts";
import { createFakeWall } from "../../testing/fake-wall.ts";
import { describeStore } from "../../testing/store-cases.ts";
import { createDueHeap } from "./due-heap.ts";
import { createMemoryStore } from "./memory-store.ts";

describeStore("memory", () => {
  const wall = createFakeWall();
  let epochs = 0;
  const store = createMemoryStore({
    rules: rulesOf("zim"),
    wallNow: wall.now,
    schedule: wall.schedule,
    newEpoch: () => `epoch-${++epochs}`,
  });
  return { store, passWall: wall.pass };
});

describe("due heap", () => {
  it("gives entries in due order", () => {
    fc.assert(
      fc.property(fc.array(fc.nat()), (times) => {
        const heap = createDueHeap();
        for (const dueMs of times) heap.push({ dueMs, userId: "u" });
        const out: number[] = [];
        for (let due = heap.pop(); due; due = heap.pop()) out.push(due.dueMs);
        expect(out).toEqual([...times].sort((a, b) => a - b));
        expect(heap.size).toBe(0);
      }),
    );
  });
});
