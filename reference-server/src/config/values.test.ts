import { expect, test } from "vitest";
import { nearest } from "./config-error.ts";
import { addressText, durationText, readAddress, readDurationMs } from "./values.ts";

test("durations are read and written", () => {
  const pairs: [string, number][] = [
    ["0ms", 0],
    ["1ms", 1],
    ["1500ms", 1_500],
    ["15s", 15_000],
    ["90s", 90_000],
    ["5m", 300_000],
    ["12h", 43_200_000],
    ["30d", 2_592_000_000],
  ];
  for (const [text, ms] of pairs) {
    expect(readDurationMs(text, "x")).toBe(ms);
    expect(readDurationMs(durationText(ms), "x")).toBe(ms);
  }
  expect(readDurationMs("0.5s", "x")).toBe(500);
  for (const text of ["", "5", "s", "-1s", "1 s", "1e3s", "1w"])
    expect(() => readDurationMs(text, "x")).toThrow("Expected x");
});

test("addresses are read and written", () => {
  for (const text of ["127.0.0.1:8080", "[::1]:0", "localhost:1", "off"])
    expect(addressText(readAddress(text, "x"))).toBe(text);
  expect(addressText(readAddress(":9", "x"))).toBe("0.0.0.0:9");
  for (const text of ["", "8080", "::1:80", "a b:1", "x:65536", "x:-1", "http://x:1"]) {
    expect(() => readAddress(text, "x")).toThrow("Expected x to be HOST:PORT");
  }
});

test("the nearest name is found, if one is near", () => {
  const names = ["listen", "admin-listen", "log-level", "jwt-secret", "jwt-secret-file"];
  expect(nearest("lisetn", names)).toBe("listen");
  expect(nearest("jwt-secret-fil", names)).toBe("jwt-secret-file");
  expect(nearest("log", names)).toBe("log-level");
  expect(nearest("verbose", names)).toBe(undefined);
});
