import { describe, expect, test } from "vitest";
import { createMatchers } from "../../bench/matchers.ts";
import type { Bench, Time } from "../../check.ts";
import { CheckFailure, Inconclusive } from "../../failure.ts";
import { between, sameInstant } from "./a-instants.ts";

const hour = 3_600_000;

function bench(tier: Time["tier"], errorMs = 0): Bench {
  const time = { tier, errorMs: () => errorMs };
  return { ...createMatchers(), time } as unknown as Bench;
}

describe("instants", () => {
  test("where time stands still they are exact", () => {
    const t = bench("virtual");
    sameInstant(t, hour, hour, "it");
    expect(() => sameInstant(t, hour + 1, hour, "it")).toThrow(CheckFailure);
    expect(() => sameInstant(t, hour + 1, { from: hour, to: hour }, "it")).toThrow(CheckFailure);
    between(t, hour, hour, hour, "it");
    expect(() => between(t, hour - 1, hour, hour, "it")).toThrow(CheckFailure);
  });

  test("where it runs, to within a second and a half of the span, or half a second around a call", () => {
    const t = bench("real");
    const span = { from: hour, to: hour + 5000 };
    for (const got of [hour - 1500, hour + 6500]) sameInstant(t, got, span, "it");
    for (const got of [hour - 1501, hour + 6501, Number.NaN])
      expect(() => sameInstant(t, got, span, "it")).toThrow(CheckFailure);
    between(t, hour - 500, span.from, span.to, "it");
    expect(() => between(t, hour - 501, span.from, span.to, "it")).toThrow(CheckFailure);
  });

  test("what the reading of the server's clock may be off by decides nothing", () => {
    const t = bench("scaled", 800);
    expect(() => sameInstant(t, hour + 2300, hour, "it")).toThrow(Inconclusive);
    expect(() => sameInstant(t, hour + 2301, hour, "it")).toThrow(CheckFailure);
    expect(() => between(t, hour - 1300, hour, hour, "it")).toThrow(Inconclusive);
    expect(() => between(t, Number.NaN, hour, hour, "it")).toThrow(CheckFailure);
  });
});
