import { expect, test } from "vitest";
import { slotMapOf, slotOf } from "./slots.ts";

test("slots as Redis counts them", () => {
  // By CLUSTER KEYSLOT.
  expect(
    ["", "foo", "bar", "123456789", "{user1000}.following", "foo{}{bar}", "foo{{bar}}zap", "{us:3}:u:a\nü"].map(slotOf),
  ).toEqual([0, 12182, 5061, 12739, 3443, 8363, 4015, 4870]);
});

test("who has which slot; one that nobody has is empty, and a host that is left out is the one that was asked", () => {
  const map = slotMapOf(
    [
      [0, 99, ["10.0.0.1", 7000, "id"], ["10.0.0.9", 7000, "replica"]],
      [101, 16383, [null, 7001, "id"]],
    ],
    "10.0.0.2",
  );
  expect([map[0], map[99], map[100], map[101], map[16383]]).toEqual([
    "10.0.0.1:7000",
    "10.0.0.1:7000",
    "",
    "10.0.0.2:7001",
    "10.0.0.2:7001",
  ]);
});
