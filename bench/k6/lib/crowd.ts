// Scenarios that several scripts share: watchers who are there from ramp to end and then look for losses, and publishers.
import exec from "k6/execution";
import { Counter, Trend } from "k6/metrics";
import { setTimeout } from "k6/timers";
import type { Calls } from "./calls.ts";
import { plan } from "./plan.ts";
import { type LoggedIn, logInAll, sessionAt, sleepMs, targets, watchers } from "./sessions.ts";
import { textOf } from "./text.ts";
import { broken, delivered, lost, startWatcher, type Watcher } from "./watcher.ts";

/** Watchers of which it is known whether they lost anything. */
const judged = new Counter("userstatus_judged");
/** Watchers who were not there when changes began. */
const late = new Counter("userstatus_late");
/** How late timers of this process fire: what its own load adds to every latency. */
const lagMs = new Trend("loadgen_lag_ms", true);

/** How long what was published last may take. */
const settleS = 2;
/** Most that settling and leaving take. */
const leaveS = 60;
/** From the start of the scenarios until watchers look for losses. */
export const crowdS: number = plan.rampS + plan.durationS + settleS;

export const watchersScenario = {
  executor: "per-vu-iterations",
  exec: "watch",
  vus: Math.max(1, Math.ceil(watchers.length / plan.watchersPerVu)),
  iterations: 1,
  maxDuration: `${crowdS + leaveS}s`,
  gracefulStop: "5s",
} as const;

/** Seconds of work that may be under way at once before iterations are dropped. */
const spareS = 1;
const [vusLeast, vusMost] = [20, 200];

/** Iterations at a steady rate, however long each takes. Rates below one a second are told by the minute. */
export function steadyScenario(name: string, rate: number, startS: number) {
  return {
    executor: "constant-arrival-rate",
    exec: name,
    startTime: `${startS}s`,
    duration: `${plan.durationS}s`,
    rate: Math.max(1, Math.round(rate * 60)),
    timeUnit: "60s",
    preAllocatedVUs: Math.min(vusMost, Math.max(vusLeast, Math.ceil(rate * spareS))),
    gracefulStop: "30s",
  } as const;
}

/** Targets log in first, so that they can be subscribed to; `stay` says whether they remain so. */
export async function setUpCrowd(calls: Calls, stay = true): Promise<LoggedIn> {
  const data = await logInAll(calls, stay);
  // Thresholds of a counter that nobody touched are not looked at.
  for (const counter of [judged, late, lost, broken, delivered]) counter.add(0);
  return data;
}

/** Whom the watcher at this place watches: neighbours in a ring, so that every target has as many watchers. */
export function watchedBy(at: number): string[] {
  return Array.from(
    { length: plan.targetsEach },
    (_, next) => targets[(at * plan.targetsEach + next) % targets.length]?.id ?? "",
  );
}

export interface Placed {
  readonly watcher: Watcher;
  readonly watched: readonly string[];
}

/** Of the ramp, the part over which connections begin; the rest is for the last ones to be ready. */
const spreadShare = 0.6;

/** Opens the watchers of this virtual user on one connection. One that can't be opened is not judged, which fails the run. */
export async function openMine(calls: Calls): Promise<Placed[]> {
  const startedMs = exec.scenario.startTime;
  watchLag();
  // One connection after the other: the herd is what storm is for.
  await sleepMs((plan.rampS * 1000 * spreadShare * exec.scenario.iterationInTest) / watchersScenario.vus);
  calls.connect();
  const first = exec.scenario.iterationInTest * plan.watchersPerVu;
  const opening = watchers.slice(first, first + plan.watchersPerVu).map(async (user, next) => {
    const watched = watchedBy(first + next);
    const watcher = await startWatcher(calls, user, watched);
    if (Date.now() > startedMs + plan.rampS * 1000) late.add(1);
    return { watcher, watched };
  });
  const placed: Placed[] = [];
  for (const one of await Promise.allSettled(opening)) {
    if (one.status === "fulfilled") placed.push(one.value);
    else console.error(String(one.reason));
  }
  return placed;
}

/** Looks for losses, and leaves. */
export async function judgeMine(calls: Calls, placed: readonly Placed[]): Promise<void> {
  for (const { watcher, watched } of placed) {
    try {
      const differences = await watcher.settle(calls, watched);
      lost.add(differences.length);
      judged.add(1);
      for (const { userId, why } of differences) console.error(`${watcher.session.id} holds of ${userId}: ${why}`);
      watcher.leaving();
      await calls.call(watcher.session, "Logout", { sessionId: watcher.session.sessionId });
    } catch (error) {
      console.error(String(error));
    }
  }
  calls.close();
}

/** The iteration of a virtual user of watchers. */
export async function watchAll(calls: Calls): Promise<void> {
  const startedMs = exec.scenario.startTime;
  const placed = await openMine(calls);
  await sleepMs(startedMs + crowdS * 1000 - Date.now());
  await judgeMine(calls, placed);
}

/** One change of the next target in turn. */
export async function publishNext(calls: Calls, data: LoggedIn): Promise<void> {
  calls.connect();
  const session = sessionAt(targets, data.targets, exec.scenario.iterationInTest);
  const customStatus = { text: textOf(plan.run, Date.now()) };
  await calls.call(session, "SetCustomStatus", { sessionId: session.sessionId, customStatus });
}

const lagEachMs = 200;

/** Until the iteration ends. */
function watchLag(): void {
  const endMs = exec.scenario.startTime + crowdS * 1000;
  const look = (dueMs: number): void => {
    const nowMs = Date.now();
    lagMs.add(Math.max(0, nowMs - dueMs));
    if (nowMs < endMs) setTimeout(() => look(nowMs + lagEachMs), lagEachMs);
  };
  setTimeout(() => look(Date.now()), 0);
}
