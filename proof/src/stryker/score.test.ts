import { describe, expect, it } from "vitest";
import { cut } from "./cut.ts";
import { intervalOf, keyOf, page, type Row, reasonOf, scoreOf, summaryLine, totalsOf } from "./score.ts";

const row = (over: Partial<Row>): Row => ({
  file: "rates.ts",
  line: 7,
  column: 3,
  mutator: "EqualityOperator",
  original: "a >= b",
  replacement: "a > b",
  status: "killed",
  ...over,
});

describe("the score", () => {
  it("counts kills, of all that were judged and are not argued equivalent", () => {
    const rows = [
      row({}),
      row({}),
      row({ status: "survived" }),
      row({ status: "uncovered" }),
      row({ status: "survived", equivalent: "no difference" }),
      row({ status: "fault" }),
    ];
    const totals = totalsOf(rows);
    expect(totals).toEqual({ judged: 5, detected: 2, survived: 1, uncovered: 1, equivalent: 1, faults: 1 });
    expect(scoreOf(totals)).toBe(0.5);
  });

  it("takes an equivalent that was killed for what it is", () => {
    expect(totalsOf([row({ equivalent: "no difference" })])).toMatchObject({ detected: 1, equivalent: 0 });
  });

  it("is none where nothing was judged", () => {
    expect(scoreOf(totalsOf([row({ status: "fault" })]))).toBeUndefined();
  });

  it("says an interval for a sample, and none for the whole", () => {
    const run = { seed: "s", profiles: ["standard"], rows: [row({})] };
    expect(summaryLine({ ...run, mutants: 10 })).toContain("interval");
    expect(summaryLine({ ...run, mutants: 1 })).not.toContain("interval");
  });
});

it("the line says what the score would be if the undecided lived", () => {
  const rows = [row({}), row({ status: "fault" })];
  expect(summaryLine({ seed: "s", profiles: ["standard"], mutants: 2, rows })).toContain(
    "1 undecided, 50.0 % if those lived",
  );
});

describe("the interval", () => {
  it("is Wilson's for a small part of many", () => {
    const [low, high] = intervalOf(8, 10, 1_000_000_000);
    expect(low).toBeCloseTo(0.4902, 3);
    expect(high).toBeCloseTo(0.9433, 3);
  });

  it("shrinks to the share when all were judged", () => {
    const [low, high] = intervalOf(8, 10, 10);
    expect([low, high]).toEqual([0.8, 0.8]);
  });

  it("is everything where nothing was judged", () => {
    expect(intervalOf(0, 0, 10)).toEqual([0, 1]);
  });
});

describe("a mutant", () => {
  it("has a key of its place and change, whatever its number", () => {
    expect(keyOf(row({}))).toBe("rates.ts:7:3:EqualityOperator:a > b:a >= b");
  });

  it("is argued equivalent by file, text and replacement, and by line where that is said", () => {
    const entry = { file: "rates.ts", original: "a >= b", replacement: "a > b", reason: "because" };
    expect(reasonOf(row({}), [entry])).toBe("because");
    expect(reasonOf(row({}), [{ ...entry, line: 8 }])).toBeUndefined();
    expect(reasonOf(row({ replacement: "a < b" }), [entry])).toBeUndefined();
  });

  it("is cut from its text over several lines", () => {
    const text = "one two\nthree four\nfive six";
    expect(cut(text, { start: { line: 0, column: 4 }, end: { line: 0, column: 7 } })).toBe("two");
    expect(cut(text, { start: { line: 0, column: 4 }, end: { line: 2, column: 4 } })).toBe("two\nthree four\nfive");
  });
});

it("the page has every mutant that lives, with what it changes", () => {
  const text = page({
    seed: "s",
    profiles: ["standard"],
    mutants: 2,
    rows: [row({ by: "rate-limit/Login" }), row({ status: "survived", original: "x || y" })],
  });
  expect(text).toContain(
    "| rates.ts:7 | EqualityOperator | `x \\|\\| y` | `a > b` | every check that runs it passes |",
  );
  expect(text.match(/every check that runs it passes/g)).toHaveLength(1);
});
