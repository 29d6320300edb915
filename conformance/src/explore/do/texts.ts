// SetCustomStatus.
import { durationOf } from "../../units.ts";
import { judgeOutcome, sessionFaults } from "../judge/refusal.ts";
import { judgeSelf } from "../judge/status.ts";
import { sameEpoch } from "../judge/stream.ts";
import type { TtlRules } from "../model/rules.ts";
import type { AppState } from "../model/state.ts";
import { clearText, setText, type TextInput, textFaults } from "../model/texts.ts";
import { refreshViews } from "../model/views.ts";
import type { Step, TextPick, TtlPick } from "../steps.ts";
import type { Outcome, Walk } from "../walk/walk.ts";
import { type Actor, actor, callOf } from "./acting.ts";

export async function doSet(walk: Walk, step: Extract<Step, { do: "set" }>): Promise<void> {
  const who = actor(walk, step);
  const input = customInput(walk.app, step.text, step.ttl);
  takeSet(walk, who, input, await callSet(walk, who, input));
}

type SetAnswer = Awaited<ReturnType<Walk["lane"]["user"]["setCustomStatus"]>>;

export function callSet(walk: Walk, who: Actor, { text, ttlMs }: TextInput): Promise<Outcome<SetAnswer>> {
  const customStatus = { text, ...(ttlMs === undefined ? {} : { ttl: durationOf(ttlMs) }) };
  return callOf(walk, who, "SetCustomStatus", (options) =>
    walk.lane.user.setCustomStatus({ sessionId: who.sessionId, customStatus }, options),
  );
}

export function takeSet(walk: Walk, who: Actor, input: TextInput, outcome: Outcome<SetAnswer>): boolean {
  const { app } = walk;
  const { user, sessionId } = who;
  const { faults, mayBe } = sessionFaults(user, sessionId, false);
  const all = [...faults, ...textFaults(app, input).map(([reason, requirement]) => ({ reason, requirement }))];
  // A ttl of no text: neither said to be refused nor to be taken.
  const vague = input.text === "" && input.ttlMs !== undefined ? ["TTL_OUT_OF_RANGE", "TTL_NOT_SUPPORTED"] : [];
  const allowed = [...mayBe, ...vague.map((reason) => ({ reason, requirement: "custom-empty" }))];
  const what = `SetCustomStatus of ${user.id}`;
  if (!judgeOutcome(walk, { user, method: "SetCustomStatus", what, faults: all, mayBe: allowed }, outcome))
    return false;
  if (input.text !== "") {
    const isAgain = user.text?.text === input.text;
    setText(app, user, input, isAgain ? "custom-again" : "custom-set");
  } else if (user.text !== undefined) {
    clearText(user, app.nowMs);
    refreshViews(app, user, "custom-empty", true);
  }
  sameEpoch(walk, outcome.answer.epoch, `in the answer of ${what}`);
  judgeSelf(
    app,
    user,
    outcome.answer.self,
    `in the answer of ${what}`,
    input.text === "" ? "custom-empty" : "custom-set",
  );
  return true;
}

/** The text and the ttl that a step means, by the profile. */
export function customInput({ rules }: AppState, text: TextPick, ttl: TtlPick): TextInput {
  const { maxBytes } = rules.texts;
  const wide = (bytes: number): string => `${"é".repeat(Math.floor(bytes / 2))}${bytes % 2 === 1 ? "x" : ""}`;
  const texts: Record<TextPick, string> = {
    "": "",
    a: "a",
    b: "b",
    wide: "会議中です",
    longest: "x".repeat(maxBytes),
    "longest wide": wide(maxBytes),
    "too long": "x".repeat(maxBytes + 1),
    "too long wide": wide(maxBytes + 1),
  };
  return { text: texts[text], ttlMs: ttlOf(rules.texts, ttl, 20_000) };
}

/** `shortMs`: what runs out soon. */
export function ttlOf({ callerTtl, minMs, maxMs }: TtlRules, ttl: TtlPick, shortMs: number): number | undefined {
  if (!callerTtl) return ttl === "none" || ttl === "usual" || ttl === "short" ? undefined : 60_000;
  const within = (ms: number): number => Math.min(maxMs, Math.max(minMs, ms));
  switch (ttl) {
    case "none":
      return undefined;
    case "usual":
      return within(3_600_000);
    case "short":
      return within(shortMs);
    case "least":
      return minMs;
    case "most":
      return maxMs;
    case "too short":
      return minMs - 1;
    case "too long":
      return maxMs + 1;
  }
}
