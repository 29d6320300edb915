// fanout: how long a change takes to each watcher, and whether one is lost.
import { createCalls, publishNext, steadyScenario, targets, watchAll, watchersScenario } from "../lib/crowd.ts";
import { plan } from "../lib/plan.ts";
import { handleSummary, summaryTrendStats } from "../lib/summary.ts";

const calls = createCalls();

export const options = {
  scenarios: {
    watchers: watchersScenario,
    publishers: steadyScenario("publish", plan.rate, Math.min(20, targets.length)),
  },
  thresholds: plan.thresholds,
  summaryTrendStats,
};

export const watch = (): Promise<void> => watchAll(calls);
export const publish = (): Promise<void> => publishNext(calls);
export { handleSummary };
