// Options of a client, checked and completed.
import { Code } from "@connectrpc/connect";
import { isDeviceId, Platform } from "@userstatus/protocol";
import { type BackoffOptions, defaultBackoff } from "./backoff.ts";
import type { UserStatusClientOptions } from "./client-types.ts";
import { UserStatusError } from "./errors.ts";
import { maxTimerMs, systemClock, systemScheduler } from "./time.ts";

/** Options with nothing left open. */
export interface CompleteOptions extends Required<Omit<UserStatusClientOptions, "backoff">> {
  readonly backoff: BackoffOptions;
}

/** Throws INVALID_FIELD for what no server would take, or no timer could keep. */
export function completeOptions(options: UserStatusClientOptions): CompleteOptions {
  const complete: CompleteOptions = {
    callTimeoutMs: 10_000,
    loginTimeoutMs: 15_000,
    onSilence: () => {},
    tableMax: 100_000,
    clock: systemClock,
    random: Math.random,
    scheduler: systemScheduler,
    ...options,
    backoff: { ...defaultBackoff, ...options.backoff },
  };
  const { deviceId, platform, callTimeoutMs, loginTimeoutMs, tableMax, backoff } = complete;
  expect("deviceId", isDeviceId(deviceId), "1 to 64 bytes of the characters of user ids", deviceId);
  expect("platform", platform !== Platform.UNSPECIFIED, "a platform other than UNSPECIFIED", platform);
  expect("callTimeoutMs", isDelay(callTimeoutMs, 1), "milliseconds from 1", callTimeoutMs);
  expect("loginTimeoutMs", isDelay(loginTimeoutMs, 1), "milliseconds from 1", loginTimeoutMs);
  expect("tableMax", Number.isSafeInteger(tableMax) && tableMax > 0, "a whole number above 0", tableMax);
  expect("backoff.baseMs", isDelay(backoff.baseMs, 1), "milliseconds from 1", backoff.baseMs);
  expect("backoff.maxMs", isDelay(backoff.maxMs, backoff.baseMs), "milliseconds from baseMs", backoff.maxMs);
  expect("backoff.stableMs", isDelay(backoff.stableMs, 0), "milliseconds from 0", backoff.stableMs);
  return complete;
}

function isDelay(ms: number, leastMs: number): boolean {
  return Number.isFinite(ms) && ms >= leastMs && ms <= maxTimerMs;
}

function expect(field: string, holds: boolean, expected: string, got: unknown): void {
  if (holds) return;
  const message = `expected ${field} to be ${expected}, got ${JSON.stringify(got)}`;
  throw new UserStatusError(Code.InvalidArgument, "INVALID_FIELD", message, { metadata: { field } });
}
