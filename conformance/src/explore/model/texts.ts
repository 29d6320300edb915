// Custom status (SPEC §8).
import type { AppState, UserState } from "./state.ts";
import { refreshViews } from "./views.ts";

export interface TextInput {
  readonly text: string;
  readonly ttlMs: number | undefined;
}

/** A text was taken. */
export function setText(app: AppState, user: UserState, { text, ttlMs }: TextInput, why: string): void {
  const lasts = ttlMs ?? app.rules.texts.defaultMs;
  user.text = { text, endMs: lasts === undefined ? undefined : app.nowMs + lasts };
  user.textMs = app.nowMs;
  refreshViews(app, user, why, true);
}

/** The caller refreshes the views. */
export function clearText(user: UserState, atMs: number): void {
  user.text = undefined;
  user.textMs = atMs;
  user.clearMs = undefined;
}

/** Why a text is refused: reason and requirement. */
export function textFaults(app: AppState, { text, ttlMs }: TextInput): [reason: string, requirement: string][] {
  const { maxBytes, callerTtl, minMs, maxMs } = app.rules.texts;
  const faults: [string, string][] = [];
  if (Buffer.byteLength(text) > maxBytes) faults.push(["CUSTOM_STATUS_TOO_LONG", "custom-bytes"]);
  if (ttlMs !== undefined && text !== "") {
    if (!callerTtl) faults.push(["TTL_NOT_SUPPORTED", "custom-ttl-unsupported"]);
    else if (ttlMs < minMs || ttlMs > maxMs) faults.push(["TTL_OUT_OF_RANGE", "custom-ttl"]);
  }
  return faults;
}
