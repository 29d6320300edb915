// Scenes that many checks of sessions share: a look at a user with fresh eyes, a link that is lost, a session that is lost.
import { setTimeout as wallSleep } from "node:timers/promises";
import { type Duration, durationMs, type Timestamp, timestampMs } from "@bufbuild/protobuf/wkt";
import type { OnlineStatus, Platform, UserStatus } from "@userstatus/protocol";
import type { Bench, KeepAlive, TestSession, TestUser, TestWatch } from "../../check.ts";
import { reasonOf } from "./a-calls.ts";
import { type Span, spanOf } from "./a-instants.ts";
import { livenessOf, onlineName, type Pair, rateOf } from "./a-profile.ts";

/** Milliseconds since 1970; NaN where the field is unset. */
export function msOf(time: Timestamp | undefined): number {
  return time ? timestampMs(time) : Number.NaN;
}

/** The custom text; empty where there is none. */
export function textOf(status: UserStatus | undefined): string {
  return status?.customStatus?.text ?? "";
}

/** The user as somebody sees him who has never looked before: so no rate and no lease of an observer can be in the way. */
export async function look(t: Bench, id: string): Promise<UserStatus> {
  return (await t.session()).statusOf(id);
}

/** `look`, and the online status is this one. */
export async function shows(t: Bench, id: string, expected: OnlineStatus, what: string): Promise<UserStatus> {
  const status = await look(t, id);
  t.equal(onlineName(status.onlineStatus), onlineName(expected), what);
  return status;
}

/** The client ends its Watch. */
export function closeLink(t: Bench, watch: TestWatch): Promise<Span> {
  return spanOf(t, () => watch.close());
}

/** A time that the server has to give; fails the check if it is unset. */
export function instantOf(t: Bench, time: Timestamp | undefined, what: string): number {
  t.ok(time !== undefined, `${what} is set`, time);
  return timestampMs(time);
}

/** When the server answered this Login: the lease starts then. */
export function loggedInAt(t: Bench, session: TestSession): number {
  return instantOf(t, session.login.serverTime, "server_time of Login");
}

/** When the server opened this Watch: the lease starts then. */
export function openedAt(t: Bench, watch: TestWatch): number {
  const [first] = watch.seen;
  return instantOf(t, first?.event.case === "hello" ? first.event.value.serverTime : undefined, "server_time of hello");
}

/** A session that is lost for good: its Watch was closed, and the grace is over. */
export interface LostSession {
  readonly user: TestUser;
  readonly session: TestSession;
  /** When it was lost: at or after `from`, before or at `to`. */
  readonly lost: Span;
}

/** Logs the user in, and loses the session. Takes the grace of the platform. */
export async function lostSession(
  t: Bench,
  user: TestUser,
  platform: Platform,
  keep?: KeepAlive,
): Promise<LostSession> {
  const session = await user.login({ platform });
  return { user, session, lost: await lose(t, session, keep) };
}

/** Loses a live session. Takes the grace of its platform. */
export async function lose(t: Bench, session: TestSession, keep?: KeepAlive): Promise<Span> {
  const { graceMs } = livenessOf(t.profile, session.platform);
  const watch = await session.watch();
  const { from, to } = await closeLink(t, watch);
  await t.time.reach(to + graceMs, keep);
  return { from: from + graceMs, to: to + graceMs };
}

/** Logs in one session after the other, on new devices. */
export async function loginAll(user: TestUser, platforms: readonly Platform[]): Promise<TestSession[]> {
  const sessions: TestSession[] = [];
  for (const platform of platforms) sessions.push(await user.login({ platform }));
  return sessions;
}

/** What a call of this session comes to: "success" while it lives, else the reason. It renews nothing, unless reads are rated. */
export function stateOf(t: Bench, session: TestSession): Promise<string> {
  return reasonOf(rateOf(t.profile, "ListSubscriptions") ? session.raw.heartbeat() : session.raw.list());
}

/** Each of them lives: a call is answered. */
export async function allLive(t: Bench, sessions: readonly TestSession[], what: string): Promise<void> {
  for (const [index, session] of sessions.entries()) {
    t.equal(await stateOf(t, session), "success", `${what}: a call of session ${index + 1} of ${sessions.length}`);
  }
}

/** A newer login has kicked the session. */
export async function kicked(t: Bench, session: TestSession, what: string): Promise<void> {
  const { endReason } = await t.refused(session.raw.heartbeat(), "SESSION_ENDED", `Heartbeat of ${what}`);
  t.equal(endReason, "KICKED", `end_reason of ${what}`);
}

/** Waits in wall time; for the expiry of tokens, which no test clock governs. */
export async function wallWait(ms: number): Promise<void> {
  await wallSleep(Math.max(0, ms));
}

/** Sessions that may each still make a call of this procedure: a new user when the rate of the one before is used up. */
export function createSupply(t: Bench, procedure: string): () => Promise<TestSession> {
  const most = rateOf(t.profile, procedure)?.maxCalls ?? Number.POSITIVE_INFINITY;
  let session: TestSession | undefined;
  let used = 0;
  return async () => {
    if (!session || used >= most) {
      session = await t.session();
      used = 0;
    }
    used += 1;
    return session;
  };
}

/** Two users. */
export async function twoUsers(t: Bench): Promise<[TestUser, TestUser]> {
  const [first, second] = await t.users(2);
  if (!first || !second) throw new Error("the bench gave fewer than two users");
  return [first, second];
}

/** Milliseconds of a duration; NaN where the field is unset. */
export function durationOf(duration: Duration | undefined): number {
  return duration ? durationMs(duration) : Number.NaN;
}

/** Two sessions of a new user, on platforms that `applies` has seen to. */
export async function twoSessions(t: Bench, platforms: Pair | undefined): Promise<[TestSession, TestSession]> {
  if (!platforms) throw new Error("a check ran where it does not apply: no two sessions may live side by side");
  const user = await t.user();
  return [await user.login({ platform: platforms[0] }), await user.login({ platform: platforms[1] })];
}

/** Everything that shows a user to others: a query, the answer of Subscribe, a list, and a Watch. */
export async function views(t: Bench, id: string): Promise<Record<string, UserStatus | undefined>> {
  const session = await t.session();
  const query = await session.statusOf(id);
  const [row] = await session.subscribe([id]);
  const [listed] = await session.list();
  const watch = await session.watch();
  const answer = row?.result.case === "subscribed" ? row.result.value.status : undefined;
  return { QueryStatuses: query, Subscribe: answer, ListSubscriptions: listed?.status, Watch: watch.held(id) };
}

/** Does what holds until `instant`. If it fails when that has passed meanwhile, as it may where time runs, nothing is decided. */
export async function whileBefore<T>(t: Bench, instant: number, act: () => Promise<T>): Promise<T> {
  try {
    return await act();
  } catch (error) {
    await t.time.justBefore(instant);
    throw error;
  }
}

/** The answer of this Login lists just these sessions. */
export function toldSessions(t: Bench, newest: TestSession, expected: readonly TestSession[], what: string): void {
  const told = new Set(newest.login.self?.sessions.map(({ sessionId }) => sessionId));
  t.equal(told, new Set(expected.map(({ id }) => id)), `Sessions in the answer of ${what}`);
}

/** Somebody who watches just this user: so that neither the cap of rows nor a rate of anybody is in the way. */
export async function watching(t: Bench, id: string): Promise<{ observer: TestSession; watch: TestWatch }> {
  const { session: observer, watch } = await t.watcher();
  await observer.subscribe([id]);
  await watch.fence();
  return { observer, watch };
}
