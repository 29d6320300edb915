import { Platform } from "@userstatus/protocol";
import { expect, it } from "vitest";
import type { UserStatusClientOptions } from "./client-types.ts";
import { completeOptions } from "./options.ts";
import { createFakeService } from "./testing/fake-service.ts";

const least: UserStatusClientOptions = {
  transport: createFakeService().transport,
  token: "t",
  deviceId: "d",
  platform: Platform.WEB,
};

it("completes what is left open", () => {
  expect(completeOptions({ ...least, backoff: { baseMs: 100 } })).toMatchObject({
    callTimeoutMs: 10_000,
    loginTimeoutMs: 15_000,
    tableMax: 100_000,
    backoff: { baseMs: 100, maxMs: 30_000, stableMs: 30_000 },
  });
});

it.each<[string, Partial<UserStatusClientOptions>]>([
  ["deviceId", { deviceId: "" }],
  ["deviceId", { deviceId: "x".repeat(65) }],
  ["platform", { platform: Platform.UNSPECIFIED }],
  ["callTimeoutMs", { callTimeoutMs: 0 }],
  ["callTimeoutMs", { callTimeoutMs: Number.POSITIVE_INFINITY }],
  ["loginTimeoutMs", { loginTimeoutMs: Number.NaN }],
  ["tableMax", { tableMax: 0.5 }],
  ["backoff.baseMs", { backoff: { baseMs: 0 } }],
  ["backoff.maxMs", { backoff: { baseMs: 200, maxMs: 100 } }],
  ["backoff.stableMs", { backoff: { stableMs: -1 } }],
])("refuses a bad %s: %j", (field, options) => {
  expect(() => completeOptions({ ...least, ...options })).toThrow(expect.objectContaining({ metadata: { field } }));
});
