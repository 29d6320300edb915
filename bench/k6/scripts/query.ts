// query: QueryStatuses in batches.
import { plan, usersOf } from "../lib/plan.ts";
import { handleSummary, summaryTrendStats } from "../lib/summary.ts";
import { callNext, unaryScenario } from "../lib/unary.ts";

const ids = usersOf("targets").map(({ id }) => id);

export const options = { scenarios: { callers: unaryScenario }, thresholds: plan.thresholds, summaryTrendStats };

export const run = (): Promise<void> =>
  callNext("QueryStatuses", ({ sessionId }) => ({ sessionId, userIds: ids.slice(0, plan.batch) }));
export { handleSummary };
