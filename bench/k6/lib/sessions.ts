// Users who are logged in before anything is measured, and kept alive while it is.
import { setTimeout } from "k6/timers";
import { type Calls, refused, type Session, slices } from "./calls.ts";
import { plan, type User, usersOf } from "./plan.ts";

export const watchers: readonly User[] = usersOf("watchers");
export const targets: readonly User[] = usersOf("targets");
export const callers: readonly User[] = usersOf("callers");
/** Who come and go beside targets and callers. */
export const comers: readonly User[] = usersOf("comers");

/** What `setup` hands to every virtual user: session ids in the order of the users. */
export interface LoggedIn {
  readonly targets: readonly string[];
  readonly callers: readonly string[];
}

/** Most calls at once of `setup` and of the keeper. */
const atOnce = 20;

export function sleepMs(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, Math.max(0, ms)));
}

/** Logs all targets and callers in, which registers them where that is needed; `stay` says whether targets remain so. Any refusal ends the run. */
export async function logInAll(calls: Calls, stay = true): Promise<LoggedIn> {
  calls.connect();
  const data = { targets: await logIn(calls, targets), callers: await logIn(calls, callers) };
  if (!stay)
    for (const part of slices(
      data.targets.map((_, at) => sessionAt(targets, data.targets, at)),
      atOnce,
    ))
      await Promise.all(part.map((session) => calls.call(session, "Logout", { sessionId: session.sessionId })));
  // Thresholds of a counter that nobody touched are not looked at.
  refused.add(0);
  calls.close();
  return data;
}

async function logIn(calls: Calls, users: readonly User[]): Promise<string[]> {
  const ids: string[] = [];
  for (const part of slices(users, atOnce)) {
    const sessions = await Promise.all(part.map((user) => calls.login(user)));
    ids.push(...sessions.map(({ sessionId }) => sessionId));
  }
  return ids;
}

/** The session of the user at this place, as of a ring. */
export function sessionAt(users: readonly User[], sessionIds: readonly string[], at: number): Session {
  const [user, sessionId] = [users[at % users.length], sessionIds[at % users.length]];
  if (!user || sessionId === undefined) throw new Error("nobody is logged in");
  return { ...user, sessionId };
}

/** The one virtual user who keeps leases fresh. */
export function keeperScenario(totalS: number) {
  return {
    executor: "per-vu-iterations",
    exec: "keep",
    vus: 1,
    iterations: 1,
    maxDuration: `${totalS}s`,
    gracefulStop: "1s",
  } as const;
}

export async function keepAlive(calls: Calls, data: LoggedIn, totalS: number): Promise<void> {
  const untilMs = Date.now() + totalS * 1000;
  calls.connect();
  const kept = [
    ...data.targets.map((_, at) => sessionAt(targets, data.targets, at)),
    ...data.callers.map((_, at) => sessionAt(callers, data.callers, at)),
  ];
  for (;;) {
    const leftMs = untilMs - Date.now();
    await sleepMs(Math.min(leftMs, plan.heartbeatMs));
    if (leftMs <= plan.heartbeatMs) return calls.close();
    // A refusal is counted where it happens.
    for (const part of slices(kept, atOnce))
      await Promise.all(
        part.map((session) => calls.call(session, "Heartbeat", { sessionId: session.sessionId }).catch(() => {})),
      );
  }
}
