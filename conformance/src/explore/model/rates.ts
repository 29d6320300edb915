// Rates (SPEC §16): what sliding logs, fixed windows and token buckets have in common, and the room between them.
import type { AppState, RateState, UserState } from "./state.ts";

/** Whether the next call must be refused, may be, or must not. */
export type RateVerdict = "admit" | "either" | "refuse";

export function rateVerdict(app: AppState, user: UserState, procedure: string, selfOnly: boolean): RateVerdict {
  const rule = app.rules.rate(procedure);
  if (rule === undefined || (rule.selfExempt && selfOnly)) return "admit";
  const { calls, freeMs } = rateState(app, user, procedure);
  if (!app.timed) return calls.length < rule.maxCalls ? "admit" : "either";
  if (user.ratesUnknown) return "either";
  if (calls.filter((at) => at === app.nowMs).length >= rule.maxCalls) return "refuse";
  if (calls.length < rule.maxCalls) return "admit";
  return freeMs !== undefined && app.nowMs >= freeMs ? "admit" : "either";
}

/** A call was admitted. */
export function countCall(app: AppState, user: UserState, procedure: string, selfOnly: boolean): void {
  const rule = app.rules.rate(procedure);
  if (rule === undefined || (rule.selfExempt && selfOnly)) return;
  const state = rateState(app, user, procedure);
  state.calls.push(app.nowMs);
  state.freeMs = undefined;
}

/** A call was refused, with this delay. */
export function noteRefusal(app: AppState, user: UserState, procedure: string, delayMs: number): void {
  rateState(app, user, procedure).freeMs = app.nowMs + delayMs;
}

/** When the newest refusal's delay is over. */
export function freeMs(app: AppState, user: UserState, procedure: string): number | undefined {
  return rateState(app, user, procedure).freeMs;
}

function rateState(app: AppState, user: UserState, procedure: string): RateState {
  const state = user.rates.get(procedure) ?? { calls: [], freeMs: undefined };
  user.rates.set(procedure, state);
  const windowMs = app.rules.rate(procedure)?.windowMs ?? 0;
  const last = state.calls.at(-1);
  // After a window without calls, every lawful limiter is as new.
  if (app.timed && last !== undefined && app.nowMs - last >= windowMs) state.calls = [];
  return state;
}
