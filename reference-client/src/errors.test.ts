import { Code, ConnectError } from "@connectrpc/connect";
import { ErrorInfoSchema } from "@userstatus/protocol/rpc";
import { describe, expect, it } from "vitest";
import { toRefusal, toUserStatusError, UserStatusError } from "./errors.ts";
import { refusal } from "./testing/fake-service.ts";

describe("typed errors", () => {
  it("reads reason, metadata, wait and the vendor's number", () => {
    const error = toUserStatusError(refusal("RATE_LIMITED", { vendor_code: "6000004", limit: "20" }, 1_500));
    expect(error).toBeInstanceOf(UserStatusError);
    expect(error).toMatchObject({
      code: Code.ResourceExhausted,
      reason: "RATE_LIMITED",
      metadata: { vendor_code: "6000004", limit: "20" },
      retryAfterMs: 1_500,
      vendorCode: 6_000_004,
      message: "refused: RATE_LIMITED",
    });
  });

  it("leaves an ErrorInfo of another domain alone", () => {
    const error = new ConnectError("no", Code.PermissionDenied);
    error.details.push({
      desc: ErrorInfoSchema,
      value: { reason: "API_DISABLED", domain: "googleapis.com", metadata: {} },
    });
    expect(toUserStatusError(error)).toMatchObject({
      reason: "UNKNOWN",
      code: Code.PermissionDenied,
      vendorCode: undefined,
    });
  });

  it("tells an unreachable server from a refusal", () => {
    expect(toUserStatusError(new ConnectError("ECONNREFUSED", Code.Unavailable)).reason).toBe("UNREACHABLE");
    expect(toUserStatusError(refusal("DRAINING", {}, 100)).reason).toBe("DRAINING");
    // What fetch throws when there is no network.
    expect(toUserStatusError(new TypeError("fetch failed"))).toMatchObject({
      reason: "UNREACHABLE",
      code: Code.Unavailable,
    });
    expect(toUserStatusError(new DOMException("stop", "AbortError")).reason).toBe("ABORTED");
    expect(toUserStatusError("what")).toMatchObject({ reason: "UNKNOWN" });
  });

  it("takes a vendor's number only if it is one", () => {
    expect(toUserStatusError(refusal("FEATURE_DISABLED", { vendor_code: "72001" })).vendorCode).toBe(72_001);
    expect(toUserStatusError(refusal("FEATURE_DISABLED", { vendor_code: "0x10" })).vendorCode).toBeUndefined();
  });

  it("types the failures of single users", () => {
    const metadata = { vendor_code: "7" };
    const error = { $typeName: "userstatus.v1.UserError" as const, reason: "USER_NOT_FOUND", metadata };
    expect(toRefusal(error)).toEqual({
      code: Code.NotFound,
      reason: "USER_NOT_FOUND",
      metadata,
      retryAfterMs: undefined,
      vendorCode: 7,
    });
    expect(toRefusal({ ...error, reason: "toString" })).toMatchObject({ code: Code.Unknown, reason: "toString" });
    expect(toRefusal(undefined)).toMatchObject({ reason: "UNKNOWN" });
  });
});
