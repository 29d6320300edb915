import { create } from "@bufbuild/protobuf";
import { DurationSchema, TimestampSchema } from "@bufbuild/protobuf/wkt";
import { LoginResponseSchema, QueryStatusesResponseSchema, WatchResponseSchema } from "@userstatus/protocol";
import { describe, expect, test } from "vitest";
import { schemaFault } from "./valid.ts";

const minute = create(DurationSchema, { seconds: 60n });

describe("what is valid has no fault", () => {
  test.each([
    ["nothing set", create(LoginResponseSchema, {})],
    ["a duration below zero", create(LoginResponseSchema, { lease: { seconds: -1n, nanos: -999_999_999 } })],
    ["the last moment there is", create(LoginResponseSchema, { serverTime: { seconds: 253_402_300_799n, nanos: 1 } })],
    ["text beyond the first plane", create(LoginResponseSchema, { sessionId: "\u{1f600}", lease: minute })],
  ])("%s", (_, message) => {
    expect(schemaFault(LoginResponseSchema, message)).toBeUndefined();
  });
});

describe("a fault is told with its place", () => {
  test.each([
    [{ lease: { seconds: 1n, nanos: -1 } }, "lease: a Duration whose seconds and nanos differ in sign"],
    [{ lease: { seconds: 315_576_000_001n } }, "lease: a Duration of 315576000001 s is beyond 10,000 years"],
    [{ lease: { nanos: 1_000_000_000 } }, "lease: a Duration with 1000000000 nanos"],
    [{ serverTime: { seconds: 253_402_300_800n } }, "serverTime: a Timestamp of 253402300800 s is outside"],
    [{ serverTime: { nanos: -1 } }, "serverTime: a Timestamp with -1 nanos"],
    [{ sessionId: "\ud800" }, "sessionId: not Unicode"],
    [{ self: { status: { userId: "\udc00" } } }, "self.status.userId: not Unicode"],
  ])("%o", (init, fault) => {
    expect(schemaFault(LoginResponseSchema, create(LoginResponseSchema, init))).toContain(fault);
  });

  test("in a list, and behind a choice", () => {
    const status = { customStatus: { expireTime: create(TimestampSchema, { nanos: -5 }) } };
    const answer = create(QueryStatusesResponseSchema, {
      results: [{ userId: "a" }, { userId: "b", result: { case: "status", value: status } }],
    });
    expect(schemaFault(QueryStatusesResponseSchema, answer)).toContain(
      "results[1].status.customStatus.expireTime: a Tim",
    );
    const frame = create(WatchResponseSchema, { events: [{ event: { case: "status", value: status } }] });
    expect(schemaFault(WatchResponseSchema, frame)).toContain("events[0].status.customStatus.expireTime: a Timestamp");
  });
});
