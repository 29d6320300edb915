// Sessions and the online status (SPEC §6, §7): what a login, a sign of life, the end of a link and a logout do.
import { OnlineStatus, type SessionEndName, WatchEndReason } from "@userstatus/protocol";
import { type AppState, counts, type SessionState, type UserState } from "./state.ts";
import { clearText } from "./texts.ts";
import { anyOrder, refreshViews } from "./views.ts";

/** What the online status is by the sessions (online-any, online-never). */
export function onlineOf({ rules }: AppState, user: UserState): OnlineStatus {
  if (user.sessions.some(counts)) return OnlineStatus.ONLINE;
  if (user.sessions.length > 0) return OnlineStatus.OFFLINE;
  return user.everLoggedIn ? OnlineStatus.LOGGED_OUT : rules.never;
}

/** The sessions have changed: takes over what follows for status, text and absence. */
export function sessionsChanged(app: AppState, user: UserState, atMs: number, why: string): void {
  const before = user.online;
  const online = onlineOf(app, user);
  if (online !== before) {
    user.online = online;
    user.onlineMs = atMs;
    if (online === OnlineStatus.ONLINE) user.absentMs = undefined;
    else user.absentMs ??= atMs;
    const { clearOnOffline, clearAfterLogoutMs } = app.rules.texts;
    if (online === OnlineStatus.OFFLINE && clearOnOffline && user.text !== undefined) clearText(user, atMs);
    user.clearMs =
      online === OnlineStatus.LOGGED_OUT && clearAfterLogoutMs !== undefined ? atMs + clearAfterLogoutMs : undefined;
  }
  refreshViews(app, user, why);
}

/** Whether a session that changes to this platform, or comes back on it, would be one too many of some rule. */
export function isFull(app: AppState, user: UserState, session: SessionState | undefined, platform: number): boolean {
  const others = user.sessions.filter((other) => other !== session && counts(other));
  return app.rules
    .sessionCaps(platform)
    .some((cap) => others.filter((other) => cap.counts(other.platform, platform)).length >= cap.max);
}

export interface LoginFacts {
  readonly sessionId: string;
  readonly device: string;
  readonly platform: number;
}

/** Login was answered. Texts are the caller's matter. */
export function logIn(app: AppState, user: UserState, { sessionId, device, platform }: LoginFacts): void {
  const leaseEndMs = app.nowMs + app.rules.liveness(platform).leaseMs;
  let session = user.sessions.find((known) => known.device === device);
  const isLive = session !== undefined && counts(session);
  if (session === undefined) {
    const order = ++app.counter;
    session = { id: sessionId, device, platform, order, loginMs: app.nowMs, state: "live", leaseEndMs, dueMs: 0 };
    user.sessions.push(session);
  }
  Object.assign(session, { platform, leaseEndMs, state: "live" });
  user.registered = true;
  user.everLoggedIn = true;
  if (!isLive) kickBeyond(app, user, session);
}

/** Kicks the earliest login that each rule counts, rule by rule (session-limit). */
function kickBeyond(app: AppState, user: UserState, newcomer: SessionState): void {
  for (const cap of app.rules.sessionCaps(newcomer.platform)) {
    const counted = user.sessions
      .filter((session) => counts(session) && cap.counts(session.platform, newcomer.platform))
      .toSorted((a, b) => a.order - b.order);
    for (let over = counted.length - cap.max; over > 0; over--) {
      const first = counted.find((session) => session !== newcomer);
      if (first === undefined) return;
      counted.splice(counted.indexOf(first), 1);
      endWatch(app, first.id, WatchEndReason.KICKED, false, "session-kick-told");
      remove(user, first, "KICKED");
    }
  }
}

/** A sign of life of a session that may come back: Heartbeat, or a Watch that is served. */
export function signOfLife(app: AppState, user: UserState, session: SessionState, why: string): void {
  const wasLost = session.state === "lost";
  session.state = "live";
  session.leaseEndMs = app.nowMs + app.rules.liveness(session.platform).leaseMs;
  if (wasLost) sessionsChanged(app, user, app.nowMs, why);
}

/** The link is lost: the grace starts. */
export function loseLink(app: AppState, user: UserState, session: SessionState, atMs: number, why: string): void {
  if (session.state !== "live") return;
  session.state = "away";
  session.dueMs = atMs + app.rules.liveness(session.platform).graceMs;
  if (session.dueMs <= app.nowMs && app.rules.liveness(session.platform).graceMs === 0) lose(app, user, session, why);
}

/** The grace is over. */
export function lose(app: AppState, user: UserState, session: SessionState, why: string): void {
  const { offline, decayMs } = app.rules.liveness(session.platform);
  const atMs = session.dueMs;
  if (offline) {
    session.state = "lost";
    session.dueMs = atMs + decayMs;
  } else remove(user, session, "LINK_LOST");
  sessionsChanged(app, user, atMs, why);
}

/** A session is over. */
export function remove(user: UserState, session: SessionState, reason: SessionEndName): void {
  user.sessions = user.sessions.filter((other) => other !== session);
  user.ended.push({ id: session.id, reason });
}

/** Ends these sessions at once (logout, the backend, deletion). */
export function endAtOnce(
  app: AppState,
  user: UserState,
  sessions: readonly SessionState[],
  how: { readonly session: SessionEndName; readonly watch: WatchEndReason; readonly requirement: string },
): void {
  for (const session of sessions) {
    endWatch(app, session.id, how.watch, false, how.requirement);
    remove(user, session, how.session);
  }
  if (sessions.length > 1) anyOrder(user);
  sessionsChanged(app, user, app.nowMs, how.requirement);
}

export function endWatch(
  app: AppState,
  sessionId: string,
  reason: WatchEndReason,
  mayResume: boolean,
  requirement: string,
): void {
  app.watchEndings.push({ sessionId, reason, mayResume, requirement });
}
