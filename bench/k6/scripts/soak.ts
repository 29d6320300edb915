// soak: fan-out for long. The runner compares the beginning with the end: what leaks or piles up shows as drift.
import exec from "k6/execution";
import { Trend } from "k6/metrics";
import { createCalls, publishNext, steadyScenario, targets, watchAll, watchersScenario } from "../lib/crowd.ts";
import { plan } from "../lib/plan.ts";
import { handleSummary, summaryTrendStats } from "../lib/summary.ts";

const calls = createCalls();
const early = new Trend("userstatus_publish_early_ms", true);
const late = new Trend("userstatus_publish_late_ms", true);

export const options = {
  scenarios: {
    watchers: watchersScenario,
    publishers: steadyScenario("publish", plan.rate, Math.min(20, targets.length)),
  },
  thresholds: plan.thresholds,
  summaryTrendStats,
};

export const watch = (): Promise<void> => watchAll(calls);

/** The first and the last fifth are kept apart. */
export async function publish(): Promise<void> {
  const startedMs = Date.now();
  await publishNext(calls);
  const { progress } = exec.scenario;
  if (progress < 0.2) early.add(Date.now() - startedMs);
  else if (progress > 0.8) late.add(Date.now() - startedMs);
}
export { handleSummary };
