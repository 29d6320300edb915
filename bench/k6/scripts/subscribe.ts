// subscribe: Subscribe in batches, to other targets each time, and Unsubscribe from all in between.
import { plan, usersOf } from "../lib/plan.ts";
import { handleSummary, summaryTrendStats } from "../lib/summary.ts";
import { callNext, unaryScenario } from "../lib/unary.ts";

const ids = usersOf("targets").map(({ id }) => id);

export const options = { scenarios: { callers: unaryScenario }, thresholds: plan.thresholds, summaryTrendStats };

let at = 0;

export function run(): Promise<void> {
  if (at + plan.batch > ids.length) {
    at = 0;
    return callNext("Unsubscribe", ({ sessionId }) => ({ sessionId, all: {} }));
  }
  const userIds = ids.slice(at, at + plan.batch);
  at += plan.batch;
  return callNext("Subscribe", ({ sessionId }) => ({ sessionId, userIds }));
}
export { handleSummary };
