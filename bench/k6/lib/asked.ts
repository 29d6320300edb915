// What callers ask for in turn.
import { type Session, subscribing } from "./calls.ts";
import { plan } from "./plan.ts";
import { targets } from "./sessions.ts";
import { type Asked, allOf } from "./unary.ts";

const ids: readonly string[] = targets.map(({ id }) => id);

/** Of a ring of all targets, the slice at this turn. */
function sliceAt(turn: number): string[] {
  return Array.from({ length: plan.batch }, (_, next) => ids[(turn * plan.batch + next) % ids.length] ?? "");
}

export function queryAt({ sessionId }: Session, turn: number): Asked {
  const userIds = sliceAt(turn);
  return { method: "QueryStatuses", message: { sessionId, userIds }, whole: allOf(userIds.length) };
}

/** Subscribes to other targets each time; when all have had their turn, unsubscribes from all. */
export function subscribeAt({ sessionId }: Session, turn: number): Asked {
  const slices = Math.ceil(ids.length / plan.batch);
  const step = turn % (slices + 1);
  if (step === slices)
    return {
      method: "Unsubscribe",
      message: { sessionId, all: {} },
      whole: ({ failures = [] }) => failures.length === 0,
    };
  const userIds = sliceAt(step);
  return { method: "Subscribe", message: subscribing(sessionId, userIds), whole: allOf(userIds.length) };
}
