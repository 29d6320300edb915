// query: QueryStatuses in batches.
import { queryAt } from "../lib/asked.ts";
import { createCalls } from "../lib/calls.ts";
import { steadyScenario } from "../lib/crowd.ts";
import { plan } from "../lib/plan.ts";
import { keepAlive, keeperScenario, type LoggedIn, logInAll } from "../lib/sessions.ts";
import { common } from "../lib/summary.ts";
import { callNext } from "../lib/unary.ts";

const calls = createCalls();

export const options = {
  ...common,
  scenarios: { callers: steadyScenario("run", plan.rate, 0), keeper: keeperScenario(plan.durationS) },
};

export const setup = (): Promise<LoggedIn> => logInAll(calls);
export const run = (data: LoggedIn): Promise<void> => callNext(calls, data, queryAt);
export const keep = (data: LoggedIn): Promise<void> => keepAlive(calls, data, plan.durationS);
export { handleSummary } from "../lib/summary.ts";
