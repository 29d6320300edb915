// fanout: how long a change takes to each watcher, and whether one is lost.
import { createCalls } from "../lib/calls.ts";
import { crowdS, publishNext, setUpCrowd, steadyScenario, watchAll, watchersScenario } from "../lib/crowd.ts";
import { plan } from "../lib/plan.ts";
import { keepAlive, keeperScenario, type LoggedIn } from "../lib/sessions.ts";
import { common } from "../lib/summary.ts";

const calls = createCalls();

export const options = {
  ...common,
  scenarios: {
    watchers: watchersScenario,
    publishers: steadyScenario("publish", plan.rate, plan.rampS),
    keeper: keeperScenario(crowdS),
  },
};

export const setup = (): Promise<LoggedIn> => setUpCrowd(calls);
export const watch = (): Promise<void> => watchAll(calls);
export const publish = (data: LoggedIn): Promise<void> => publishNext(calls, data);
export const keep = (data: LoggedIn): Promise<void> => keepAlive(calls, data, crowdS);
export { handleSummary } from "../lib/summary.ts";
