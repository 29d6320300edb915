// Derives the online status from the sessions, and gives every visible change its revision.
// Implements SPEC §7 (online-any, online-platforms, online-times, online-quiet), §8 (custom-clear-offline), §13 (rev-*).
import { OnlineStatus, type Platform } from "@userstatus/protocol";
import type { CoreContext, SessionRecord, UserRecord } from "./model.ts";

/** Sessions that count as live for everyone, within their grace too, in the order of their logins. */
export function liveSessions(record: UserRecord): SessionRecord[] {
  return record.sessions.filter((session) => session.lostMs === null).sort((a, b) => a.loginOrder - b.loginOrder);
}

/** A number above the last one, and above the clock in µs: survives the loss of a record, and fits 2^53. */
export function nextNumber(previous: number, atMs: number): number {
  return Math.max(previous + 1, atMs * 1000);
}

/**
 * Brings the derived fields up to date after sessions or custom status changed at `atMs`: one call is one revision, so a caller that makes
 * several changes at one instant calls it once, after the last of them.
 */
export function publish(record: UserRecord, atMs: number, context: CoreContext, customChanged = false): void {
  const live = liveSessions(record);
  const online = onlineStatus(record, live, context);
  const platforms = distinctPlatforms(live);
  const platformsChanged = platforms.join() !== record.platforms.join();
  const onlineChanged = online !== record.online;
  let textChanged = customChanged;
  if (onlineChanged) {
    if (record.online === OnlineStatus.ONLINE) record.absentSinceMs = atMs;
    if (online === OnlineStatus.ONLINE) record.absentSinceMs = null;
    if (online === OnlineStatus.OFFLINE && context.rules.clearOnOffline && record.custom !== null) {
      record.custom = null;
      textChanged = true;
    }
  }
  record.online = online;
  record.platforms = platforms;
  if (onlineChanged) record.onlineMs = atMs;
  if (textChanged) record.customMs = atMs;
  const seenByOthers = onlineChanged || textChanged || (platformsChanged && context.rules.targetPlatforms);
  if (seenByOthers) {
    record.updateMs = atMs;
    record.revision = nextNumber(record.revision, atMs);
    record.statusSeq = context.seq;
    context.changes.push({ kind: "status" });
  }
  publishSelf(record, atMs, context, live, seenByOthers);
}

function publishSelf(
  record: UserRecord,
  atMs: number,
  context: CoreContext,
  live: readonly SessionRecord[],
  seenByOthers: boolean,
): void {
  const selfKey = live.map((session) => `${session.sessionId} ${session.platform}`).join();
  if (!seenByOthers && selfKey === record.selfKey) return;
  record.selfKey = selfKey;
  record.selfRevision = nextNumber(record.selfRevision, atMs);
  record.selfSeq = context.seq;
  context.changes.push({ kind: "self" });
}

function onlineStatus(record: UserRecord, live: readonly SessionRecord[], context: CoreContext): OnlineStatus {
  if (live.length > 0) return OnlineStatus.ONLINE;
  if (record.sessions.length > 0) return OnlineStatus.OFFLINE;
  return record.everLoggedIn || !record.registered || !context.rules.registry
    ? OnlineStatus.LOGGED_OUT
    : context.rules.neverLoggedIn;
}

function distinctPlatforms(live: readonly SessionRecord[]): Platform[] {
  return [...new Set(live.map((session) => session.platform))].sort((a, b) => a - b);
}
