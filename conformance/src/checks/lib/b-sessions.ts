// Two sessions of one user side by side, and an onlooker whom nobody has seen before.
import type { UserStatus } from "@userstatus/protocol";
import type { Bench, TestSession, TestUser } from "../../check.ts";
import { logInTimes } from "./c-actors.ts";

/** Two live sessions of one user; for checks that apply only where there is room for them (`roomFor(2)`). */
export async function twoSessions(t: Bench, user?: TestUser): Promise<[TestSession, TestSession]> {
  const [first, second] = await logInTimes(t, user ?? (await t.user()), 2);
  t.ok(first !== undefined && second !== undefined, "the user has two sessions");
  return [first, second];
}

/** A user's status by QueryStatuses, asked by a new user, so that no rate of an earlier one counts. */
export async function seen(t: Bench, id: string): Promise<UserStatus> {
  const onlooker = await t.session();
  return onlooker.statusOf(id);
}

/** Signs of life of sessions that make many calls: where time runs, their leases do too. Where it stands still, none is needed. */
export async function keepLive(t: Bench, sessions: readonly TestSession[]): Promise<void> {
  if (t.time.tier === "virtual") return;
  for (const session of sessions) await session.heartbeat();
}
