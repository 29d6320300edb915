import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { OnlineStatus, UserStatusSchema, type WatchResponse, WatchResponseSchema } from "@userstatus/protocol";
import { describe, expect, it } from "vitest";
import { createFrameEncoder } from "./encode.ts";
import type { Event } from "./watch.ts";

function status(userId: string, text: string): Event {
  const value = create(UserStatusSchema, {
    userId,
    onlineStatus: OnlineStatus.ONLINE,
    revision: 7n,
    customStatus: { text },
  });
  return { case: "status", value };
}
const ended: Event = {
  case: "subscriptionEnded",
  value: { $typeName: "userstatus.v1.SubscriptionEnded", userId: "b", generation: 3n, reason: 1, stillVisible: true },
};
const synced: Event = { case: "synced", value: { $typeName: "userstatus.v1.Synced", marker: "grüße" } };
const [alice, bob] = [status("alice", "x".repeat(200)), status("bob", "in a „meeting“ 🙂")];

/** What the RPC library writes for a message, in an envelope. */
function byLibrary(codec: "proto" | "json", events: readonly Event[]): Buffer {
  const frame: WatchResponse = create(WatchResponseSchema, { events: events.map((event) => ({ event })) });
  const body =
    codec === "proto" ? toBinary(WatchResponseSchema, frame) : Buffer.from(toJsonString(WatchResponseSchema, frame));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, body]);
}

describe.each(["proto", "json"] as const)("frames in %s are byte for byte those of the library", (codec) => {
  it.each([
    ["one status", [alice]],
    ["several", [alice, bob, ended, synced]],
    ["the same again, and in another order", [alice, bob, alice]],
    ["one that is no status", [synced]],
  ])("%s", (_, events) => {
    const encode = createFrameEncoder(codec);
    for (let time = 0; time < 3; time++) {
      expect(encode(events).equals(byLibrary(codec, events))).toBe(true);
      expect(encode([bob]).equals(byLibrary(codec, [bob]))).toBe(true);
    }
  });

  it("a frame of the same statuses is made once, one with anything else each time", () => {
    const encode = createFrameEncoder(codec);
    expect(encode([alice, bob])).toBe(encode([alice, bob]));
    expect(encode([alice, ended])).not.toBe(encode([alice, ended]));
    // A row event may change until it leaves.
    const changed = { ...ended.value, stillVisible: false };
    const later = { case: "subscriptionEnded", value: changed } as Event;
    expect(encode([alice, later]).equals(byLibrary(codec, [alice, later]))).toBe(true);
  });
});
