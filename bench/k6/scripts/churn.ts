// churn: users log in, open a Watch, and go by Logout or a cut connection; whoever watches them ends with what is true.
import { createCalls } from "../lib/calls.ts";
import { comeAndGo } from "../lib/coming.ts";
import { setUpCrowd, steadyScenario, watchAll, watchersScenario } from "../lib/crowd.ts";
import { plan } from "../lib/plan.ts";
import { type LoggedIn, targets } from "../lib/sessions.ts";
import { common } from "../lib/summary.ts";

const calls = createCalls();

export const options = {
  ...common,
  scenarios: { watchers: watchersScenario, comers: steadyScenario("come", plan.rate, plan.rampS) },
};

export const setup = (): Promise<LoggedIn> => setUpCrowd(calls, false);
export const watch = (): Promise<void> => watchAll(calls);
export const come = (): Promise<void> => comeAndGo(calls, targets);
export { handleSummary } from "../lib/summary.ts";
