// What sets two servers apart in one step, and which of them the specification speaks against.
import type { Found } from "../explore/run-steps.ts";
import type { Seen } from "./side.ts";

export type Blame = "A wrong" | "B wrong" | "both wrong" | "spec silent";

export interface Difference {
  readonly blame: Blame;
  /** What differs: an answer, a stream. */
  readonly topic: string;
  readonly a: string;
  readonly b: string;
  /** Where the specification speaks of it. */
  readonly requirements: readonly string[];
}

export interface StepSeen {
  readonly seen: Seen;
  readonly found: Found | undefined;
}

/**
 * Pure. An observation outside the model is wrong; of two that differ and are both allowed the specification says
 * nothing.
 */
export function differencesOf(a: StepSeen, b: StepSeen): Difference[] {
  if (a.found !== undefined || b.found !== undefined) return [wrong(a.found, b.found)];
  const topics = [...new Set([...a.seen.keys(), ...b.seen.keys()])];
  return topics.flatMap((topic) => {
    const [inA, inB] = [a.seen.get(topic) ?? [], b.seen.get(topic) ?? []];
    const onlyA = without(inA, inB);
    const onlyB = without(inB, inA);
    if (onlyA.length === 0 && onlyB.length === 0) return [];
    const requirements = spokenOf[topic] ?? [];
    return [{ blame: "spec silent" as const, topic, a: textOf(onlyA), b: textOf(onlyB), requirements }];
  });
}

function wrong(a: Found | undefined, b: Found | undefined): Difference {
  const blame: Blame = a !== undefined && b !== undefined ? "both wrong" : a !== undefined ? "A wrong" : "B wrong";
  const { what = "", expected = "", requirements = [] } = a ?? b ?? {};
  const allowed = `as it must be: ${expected}`;
  return { blame, topic: what, a: a?.got ?? allowed, b: b?.got ?? allowed, requirements };
}

/** What is in the one more often than in the other. */
function without(from: readonly string[], other: readonly string[]): string[] {
  const left = [...other];
  return from.filter((text) => {
    const at = left.indexOf(text);
    if (at < 0) return true;
    left.splice(at, 1);
    return false;
  });
}

function textOf(lines: readonly string[]): string {
  return lines.length === 0 ? "nothing more" : lines.join("; ");
}

/** Requirements that leave room in what differs. */
const spokenOf: Readonly<Record<string, readonly string[]>> = {
  pages: ["list-pages"],
  snapshot: ["cursor-reset", "resume-used"],
  "watch end": ["watch-conflates", "watch-end-last"],
  "row end": ["watch-conflates", "friend-still-visible"],
  "held status": ["online-times"],
  "status asked for": ["online-times"],
  Login: ["login-registers", "auth-first"],
  SetCustomStatus: ["rate-limit", "auth-first"],
  QueryStatuses: ["rate-limit", "auth-first"],
  Subscribe: ["rate-limit", "auth-first"],
  Unsubscribe: ["rate-limit", "auth-first"],
  ListSubscriptions: ["list-pages", "auth-first"],
  Watch: ["auth-first"],
  Sync: ["sync-marker", "auth-first"],
};
