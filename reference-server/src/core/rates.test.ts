import { describe, expect, it } from "vitest";
import { admit } from "./rates.ts";
import { Refused } from "./refused.ts";

const rule = { maxCalls: 3, windowMs: 1_000, selfExempt: false };

describe("a rate", () => {
  it("admits N in any window, refuses the next with the time after which one passes, and charges no refusal", () => {
    const log: number[] = [];
    for (const nowMs of [0, 100, 200]) admit(log, rule, nowMs);
    for (const nowMs of [300, 999]) {
      expect(() => admit(log, rule, nowMs)).toThrow(
        expect.objectContaining({ reason: "RATE_LIMITED", retryAfterMs: 1_000 - nowMs }),
      );
    }
    admit(log, rule, 1_000);
    expect(() => admit(log, rule, 1_099)).toThrow(Refused);
    admit(log, rule, 1_100);
    expect(log).toHaveLength(3);
  });
});
