import { publishedProfile } from "@userstatus/protocol";
import { expect, test } from "vitest";
import { blankRecord } from "./model.ts";
import { createRules } from "./rules.ts";
import { createStatusOf } from "./shared-status.ts";

test("so many are kept, of those who were looked at last", () => {
  const profile = publishedProfile("standard");
  if (!profile) throw new Error("there is no profile standard");
  const rules = createRules(profile);
  const statusOf = createStatusOf(rules, 8);
  const often = blankRecord("often", rules);
  const first = statusOf(often);
  const others = Array.from({ length: 20 }, (_, at) => blankRecord(`other-${at}`, rules));
  const made = others.map((record) => {
    const status = statusOf(record);
    expect(statusOf(often)).toBe(first);
    return status;
  });
  const again = others.toReversed().map((record) => statusOf(record));
  const kept = again.toReversed().filter((status, at) => status === made[at]);
  expect(kept.length).toBeGreaterThan(0);
  expect(kept.length).toBeLessThan(8);
});
