// Users who log in, open a Watch, and go again: half by Logout, half by a cut connection.
import exec from "k6/execution";
import { Counter, Trend } from "k6/metrics";
import type { Calls } from "./calls.ts";
import type { User } from "./plan.ts";
import { createWatcher } from "./watcher.ts";

const comeMs = new Trend("userstatus_come_ms", true);
const went = new Counter("userstatus_went");

/** One user comes and goes. Each virtual user has a connection for each time, and a device of its own, so that users may meet themselves. */
export async function comeAndGo(calls: Calls, users: readonly User[]): Promise<void> {
  const at = exec.scenario.iterationInTest;
  const user = users[at % users.length];
  if (!user) return;
  const startedMs = Date.now();
  calls.connect();
  try {
    const session = await calls.login(user, `k6-${exec.vu.idInTest}`);
    const watcher = createWatcher(session);
    await watcher.open(calls);
    comeMs.add(Date.now() - startedMs);
    watcher.leaving();
    // By rounds of all users, so that each goes both ways.
    const byLogout = (at + Math.floor(at / users.length)) % 2 === 0;
    if (byLogout) await calls.call(session, "Logout", { sessionId: session.sessionId });
    went.add(1, { how: byLogout ? "logout" : "link loss" });
  } finally {
    // Ends the stream as well: k6 has no other way.
    calls.close();
  }
}
