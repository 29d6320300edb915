import { Platform } from "@userstatus/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { login } from "../../core/sessions.ts";
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

describe("due times", () => {
  it("that were overtaken by earlier ones do not add up", async () => {
    const wall = createFakeWall();
    const store = createMemoryStore({
      rules: rulesOf("standard"),
      wallNow: wall.now,
      schedule: wall.schedule,
      newEpoch: () => "epoch",
    });
    store.listen({ committed: () => {}, featuresChanged: () => {}, epochChanged: () => {} });
    for (let round = 0; round < 2_000; round++) {
      await store.update("app", "a", (record, now, core) => {
        const custom = { text: "brief", ttlMs: 1_000 };
        const device = {
          deviceId: "d",
          platform: Platform.ANDROID,
          custom,
          tokenExpiresAtMs: null,
          newSessionId: `s${round}`,
        };
        return login(record, device, now, core);
      });
      wall.pass(90_000);
    }
    expect(store.stats().due).toBeLessThan(100);
    await store.close();
  });
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
