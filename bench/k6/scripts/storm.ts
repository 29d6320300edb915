// storm: all watchers lose their connections at once and come back, each with its cursor, while others change.
import exec from "k6/execution";
import { Counter, Rate, Trend } from "k6/metrics";
import { createCalls } from "../lib/calls.ts";
import {
  crowdS,
  judgeMine,
  openMine,
  type Placed,
  publishNext,
  setUpCrowd,
  steadyScenario,
  watchersScenario,
} from "../lib/crowd.ts";
import { plan } from "../lib/plan.ts";
import { keepAlive, keeperScenario, type LoggedIn, sleepMs } from "../lib/sessions.ts";
import { common } from "../lib/summary.ts";

const calls = createCalls();
const backMs = new Trend("userstatus_back_ms", true);
const resumed = new Rate("userstatus_resumed");
const back = new Counter("userstatus_back");

export const options = {
  ...common,
  scenarios: {
    watchers: watchersScenario,
    publishers: steadyScenario("publish", plan.rate, plan.rampS),
    keeper: keeperScenario(crowdS),
  },
};

export async function watch(): Promise<void> {
  const startedMs = exec.scenario.startTime;
  const placed = await openMine(calls);
  for (let round = 0; round < plan.rounds; round++) {
    // The same moment for all virtual users.
    const dueMs = startedMs + (plan.rampS + (round * plan.durationS) / plan.rounds) * 1000;
    await sleepMs(dueMs - Date.now());
    for (const { watcher } of placed) watcher.leaving();
    calls.close();
    calls.connect();
    await Promise.all(placed.map((one) => comeBack(one, dueMs)));
  }
  await sleepMs(startedMs + crowdS * 1000 - Date.now());
  await judgeMine(calls, placed);
}

/** Told from the moment of the cut, so that the longest is the time until all were back. */
async function comeBack({ watcher }: Placed, dueMs: number): Promise<void> {
  try {
    resumed.add((await watcher.open(calls, watcher.cursor())) === "RESUME_RESULT_RESUMED");
    backMs.add(Date.now() - dueMs);
    back.add(1);
  } catch (error) {
    console.error(String(error));
  }
}

export const setup = (): Promise<LoggedIn> => {
  back.add(0);
  return setUpCrowd(calls);
};
export const publish = (data: LoggedIn): Promise<void> => publishNext(calls, data);
export const keep = (data: LoggedIn): Promise<void> => keepAlive(calls, data, crowdS);
export { handleSummary } from "../lib/summary.ts";
