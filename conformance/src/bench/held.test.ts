import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { WatchEventSchema } from "@userstatus/protocol";
import { expect, test } from "vitest";
import type { Seen } from "../check.ts";
import { heldStatus } from "./held.ts";

type Init = NonNullable<MessageInitShape<typeof WatchEventSchema>["event"]>;

function seen(...events: Init[]): Seen[] {
  return events.map((event, index) => ({ event: create(WatchEventSchema, { event }).event, index, frameBytes: 10 }));
}

const status = (revision: bigint, userId = "t"): Init => ({ case: "status", value: { userId, revision } });
const subscribed = (generation: bigint): Init => ({ case: "subscribed", value: { userId: "t", generation } });
const ended = (generation: bigint, stillVisible = false): Init => ({
  case: "subscriptionEnded",
  value: { userId: "t", generation, stillVisible },
});

test("the newest revision is held, whatever order they came in", () => {
  expect(heldStatus(seen(status(1n), status(5n), status(3n), status(9n, "other")), "t")?.revision).toBe(5n);
  expect(heldStatus(seen(status(1n, "other")), "t")).toBeUndefined();
});

test("the end of the row drops it, unless it is still visible or of an older row", () => {
  expect(heldStatus(seen(subscribed(1n), status(1n), ended(1n)), "t")).toBeUndefined();
  expect(heldStatus(seen(subscribed(1n), status(1n), ended(1n, true)), "t")?.revision).toBe(1n);
  expect(heldStatus(seen(subscribed(2n), status(1n), ended(1n)), "t")?.revision).toBe(1n);
  expect(heldStatus(seen(status(1n), ended(0n)), "t")).toBeUndefined();
});
