import { describe, expect, it } from "vitest";
import { durationMs, fillIn, mismatch, type Names, parseOpenJson } from "./example-json.ts";

function check(pattern: string, got: unknown, names: Names = new Map()): string | undefined {
  return mismatch(parseOpenJson(pattern), got as never, names);
}

describe("what is left open", () => {
  it("is read as a value, as entries and as fields", () => {
    expect(parseOpenJson('{"a": …, "b": [1, …], "c": {…}, …}')).toEqual({
      a: "…",
      b: [1, "…"],
      c: { "…": null },
      "…": null,
    });
  });

  it("is not read inside strings", () => {
    expect(parseOpenJson('{"a": "x…y", "b": "\\"…"}')).toEqual({ a: "x…y", b: '"…' });
  });

  it("refuses what is no JSON", () => {
    expect(() => parseOpenJson('{"a": ')).toThrow(SyntaxError);
    expect(() => parseOpenJson('{"a')).toThrow(SyntaxError);
  });
});

describe("comparison", () => {
  it("takes equal values and open ones", () => {
    expect(check('{"a": 1, "b": "…", "c": [true, …]}', { a: 1, b: { any: 1 }, c: [true, 2, 3] })).toBeUndefined();
    expect(check("{…}", { any: "thing" })).toBeUndefined();
    expect(check("[…]", [])).toBeUndefined();
  });

  it("says where the values differ", () => {
    expect(check('{"a": {"b": [1, 2]}}', { a: { b: [1, 3] } })).toBe("a.b[1]: expected 2, got 3");
    expect(check('{"a": "…"}', {})).toBe('a: expected "…", got nothing');
    expect(check('{"a": 1}', { a: 1, b: 2 })).toBe(".b was not expected: 2");
    expect(check("[1]", [1, 2])).toBe("all of it: expected [1], got [1,2]");
    expect(check("[1, 2, …]", [1])).toBe('all of it: expected [1,2,"…"], got [1]');
    expect(check('{"a": {}}', { a: [] })).toBe("a: expected {}, got []");
    expect(check("[]", {})).toBe("all of it: expected [], got {}");
  });

  it("lets a name stand for what came first", () => {
    const names: Names = new Map();
    expect(check('{"a": "$x", "b": "$x"}', { a: "1", b: "1" }, names)).toBeUndefined();
    expect(names.get("$x")).toBe("1");
    expect(check('{"a": "$x"}', { a: "2" }, names)).toBe('a: expected "1", got "2"');
  });

  it("reckons times", () => {
    const names: Names = new Map([["$now", "2026-01-01T00:00:00Z"]]);
    expect(check('"$now + 80s"', "2026-01-01T00:01:20Z", names)).toBeUndefined();
    expect(check('"$now + 1s"', "2026-01-01T00:00:01.001Z", names)).toMatch(/expected "2026-01-01T00:00:01.000Z"/);
    expect(() => check('"$then + 1s"', "2026-01-01T00:00:01Z", names)).toThrow("$then stands for nothing yet");
  });
});

describe("requests", () => {
  it("are filled in with what names stand for, and with spans of ids", () => {
    const names: Names = new Map([["$s", "id-1"]]);
    const request = fillIn(
      parseOpenJson('{"sessionId": "$s", "userIds": ["a", "u9…u11"], "text": "u1…u2", "n": 1}'),
      names,
    );
    expect(request).toEqual({ sessionId: "id-1", userIds: ["a", "u9", "u10", "u11"], text: "u1…u2", n: 1 });
    expect(() => fillIn({ sessionId: "$other" }, names)).toThrow("$other stands for nothing yet");
  });
});

describe("durations", () => {
  it("are read with their unit", () => {
    expect(["19.999s", "1h", "2d", "5m", "7ms"].map(durationMs)).toEqual([19_999, 3_600_000, 172_800_000, 300_000, 7]);
    expect(() => durationMs("30")).toThrow("expected a duration such as 30s, got 30");
  });
});
