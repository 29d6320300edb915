// Looks a restarted server over: is everything there that was acknowledged, and nothing half?

import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Client, Code, ConnectError } from "@connectrpc/connect";
import type { AdminService } from "@userstatus/protocol/admin";
import { type Actor, devices, headersOf, type User } from "./load.ts";
import { type Finding, judge, type UserState } from "./model.ts";

/** What stands on the server of this user. His sessions are asked for by the ids that are known, and a login for the rest would be a change. */
export async function lookAt(actor: Actor, user: User, admin: Client<typeof AdminService>): Promise<UserState> {
  const adminCall = { headers: { Authorization: "Bearer dev-admin:app" } };
  const { results } = await admin.queryStatuses({ userIds: [actor.userId] }, adminCall);
  const status = results[0]?.result.case === "status" ? results[0].result.value : undefined;
  const text = status?.customStatus?.text ?? null;
  noteSeen(actor, status?.revision ?? 0n, text);
  const known = [actor.acknowledged, ...actor.possible].flatMap(({ sessions }) => Object.values(sessions));
  const live = (await Promise.all([...new Set(known)].map((id) => isLive(user, actor.userId, id)))).flat();
  // An unanswered login may have made a session that nobody knows the id of: the self view of any other shows it.
  const sessions = await sessionsOf(actor, user, live);
  const [sessionId] = Object.values(sessions);
  return { text, sessions, rows: sessionId === undefined ? {} : await rowsOf(user, actor.userId, sessionId) };
}

function noteSeen(actor: Actor, revision: bigint, text: string | null): void {
  if (revision < actor.seen.revision)
    throw new Error(`${actor.userId}: revision ${revision} after ${actor.seen.revision}`);
  if (revision === actor.seen.revision && actor.seen.revision > 0n && text !== actor.seen.text) {
    throw new Error(`${actor.userId}: revision ${revision} with another text`);
  }
  actor.seen = { revision, text };
}

async function isLive(user: User, userId: string, sessionId: string): Promise<string[]> {
  if (sessionId === "?") return [];
  try {
    await user.listSubscriptions({ sessionId, pageSize: 1 }, headersOf(userId));
    return [sessionId];
  } catch (error) {
    if (ConnectError.from(error).code === Code.FailedPrecondition) return [];
    throw error;
  }
}

/** By device, from the snapshot of a Watch. Without a known session that lives, a login on a device of its own shows the others. */
async function sessionsOf(actor: Actor, user: User, live: readonly string[]): Promise<Record<string, string>> {
  const headers = headersOf(actor.userId);
  const probe = live[0] ?? (await user.login({ deviceId: "probe", platform: 1 }, headers)).sessionId;
  const found: Record<string, string> = {};
  for await (const { events } of user.watch({ sessionId: probe }, headers)) {
    for (const { event } of events) {
      if (event.case !== "self") continue;
      for (const { deviceId, sessionId } of event.value.sessions) found[deviceId] = sessionId;
    }
    if (events.some(({ event }) => event.case === "snapshotEnd")) break;
  }
  if (live[0] === undefined) await user.logout({ sessionId: probe }, headers);
  return Object.fromEntries(
    devices.flatMap((device) => (found[device] === undefined ? [] : [[device, found[device]]])),
  );
}

async function rowsOf(user: User, userId: string, sessionId: string): Promise<Record<string, string>> {
  const rows: Record<string, string> = {};
  const { subscriptions } = await user.listSubscriptions({ sessionId }, headersOf(userId));
  for (const { subscription } of subscriptions) {
    const expire = subscription?.expireTime;
    if (subscription && expire) rows[subscription.userId] = String(timestampMs(expire));
  }
  return rows;
}

/** Judges what is found, and takes it as known from here on. */
export function settleActor(actor: Actor, found: UserState): Finding {
  const hidden = Object.keys(found.sessions).length === 0;
  // Rows are seen through a session: without one, they are taken on trust until there is one.
  const seen = (state: UserState): UserState => (hidden ? { ...state, rows: {} } : state);
  const finding = judge(found, { acknowledged: seen(actor.acknowledged), possible: actor.possible.map(seen) });
  if (!hidden) actor.acknowledged = found;
  else if (finding === "as acknowledged" || finding === "as asked") {
    actor.acknowledged = { ...actor.acknowledged, text: found.text, sessions: {} };
  }
  actor.possible = [];
  return finding;
}
