// storm: all watchers lose their connections at once and come back, each with its cursor.
import exec from "k6/execution";
import { Counter, Rate, Trend } from "k6/metrics";
import { createCalls, watchedBy, watchers, watchersScenario } from "../lib/crowd.ts";
import { plan } from "../lib/plan.ts";
import { handleSummary, summaryTrendStats } from "../lib/summary.ts";
import { sleepMs, startWatcher, type Watcher } from "../lib/watcher.ts";

const calls = createCalls();
const backMs = new Trend("userstatus_back_ms", true);
const resumed = new Rate("userstatus_resumed");
const failed = new Counter("userstatus_back_failed");

export const options = {
  scenarios: { watchers: watchersScenario },
  thresholds: plan.thresholds,
  summaryTrendStats,
};

export async function watch(): Promise<void> {
  const startedMs = exec.scenario.startTime;
  const first = exec.scenario.iterationInTest * plan.watchersPerVu;
  calls.connect();
  const mine = watchers.slice(first, first + plan.watchersPerVu);
  const open = await Promise.all(mine.map((user, next) => startWatcher(calls, user, watchedBy(first + next))));
  const eachMs = (plan.durationS * 1000) / plan.rounds;
  for (let round = 0; round < plan.rounds; round++) {
    // The same moment for all virtual users.
    await sleepMs(startedMs + plan.rampS * 1000 + round * eachMs - Date.now());
    for (const watcher of open) watcher.leaving();
    calls.close();
    calls.connect();
    await Promise.all(open.map(comeBack));
  }
  await sleepMs(startedMs + (plan.rampS + plan.durationS) * 1000 - Date.now());
  for (const [next, watcher] of open.entries()) {
    await watcher.settle(calls, watchedBy(first + next));
    watcher.leaving();
    await calls.call(watcher.session, "Logout", { sessionId: watcher.session.sessionId });
  }
  calls.close();
}

async function comeBack(watcher: Watcher): Promise<void> {
  const startedMs = Date.now();
  try {
    resumed.add((await watcher.open(calls, watcher.cursor())) === "RESUME_RESULT_RESUMED");
    backMs.add(Date.now() - startedMs);
  } catch {
    failed.add(1);
  }
}

export { handleSummary };
