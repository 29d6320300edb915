// soak: changes, queries, comings and goings, all modest and for long. What leaks or piles up shows as drift between the beginning and the end.
import exec from "k6/execution";
import { Trend } from "k6/metrics";
import { queryAt } from "../lib/asked.ts";
import { createCalls } from "../lib/calls.ts";
import { comeAndGo } from "../lib/coming.ts";
import { crowdS, publishNext, setUpCrowd, steadyScenario, watchAll, watchersScenario } from "../lib/crowd.ts";
import { plan } from "../lib/plan.ts";
import { comers, keepAlive, keeperScenario, type LoggedIn } from "../lib/sessions.ts";
import { common } from "../lib/summary.ts";
import { callNext } from "../lib/unary.ts";

const calls = createCalls();
const early = new Trend("userstatus_publish_early_ms", true);
const late = new Trend("userstatus_publish_late_ms", true);

/** Comings for each change. */
const comingShare = 0.2;

export const options = {
  ...common,
  scenarios: {
    watchers: watchersScenario,
    publishers: steadyScenario("publish", plan.rate, plan.rampS),
    queries: steadyScenario("query", plan.rate, plan.rampS),
    comers: steadyScenario("come", plan.rate * comingShare, plan.rampS),
    keeper: keeperScenario(crowdS),
  },
};

export const setup = (): Promise<LoggedIn> => setUpCrowd(calls);
export const watch = (): Promise<void> => watchAll(calls);

/** The first and the last fifth are kept apart. */
export async function publish(data: LoggedIn): Promise<void> {
  const { progress } = exec.scenario;
  const startedMs = Date.now();
  await publishNext(calls, data);
  if (progress < 0.2) early.add(Date.now() - startedMs);
  else if (progress > 0.8) late.add(Date.now() - startedMs);
}

export const query = (data: LoggedIn): Promise<void> => callNext(calls, data, queryAt);
export const come = (): Promise<void> => comeAndGo(calls, comers);
export const keep = (data: LoggedIn): Promise<void> => keepAlive(calls, data, crowdS);
export { handleSummary } from "../lib/summary.ts";
