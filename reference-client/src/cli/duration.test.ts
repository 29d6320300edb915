import { describe, expect, it } from "vitest";
import { formatDuration, parseDuration } from "./duration.ts";

describe("durations", () => {
  it.each([
    ["90s", 90_000],
    ["15m", 900_000],
    ["1h30m", 5_400_000],
    ["2d", 172_800_000],
    ["1.5h", 5_400_000],
    ["250ms", 250],
    ["1w", 604_800_000],
  ])("%s is %d ms", (text, ms) => {
    expect(parseDuration(text)).toBe(ms);
  });

  it.each(["", "5", "h", "-1h", "1y", "1h 30m", "0s", "1h-", "1e3s", "0.5ms", "9999999999999999d"])(
    "%j is none",
    (text) => {
      expect(parseDuration(text)).toBeUndefined();
    },
  );

  it("rounds to one unit", () => {
    expect([250, 45_000, 89_000, 600_000, 5_400_000, 90_000_000, 172_800_000].map(formatDuration)).toEqual([
      "250 ms",
      "45 s",
      "89 s",
      "10 min",
      "2 h",
      "25 h",
      "2 d",
    ]);
  });
});
