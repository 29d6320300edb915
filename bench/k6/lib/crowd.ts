// Scenarios that several scripts share: watchers who wait from ramp to end and then look for losses, and publishers who are logged in before.
import exec from "k6/execution";
import { type Calls, createCalls, type Session } from "./calls.ts";
import { plan, type User, usersOf } from "./plan.ts";
import { sleepMs, startWatcher, textOf } from "./watcher.ts";

export const watchers = usersOf("watchers");
export const targets = usersOf("targets");

/** How long what was published last may take. */
const settleS = 3;
/** Most that settling and leaving take. */
const leaveS = 60;

export const watchersScenario = {
  executor: "per-vu-iterations",
  exec: "watch",
  vus: Math.max(1, Math.ceil(watchers.length / plan.watchersPerVu)),
  iterations: 1,
  maxDuration: `${plan.rampS + plan.durationS + settleS + leaveS}s`,
  gracefulStop: "5s",
} as const;

/** Iterations at a steady rate, however long each takes, between ramp and settling. */
export function steadyScenario(name: string, rate: number, vus: number) {
  return {
    executor: "constant-arrival-rate",
    exec: name,
    startTime: `${plan.rampS}s`,
    duration: `${plan.durationS}s`,
    // Rates below one a second are told by the minute.
    rate: Math.max(1, Math.round(rate * 60)),
    timeUnit: "60s",
    preAllocatedVUs: vus,
    gracefulStop: "30s",
  } as const;
}

/** Whom the watcher at this place watches: neighbours in a ring, so that every target has as many watchers. */
export function watchedBy(at: number): string[] {
  return Array.from(
    { length: plan.targetsEach },
    (_, next) => targets[(at * plan.targetsEach + next) % targets.length]?.id ?? "",
  );
}

/** The iteration of a virtual user of watchers. */
export async function watchAll(calls: Calls): Promise<void> {
  const startedMs = exec.scenario.startTime;
  const first = exec.scenario.iterationInTest * plan.watchersPerVu;
  calls.connect();
  const mine = watchers.slice(first, first + plan.watchersPerVu);
  const open = await Promise.all(
    mine.map(async (user, next) => ({
      watched: watchedBy(first + next),
      watcher: await startWatcher(calls, user, watchedBy(first + next)),
    })),
  );
  await sleepMs(startedMs + (plan.rampS + plan.durationS + settleS) * 1000 - Date.now());
  for (const { watcher, watched } of open) {
    await watcher.settle(calls, watched);
    watcher.leaving();
    await calls.call(watcher.session, "Logout", { sessionId: watcher.session.sessionId });
  }
  calls.close();
}

interface Publisher {
  readonly session: Promise<Session>;
  beatMs: number;
}

const publishers = new Map<string, Publisher>();
let connected = false;

/** One change of the next target in turn. Each virtual user logs its targets in once, each on a device of its own. */
export async function publishNext(calls: Calls): Promise<void> {
  const target = targets[exec.scenario.iterationInTest % targets.length];
  if (!target) return;
  if (!connected) calls.connect();
  connected = true;
  const publisher = publisherOf(calls, target);
  const session = await publisher.session;
  if (Date.now() - publisher.beatMs > plan.heartbeatMs) {
    publisher.beatMs = Date.now();
    await calls.call(session, "Heartbeat", { sessionId: session.sessionId });
  }
  const change = { sessionId: session.sessionId, customStatus: { text: textOf(Date.now()) } };
  await calls.call(session, "SetCustomStatus", change);
}

function publisherOf(calls: Calls, target: User): Publisher {
  const found = publishers.get(target.id);
  if (found) return found;
  const made = { session: calls.login(target), beatMs: Date.now() };
  publishers.set(target.id, made);
  return made;
}

export { createCalls };
