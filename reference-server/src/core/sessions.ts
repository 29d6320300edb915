// Commands on sessions: login, logout, signs of life, link loss, kicks. Implements SPEC §6.
// Commands expect a settled record, and refuse before they change anything.
import { OnlineStatus, type Platform, type SessionEndName, type SessionRule } from "@userstatus/protocol";
import { applyCustom, type CustomInput, checkCustom } from "./custom-status.ts";
import { liveSessions, nextNumber, publish } from "./derive.ts";
import { type CoreContext, overMax, type SessionRecord, type UserRecord } from "./model.ts";
import { Refused } from "./refused.ts";
import { rulePlatform } from "./rules.ts";

export interface LoginInput {
  readonly deviceId: string;
  readonly platform: Platform;
  readonly custom: CustomInput | undefined;
  readonly tokenExpiresAtMs: number | null;
  /** Id for a new session; not used where the device has one. */
  readonly newSessionId: string;
}

/** Login (login-*, session-*). */
export function login(record: UserRecord, input: LoginInput, nowMs: number, context: CoreContext): SessionRecord {
  const custom = input.custom === undefined || input.custom.text === "" ? undefined : input.custom;
  if (custom) checkCustom(custom, context.rules);
  register(record, nowMs, context);
  record.everLoggedIn = true;
  let session = record.sessions.find(({ deviceId }) => deviceId === input.deviceId);
  const wasLive = session !== undefined && session.lostMs === null;
  if (session) {
    session.platform = input.platform;
  } else {
    session = {
      sessionId: input.newSessionId,
      deviceId: input.deviceId,
      platform: input.platform,
      loginMs: nowMs,
      loginOrder: ++record.lastLoginOrder,
      leaseEndMs: nowMs,
      lossMs: null,
      lostMs: null,
      tokenExpiresAtMs: input.tokenExpiresAtMs,
    };
    record.sessions.push(session);
  }
  revive(session, nowMs, context);
  extendToken(session, input.tokenExpiresAtMs, context);
  if (!wasLive) kickBeyondRules(record, session, context);
  if (custom) applyCustom(record, custom, nowMs, context.rules);
  publish(record, nowMs, context, custom !== undefined);
  return session;
}

/**
 * Heartbeat and the opening of a Watch: the lease starts anew; a lost session is live again (lease-*, lost-revive). undefined: newer logins
 * fill a rule, and the session is over now instead (session-comes-back).
 */
export function renew(
  record: UserRecord,
  sessionId: string,
  tokenExpiresAtMs: number | null,
  nowMs: number,
  context: CoreContext,
): SessionRecord | undefined {
  const session = findSession(record, sessionId);
  if (session.lostMs !== null && !hasRoom(record, session, context)) {
    dropSession(record, session, "KICKED", context);
    publish(record, nowMs, context);
    return undefined;
  }
  revive(session, nowMs, context);
  extendToken(session, tokenExpiresAtMs, context);
  publish(record, nowMs, context);
  return session;
}

/** What a caller of `renew` is told when the session is over by it. */
export function refuseKicked(): Refused {
  return new Refused("SESSION_ENDED", "newer logins took the place of this session", {
    metadata: { end_reason: "KICKED" satisfies SessionEndName },
  });
}

/** Logout: at once, whatever the link's state (logout-*). */
export function logout(record: UserRecord, sessionId: string, nowMs: number, context: CoreContext): void {
  dropSession(record, findSession(record, sessionId), "LOGGED_OUT", context);
  publish(record, nowMs, context);
}

/** A Watch of the session was opened: ends of older ones are no loss of its link from here on, and those on other nodes end. */
export function noteWatch(session: SessionRecord, watchId: string, context: CoreContext): void {
  session.watchId = watchId;
  if (context.shared === true) context.changes.push({ kind: "watch-opened", sessionId: session.sessionId, watchId });
}

/**
 * The client ended its Watch, or its token ran out: the grace starts (link-close). A session that is over, or lost already, stays so; and one that has a newer
 * Watch than `watchId` keeps its link.
 */
export function loseLink(record: UserRecord, sessionId: string, nowMs: number, watchId?: string): void {
  const session = record.sessions.find((candidate) => candidate.sessionId === sessionId);
  if (!session || session.lossMs !== null) return;
  if (watchId !== undefined && session.watchId !== undefined && session.watchId !== watchId) return;
  session.lossMs = nowMs;
}

/** Live sessions keep what is left of their lease over a step of the test clock (SPEC §18: hold_leases). */
export function holdLeases(record: UserRecord, ms: number): void {
  for (const session of record.sessions) if (session.lossMs === null) session.leaseEndMs += ms;
}

/** Ends sessions for the app's backend; all if `sessionIds` is empty (admin-end). */
export function endSessions(
  record: UserRecord,
  sessionIds: readonly string[],
  nowMs: number,
  context: CoreContext,
): string[] {
  const ending = record.sessions.filter(({ sessionId }) => sessionIds.length === 0 || sessionIds.includes(sessionId));
  for (const session of ending) dropSession(record, session, "ADMIN", context);
  publish(record, nowMs, context);
  return ending.map(({ sessionId }) => sessionId);
}

/** The session of this id, live or lost; refuses with SESSION_ENDED or SESSION_NOT_FOUND. */
export function findSession(record: UserRecord, sessionId: string): SessionRecord {
  const session = record.sessions.find((candidate) => candidate.sessionId === sessionId);
  if (session) return session;
  const over = record.over.find((candidate) => candidate.sessionId === sessionId);
  if (over) {
    throw new Refused("SESSION_ENDED", "the session is over", { metadata: { end_reason: over.reason } });
  }
  throw new Refused("SESSION_NOT_FOUND", "no session of this user has this id: log in");
}

/** The session, if calls may use it; refuses with SESSION_LOST too (lost-calls). */
export function usableSession(record: UserRecord, sessionId: string): SessionRecord {
  const session = findSession(record, sessionId);
  if (session.lostMs !== null) {
    throw new Refused("SESSION_LOST", "the link of this session was lost: Heartbeat, Watch or Login revives it");
  }
  return session;
}

/** Registers the user, if he is not. */
export function register(record: UserRecord, nowMs: number, context: CoreContext): boolean {
  if (record.registered) return false;
  record.registered = true;
  record.everLoggedIn = false;
  record.incarnation++;
  record.online = context.rules.registry ? context.rules.neverLoggedIn : OnlineStatus.LOGGED_OUT;
  record.revision = nextNumber(record.revision, nowMs);
  record.selfRevision = nextNumber(record.selfRevision, nowMs);
  record.statusSeq = context.seq;
  // Whoever has him on a friend list sees him again; nobody can know him before his first registration.
  if (record.incarnation > 1 || !context.rules.registry) context.changes.push({ kind: "status" });
  return true;
}

/** Deletes the user: what stays is what keeps revisions rising. */
export function remove(record: UserRecord, nowMs: number, context: CoreContext): boolean {
  if (!record.registered) return false;
  for (const session of [...record.sessions]) dropSession(record, session, "USER_DELETED", context);
  record.custom = null;
  publish(record, nowMs, context);
  record.registered = false;
  record.rows.clear();
  record.rowDueMs = Number.POSITIVE_INFINITY;
  record.endedRows = [];
  record.endedForgottenSeq = context.seq;
  record.friends = [];
  record.friendsSeq = context.seq;
  record.onlineMs = record.customMs = record.updateMs = record.absentSinceMs = null;
  record.statusSeq = context.seq;
  context.changes.push({ kind: "gone" });
  return true;
}

/** Takes a session out, and remembers why. The caller publishes. */
export function dropSession(
  record: UserRecord,
  session: SessionRecord,
  reason: SessionEndName,
  context: CoreContext,
): void {
  record.sessions = record.sessions.filter((other) => other !== session);
  record.over.push({ sessionId: session.sessionId, reason });
  if (record.over.length > overMax) record.over.shift();
  context.changes.push({ kind: "session-over", sessionId: session.sessionId, reason });
}

function revive(session: SessionRecord, nowMs: number, context: CoreContext): void {
  session.leaseEndMs = nowMs + context.rules.liveness(session.platform).leaseMs;
  session.lossMs = null;
  session.lostMs = null;
}

function extendToken(session: SessionRecord, expiresAtMs: number | null, context: CoreContext): void {
  if (session.tokenExpiresAtMs === null) return;
  if (expiresAtMs !== null && expiresAtMs <= session.tokenExpiresAtMs) return;
  session.tokenExpiresAtMs = expiresAtMs;
  context.changes.push({ kind: "token", sessionId: session.sessionId, expiresAtMs });
}

/** Whether a lost session could live beside those that do. */
function hasRoom(record: UserRecord, lost: SessionRecord, context: CoreContext): boolean {
  const live = liveSessions(record);
  return context.rules
    .sessionRules(lost.platform)
    .every((rule) => live.filter((session) => counts(rule, session, lost)).length < rule.maxSessions);
}

/** Kicks the earliest logins that a rule counts beyond its limit; never the session that has just come (session-limit). */
function kickBeyondRules(record: UserRecord, newcomer: SessionRecord, context: CoreContext): void {
  for (const rule of context.rules.sessionRules(newcomer.platform)) {
    const counted = liveSessions(record).filter((session) => counts(rule, session, newcomer));
    const beyond = Math.max(0, counted.length - rule.maxSessions);
    const kicked = counted.filter((session) => session !== newcomer).slice(0, beyond);
    for (const session of kicked) dropSession(record, session, "KICKED", context);
  }
}

function counts(rule: SessionRule, session: SessionRecord, newcomer: SessionRecord): boolean {
  const platform = rulePlatform(session.platform);
  if (rule.perPlatform && platform !== rulePlatform(newcomer.platform)) return false;
  return rule.platforms.length === 0 || rule.platforms.includes(platform);
}
