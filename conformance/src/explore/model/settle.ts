// Time (SPEC §17): what is due happens at its own instant, in due order, before anything is looked at.
import { OnlineStatus, SubscriptionEndReason, WatchEndReason } from "@userstatus/protocol";
import { endWatch, lose, loseLink, remove, sessionsChanged } from "./presence.ts";
import { endRow } from "./rows.ts";
import type { AppState, SessionState, UserState } from "./state.ts";
import { clearText } from "./texts.ts";
import { anyOrder, refreshViews } from "./views.ts";

interface Due {
  readonly atMs: number;
  readonly apply: () => void;
}

/** Lets everything happen that is due now. */
export function settle(app: AppState): void {
  for (const user of app.users.values()) settleUser(app, user);
}

function settleUser(app: AppState, user: UserState): void {
  let lastMs: number | undefined;
  for (;;) {
    const due = nextDue(app, user);
    if (due === undefined || due.atMs > app.nowMs) return;
    if (due.atMs === lastMs) anyOrder(user);
    lastMs = due.atMs;
    due.apply();
  }
}

/** Instants at which something of this user falls due, ascending. */
export function dueInstants(app: AppState, user: UserState): number[] {
  return [...new Set(allDue(app, user).map(({ atMs }) => atMs))].toSorted((a, b) => a - b);
}

function nextDue(app: AppState, user: UserState): Due | undefined {
  let next: Due | undefined;
  for (const due of allDue(app, user)) if (next === undefined || due.atMs < next.atMs) next = due;
  return next;
}

function allDue(app: AppState, user: UserState): Due[] {
  if (!app.timed) return [];
  const all = user.sessions.map((session) => sessionDue(app, user, session));
  const textEndMs = Math.min(
    user.text?.endMs ?? Infinity,
    user.text === undefined ? Infinity : (user.clearMs ?? Infinity),
  );
  if (textEndMs < Infinity) {
    const why = textEndMs === user.text?.endMs ? "custom-expires" : "custom-clear-logout";
    all.push({
      atMs: textEndMs,
      apply: () => {
        clearText(user, textEndMs);
        refreshViews(app, user, why);
      },
    });
  }
  const { absenceMs } = app.rules.rows;
  const absentEndMs =
    absenceMs === undefined || user.absentMs === undefined || user.online === OnlineStatus.ONLINE
      ? Infinity
      : user.absentMs + absenceMs;
  for (const row of user.rows.values()) {
    const atMs = Math.min(row.endMs ?? Infinity, absentEndMs);
    if (atMs < Infinity) all.push({ atMs, apply: () => endRow(user, row, SubscriptionEndReason.EXPIRED, atMs) });
  }
  return all;
}

function sessionDue(app: AppState, user: UserState, session: SessionState): Due {
  if (session.state === "live") {
    const atMs = session.leaseEndMs;
    return {
      atMs,
      apply: () => {
        endWatch(app, session.id, WatchEndReason.LEASE_EXPIRED, true, "lease-ends-watch");
        loseLink(app, user, session, atMs, "lease-ends");
      },
    };
  }
  if (session.state === "away") return { atMs: session.dueMs, apply: () => lose(app, user, session, "lease-ends") };
  const atMs = session.dueMs;
  return {
    atMs,
    apply: () => {
      remove(user, session, "DECAYED");
      sessionsChanged(app, user, atMs, "lost-decay");
    },
  };
}

/** The clock moves. */
export function advance(app: AppState, ms: number, holdLeases: boolean): void {
  if (holdLeases) {
    for (const user of app.users.values()) {
      for (const session of user.sessions) if (session.state === "live") session.leaseEndMs += ms;
    }
  }
  app.nowMs += ms;
  settle(app);
}
