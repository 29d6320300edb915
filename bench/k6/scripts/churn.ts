// churn: users log in, open a Watch, and go, half by Logout and half by a cut connection; whoever watches them ends with what is true.
import exec from "k6/execution";
import { Counter, Trend } from "k6/metrics";
import { createCalls, steadyScenario, targets, watchAll, watchersScenario } from "../lib/crowd.ts";
import { plan } from "../lib/plan.ts";
import { handleSummary, summaryTrendStats } from "../lib/summary.ts";
import { createWatcher } from "../lib/watcher.ts";

const calls = createCalls();
const comeMs = new Trend("userstatus_come_ms", true);
const went = new Counter("userstatus_went");

export const options = {
  scenarios: {
    watchers: watchersScenario,
    comers: steadyScenario("comeAndGo", plan.rate, Math.min(50, targets.length)),
  },
  thresholds: plan.thresholds,
  summaryTrendStats,
};

export const watch = (): Promise<void> => watchAll(calls);

export async function comeAndGo(): Promise<void> {
  const at = exec.scenario.iterationInTest;
  const user = targets[at % targets.length];
  if (!user) return;
  const startedMs = Date.now();
  calls.connect();
  const session = await calls.login(user, `k6-${exec.vu.idInTest}`);
  const watcher = createWatcher(session);
  await watcher.open(calls);
  comeMs.add(Date.now() - startedMs);
  watcher.leaving();
  const byLogout = at % 2 === 0;
  if (byLogout) await calls.call(session, "Logout", { sessionId: session.sessionId });
  went.add(1, { how: byLogout ? "logout" : "link loss" });
  // Ends the stream as well: k6 has no other way.
  calls.close();
}
export { handleSummary };
