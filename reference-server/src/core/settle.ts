// settle(record, now): applies every transition that is due, each at its own due time and in due order, so that a lazy reader, a timer and
// a node that comes back compute the same. Implements SPEC §6.3, §8 (custom-expires, custom-clear-logout), §10.2, §17 (time-closed).
import { OnlineStatus, SubscriptionEndReason } from "@userstatus/protocol";
import { publish } from "./derive.ts";
import type { CoreContext, SessionRecord, UserRecord } from "./model.ts";
import { endAllRows, endRow } from "./rows.ts";
import type { Rules } from "./rules.ts";
import { dropSession } from "./sessions.ts";

/** When the next transition of this record falls due; Infinity: none is armed. Row expiries count by a lower bound. */
export function nextDueMs(record: UserRecord, rules: Rules): number {
  let due = record.rowDueMs;
  for (const session of record.sessions) due = Math.min(due, sessionDueMs(session, rules));
  if (record.custom !== null) {
    due = Math.min(due, record.custom.expireMs ?? Number.POSITIVE_INFINITY, logoutClearMs(record, rules));
  }
  return Math.min(due, absenceMs(record, rules));
}

/** Brings the record up to `nowMs`. */
export function settle(record: UserRecord, nowMs: number, context: CoreContext): void {
  if (record.rowsEra !== context.rowsEra) {
    endAllRows(record, SubscriptionEndReason.FEATURE_DISABLED, context);
    record.rowsEra = context.rowsEra;
  }
  for (let due = nextDueMs(record, context.rules); due <= nowMs; due = nextDueMs(record, context.rules)) {
    settleInstant(record, due, context);
  }
}

/** Everything that is due at one instant is one change, with what it arms for the same instant. */
function settleInstant(record: UserRecord, atMs: number, context: CoreContext): void {
  const { rules } = context;
  for (const session of [...record.sessions]) {
    while (record.sessions.includes(session) && sessionDueMs(session, rules) <= atMs) {
      advanceSession(record, session, context);
    }
  }
  let customChanged = false;
  if (record.custom !== null && (record.custom.expireMs ?? Number.POSITIVE_INFINITY) <= atMs) {
    record.custom = null;
    customChanged = true;
  }
  publish(record, atMs, context, customChanged);
  if (record.custom !== null && logoutClearMs(record, rules) <= atMs) {
    record.custom = null;
    publish(record, atMs, context, true);
  }
  if (absenceMs(record, rules) <= atMs) endAllRows(record, SubscriptionEndReason.EXPIRED, context);
  if (record.rowDueMs <= atMs) expireRows(record, atMs, context);
}

/** Lease end → grace → lost → decayed: one step. */
function advanceSession(record: UserRecord, session: SessionRecord, context: CoreContext): void {
  const { rules } = context;
  if (session.lossMs === null) {
    session.lossMs = session.leaseEndMs;
    context.changes.push({ kind: "lease-lapsed", sessionId: session.sessionId });
    return;
  }
  const liveness = rules.liveness(session.platform);
  if (session.lostMs !== null) {
    dropSession(record, session, "DECAYED", context);
  } else if (liveness.offline) {
    session.lostMs = session.lossMs + liveness.graceMs;
    trimLost(record, context);
  } else {
    dropSession(record, session, "LINK_LOST", context);
  }
}

/** Lost sessions are kept per device, up to a bound: beyond it the one lost longest is over. */
function trimLost(record: UserRecord, context: CoreContext): void {
  const lost = record.sessions.filter((session) => session.lostMs !== null);
  lost.sort((a, b) => (a.lostMs ?? 0) - (b.lostMs ?? 0) || a.loginOrder - b.loginOrder);
  for (const session of lost.slice(0, Math.max(0, lost.length - context.rules.lostMax))) {
    dropSession(record, session, "DECAYED", context);
  }
}

function sessionDueMs(session: SessionRecord, rules: Rules): number {
  if (session.lossMs === null) return session.leaseEndMs;
  const liveness = rules.liveness(session.platform);
  return session.lostMs === null ? session.lossMs + liveness.graceMs : session.lostMs + liveness.decayMs;
}

function logoutClearMs(record: UserRecord, rules: Rules): number {
  if (rules.clearAfterLogoutMs === undefined || record.online !== OnlineStatus.LOGGED_OUT) {
    return Number.POSITIVE_INFINITY;
  }
  return (record.onlineMs ?? 0) + rules.clearAfterLogoutMs;
}

function absenceMs(record: UserRecord, rules: Rules): number {
  if (rules.dropAfterAbsenceMs === undefined || record.absentSinceMs === null || record.rows.size === 0) {
    return Number.POSITIVE_INFINITY;
  }
  return record.absentSinceMs + rules.dropAfterAbsenceMs;
}

function expireRows(record: UserRecord, atMs: number, context: CoreContext): void {
  let dueMs = Number.POSITIVE_INFINITY;
  for (const row of [...record.rows.values()]) {
    if (row.expireMs === null) continue;
    if (row.expireMs <= atMs) endRow(record, row, SubscriptionEndReason.EXPIRED, context);
    else dueMs = Math.min(dueMs, row.expireMs);
  }
  record.rowDueMs = dueMs;
}
