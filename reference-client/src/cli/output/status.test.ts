import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import {
  type OnlineStatus,
  type Platform,
  SelfStatusSchema,
  SubscriptionSchema,
  UserStatusSchema,
} from "@userstatus/protocol";
import { describe, expect, it } from "vitest";
import { toUserStatusError } from "../../errors.ts";
import { refusal } from "../../testing/fake-service.ts";
import {
  failedCells,
  humanTime,
  refusalJson,
  selfJson,
  statusCells,
  statusHead,
  statusJson,
  subscriptionJson,
} from "./status.ts";

const now = Date.UTC(2026, 10, 21, 7, 11, 3);

const full = create(UserStatusSchema, {
  userId: "bob",
  revision: 9_007_199_254_740_991n,
  onlineStatus: 1,
  onlinePlatforms: [4, 10],
  customStatus: { text: "at lunch", expireTime: timestampFromMs(now + 3_600_000) },
  updateTime: timestampFromMs(now - 1),
  onlineStatusUpdateTime: timestampFromMs(now - 300_000),
  customStatusUpdateTime: timestampFromMs(now - 2),
});

describe("statuses for people", () => {
  it("shows times relative and absolute", () => {
    expect(statusCells("bob", full, now)).toEqual([
      "bob",
      "online",
      "linux, mini program",
      "at lunch",
      "in 60 min (2026-11-21 08:11:03Z)",
      "5 min ago (2026-11-21 07:06:03Z)",
    ]);
    expect(humanTime(timestampFromMs(now + 999), now)).toBe("now (2026-11-21 07:11:03Z)");
    expect(humanTime(undefined, now)).toBe("-");
  });

  it("shows what is not there as a dash, and what it does not know as a number", () => {
    const bare = create(UserStatusSchema, { userId: "eve", onlineStatus: 3 });
    expect(statusCells("eve", bare, now)).toEqual(["eve", "logged out", "-", "-", "-", "-"]);
    const odd = create(UserStatusSchema, { onlineStatus: 77 as OnlineStatus, onlinePlatforms: [88 as Platform] });
    expect(statusCells("x", odd, now).slice(1, 3)).toEqual(["77", "88"]);
    expect(statusCells("x", create(UserStatusSchema, {}), now)[1]).toBe("-");
    const error = toUserStatusError(refusal("USER_NOT_FOUND"));
    expect(failedCells("x", error)).toHaveLength(statusHead.length);
    expect(statusCells("x", undefined, now)).toHaveLength(statusHead.length);
  });
});

describe("statuses for programs", () => {
  it("has the same keys whatever is set", () => {
    expect(statusJson(full)).toEqual({
      userId: "bob",
      onlineStatus: "ONLINE",
      onlinePlatforms: ["LINUX", "MINI_PROGRAM"],
      customStatus: "at lunch",
      customStatusExpireTime: "2026-11-21T08:11:03.000Z",
      updateTime: "2026-11-21T07:11:02.999Z",
      onlineStatusUpdateTime: "2026-11-21T07:06:03.000Z",
      customStatusUpdateTime: "2026-11-21T07:11:02.998Z",
      revision: "9007199254740991",
    });
    const bare = statusJson(create(UserStatusSchema, { userId: "eve" }));
    expect(Object.keys(bare as object)).toEqual(Object.keys(statusJson(full) as object));
    expect(bare).toMatchObject({
      onlineStatus: "UNSPECIFIED",
      onlinePlatforms: [],
      customStatus: null,
      updateTime: null,
    });
    expect(statusJson(undefined)).toBeNull();
  });

  it("has rows, refusals and oneself", () => {
    const row = create(SubscriptionSchema, { userId: "bob", generation: 3n, refreshTime: timestampFromMs(now) });
    expect(subscriptionJson(row)).toEqual({
      generation: "3",
      expireTime: null,
      refreshTime: "2026-11-21T07:11:03.000Z",
    });
    expect(refusalJson(toUserStatusError(refusal("USER_NOT_FOUND", { vendor_code: "6" })))).toEqual({
      reason: "USER_NOT_FOUND",
      metadata: { vendor_code: "6" },
      vendorCode: 6,
    });
    const session = { sessionId: "s", deviceId: "d", platform: 9, loginTime: timestampFromMs(now) } as const;
    expect(selfJson(create(SelfStatusSchema, { status: full, sessions: [session] }))).toMatchObject({
      status: { userId: "bob" },
      sessions: [{ sessionId: "s", deviceId: "d", platform: "WEB", loginTime: "2026-11-21T07:11:03.000Z" }],
    });
  });
});
