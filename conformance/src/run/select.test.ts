import { expect, test } from "vitest";
import { UsageError } from "./options.ts";
import { matchesPattern, selectChecks } from "./select.ts";

const all = [{ id: "sub-cap/holds" }, { id: "sub-cap-live/expired" }, { id: "query-self/asked" }];
const ids = (...patterns: [only: string[], skip?: string[]]) =>
  selectChecks(all, ...patterns).checks.map(({ id }) => id);

test("patterns name checks by their own id or by that of the requirement", () => {
  expect(ids(["sub-cap"])).toEqual(["sub-cap/holds"]);
  expect(ids(["sub-*"])).toEqual(["sub-cap/holds", "sub-cap-live/expired"]);
  expect(ids(["*/asked", "sub-cap/holds"])).toEqual(["sub-cap/holds", "query-self/asked"]);
  expect(ids(["sub-*"], ["*-live"])).toEqual(["sub-cap/holds"]);
  expect(ids([], ["query-self"])).toEqual(["sub-cap/holds", "sub-cap-live/expired"]);
  expect(matchesPattern("a.c", "abc")).toBe(false);
  expect(matchesPattern("a?c", "abc")).toBe(true);
});

test("less than all is said; a pattern that names nothing is wrong usage", () => {
  expect(selectChecks(all).said).toBeUndefined();
  expect(selectChecks(all, ["sub-cap"]).said).toContain("1 of 3");
  expect(() => selectChecks(all, ["sup-*"])).toThrow(UsageError);
  expect(() => selectChecks(all, [], ["nothing"])).toThrow(/--skip nothing/);
});
