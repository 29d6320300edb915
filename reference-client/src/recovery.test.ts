import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import { type ReasonName, type WatchEnd, WatchEndReason, WatchEndSchema } from "@userstatus/protocol";
import { describe, expect, it } from "vitest";
import { toUserStatusError, UserStatusError } from "./errors.ts";
import { type RecoveryContext, recover, tokenRefusalsMax } from "./recovery.ts";
import { refusal } from "./testing/fake-service.ts";

const renewable: RecoveryContext = { tokenRenewable: true, tokenRefusals: 1 };
const fixed: RecoveryContext = { tokenRenewable: false, tokenRefusals: 1 };

const ended = (reason: WatchEndReason, mayResume: boolean, fields: Partial<WatchEnd> = {}) =>
  recover({ kind: "ended", end: create(WatchEndSchema, { reason, mayResume, ...fields }) }, renewable);

const failed = (
  reason: ReasonName,
  metadata: Record<string, string> = {},
  context = renewable,
  retryAfterMs?: number,
) => recover({ kind: "failed", error: toUserStatusError(refusal(reason, metadata, retryAfterMs)) }, context);

describe("client-resume-advice", () => {
  it("comes back only if may_resume is set, whatever the reason", () => {
    expect(ended(WatchEndReason.DRAIN, true)).toMatchObject({ action: "return", event: "SERVER_DRAINING" });
    expect(ended(WatchEndReason.DRAIN, false)).toEqual({ action: "stop", event: "REFUSED" });
    expect(ended(99 as WatchEndReason, true)).toMatchObject({ action: "return", event: "STREAM_ENDED" });
    expect(ended(99 as WatchEndReason, false)).toEqual({ action: "stop", event: "REFUSED" });
  });

  it("takes the delays that were told; an unset maximum is the minimum", () => {
    const minDelay = durationFromMs(200);
    expect(ended(WatchEndReason.DRAIN, true, { minDelay, maxDelay: durationFromMs(900) })).toMatchObject({
      advice: { minMs: 200, maxMs: 900 },
    });
    expect(ended(WatchEndReason.DRAIN, true, { minDelay })).toMatchObject({ advice: { minMs: 200, maxMs: 200 } });
  });

  it("never comes back after a kick, even if may_resume is set", () => {
    expect(ended(WatchEndReason.KICKED, false)).toEqual({ action: "stop", event: "KICKED_OUT" });
    expect(ended(WatchEndReason.KICKED, true)).toEqual({ action: "stop", event: "KICKED_OUT" });
  });

  it("names the other ends", () => {
    expect(ended(WatchEndReason.REPLACED, false)).toEqual({ action: "stop", event: "REPLACED" });
    expect(ended(WatchEndReason.LOGGED_OUT, false)).toEqual({ action: "stop", event: "LOGGED_OUT" });
    expect(ended(WatchEndReason.USER_DELETED, false)).toEqual({ action: "stop", event: "USER_DELETED" });
    expect(ended(WatchEndReason.RESYNC, true)).toMatchObject({ event: "RESYNC", dropCursor: true, login: false });
    expect(ended(WatchEndReason.LEASE_EXPIRED, true)).toMatchObject({ event: "LEASE_EXPIRED", login: false });
  });

  it("asks for a newer token when the token ran out, and stops where there is none", () => {
    expect(ended(WatchEndReason.TOKEN_EXPIRED, true)).toMatchObject({ event: "TOKEN_EXPIRED", freshToken: true });
    const end = create(WatchEndSchema, { reason: WatchEndReason.TOKEN_EXPIRED, mayResume: true });
    expect(recover({ kind: "ended", end }, fixed)).toEqual({ action: "stop", event: "TOKEN_EXPIRED" });
  });
});

describe("refused and broken Watches", () => {
  it("logs in anew when the session is gone for no one's wish", () => {
    expect(failed("SESSION_NOT_FOUND")).toMatchObject({ action: "return", event: "SESSION_GONE", login: true });
    for (const reason of ["LINK_LOST", "DECAYED"])
      expect(failed("SESSION_ENDED", { end_reason: reason })).toMatchObject({ login: true });
  });

  it("stays away when somebody ended the session", () => {
    const stops = {
      KICKED: "KICKED_OUT",
      ADMIN: "KICKED_OUT",
      LOGGED_OUT: "LOGGED_OUT",
      USER_DELETED: "USER_DELETED",
      toString: "REFUSED",
    };
    for (const [reason, event] of Object.entries(stops)) {
      expect(failed("SESSION_ENDED", { end_reason: reason })).toEqual({ action: "stop", event });
    }
    expect(failed("SESSION_ENDED")).toEqual({ action: "stop", event: "REFUSED" });
  });

  it("goes on after what may pass", () => {
    expect(failed("SESSION_LOST")).toMatchObject({ action: "return", login: false });
    expect(failed("MALFORMED_CURSOR")).toMatchObject({ action: "return", dropCursor: true });
    expect(failed("DRAINING", {}, renewable, 700)).toMatchObject({
      event: "SERVER_DRAINING",
      advice: { minMs: 700, maxMs: 700 },
    });
    expect(failed("INTERNAL")).toMatchObject({ action: "return", event: "LINK_LOST" });
    for (const kind of ["closed", "silent"] as const)
      expect(recover({ kind }, renewable)).toMatchObject({ action: "return", event: "LINK_LOST" });
  });

  it("stops at what another try won't change", () => {
    for (const reason of ["WRONG_ROLE", "INVALID_FIELD", "USER_NOT_FOUND", "FEATURE_DISABLED"] as const) {
      expect(failed(reason)).toEqual({ action: "stop", event: "REFUSED" });
    }
    const unimplemented = new UserStatusError(Code.Unimplemented, "UNKNOWN", "404");
    expect(recover({ kind: "failed", error: unimplemented }, renewable)).toEqual({ action: "stop", event: "REFUSED" });
  });

  it("renews a refused token a few times, then stops", () => {
    expect(failed("TOKEN_EXPIRED")).toMatchObject({ action: "return", freshToken: true });
    expect(failed("TOKEN_EXPIRED", {}, fixed)).toEqual({ action: "stop", event: "TOKEN_EXPIRED" });
    expect(failed("TOKEN_INVALID", {}, { tokenRenewable: true, tokenRefusals: tokenRefusalsMax })).toEqual({
      action: "stop",
      event: "TOKEN_EXPIRED",
    });
    const unavailable = new UserStatusError(Code.Unauthenticated, "TOKEN_UNAVAILABLE", "no network");
    expect(recover({ kind: "failed", error: unavailable }, { tokenRenewable: true, tokenRefusals: 9 })).toMatchObject({
      action: "return",
    });
  });
});
