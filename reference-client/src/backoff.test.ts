import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { backoffBoundMs, backoffMs, countFailure, defaultBackoff, nextWaitMs } from "./backoff.ts";

const options = { baseMs: 100, maxMs: 1_000, stableMs: 5_000 };

describe("client-backoff", () => {
  it("doubles the bound up to the maximum", () => {
    expect([0, 1, 2, 3, 4, 5, 2_000].map((failures) => backoffBoundMs(failures, options))).toEqual([
      100, 200, 400, 800, 1_000, 1_000, 1_000,
    ]);
  });

  it("waits a random time up to the bound", () => {
    expect(backoffMs(2, () => 0, options)).toBe(0);
    expect(backoffMs(2, () => 0.5, options)).toBe(200);
  });

  it("resets only after a stable stream", () => {
    expect(countFailure(4, 4_999, options)).toBe(5);
    expect(countFailure(4, 5_000, options)).toBe(0);
  });

  it("takes the server's advice alone after a stable stream, and no less than the back-off else", () => {
    const advice = { minMs: 0, maxMs: 0 };
    expect(nextWaitMs(0, advice, () => 0.5, options)).toBe(0);
    expect(nextWaitMs(1, advice, () => 0.5, options)).toBe(50);
    expect(nextWaitMs(1, { minMs: 70, maxMs: 90 }, () => 0.5, options)).toBe(80);
  });

  it("never waits less than advised, nor longer than advice and bound allow", () => {
    const waits = fc.record({
      failures: fc.nat(40),
      minMs: fc.nat(60_000),
      spanMs: fc.nat(60_000),
      random: fc.double({ min: 0, max: 0.999_999, noNaN: true }),
    });
    fc.assert(
      fc.property(waits, ({ failures, minMs, spanMs, random }) => {
        const waitMs = nextWaitMs(failures, { minMs, maxMs: minMs + spanMs }, () => random, defaultBackoff);
        return waitMs >= minMs && waitMs <= Math.max(minMs + spanMs, defaultBackoff.maxMs);
      }),
    );
  });
});
