// Does one step, and judges what came of it. Throws a Finding where the server did what the model does not allow.

import { doDelete, doEndSessions, doFeature, doFriends, doRegister } from "./do/backend.ts";
import { doBurst, doDue, doPass } from "./do/clock.ts";
import { doBadLogin, doForeign, doHeartbeat, doLogin, doLogout, mayLogIn } from "./do/login.ts";
import { doAudit, doList, doQuery } from "./do/reads.ts";
import { canFill, doFill, doSubscribe, doUnsubscribe } from "./do/rows.ts";
import { doSet } from "./do/texts.ts";
import { doClose, doSync, doWatch } from "./do/watches.ts";
import { fence } from "./judge/fence.ts";
import { isFull } from "./model/presence.ts";
import { settle } from "./model/settle.ts";
import { type At, deviceName, type Step } from "./steps.ts";
import type { Walk } from "./walk/walk.ts";

/** Whether the step means anything now, and what it leads to is decided by the specification. */
export function isPossible(walk: Walk, step: Step): boolean {
  const { app, cast, ground } = walk;
  settle(app);
  switch (step.do) {
    case "login": {
      const user = cast[step.user];
      return user !== undefined && mayLogIn(app, user, step) && keepsLost(walk, step);
    }
    case "close":
      return ground.timed && walk.watches.has(sessionAt(walk, step) ?? "");
    case "foreign":
      return step.by !== step.user && sessionAt(walk, step) !== undefined;
    case "fill":
      return canFill(walk) && sessionAt(walk, step) !== undefined;
    case "friends":
      return app.rules.claims.has("friends") && cast[step.user]?.registered === true;
    case "end sessions":
      return cast[step.user]?.registered === true;
    case "feature":
      return step.feature === "friendNotifications"
        ? app.rules.claims.has("friends")
        : app.rules.claims.has("feature_gates");
    case "delete":
      return cast[step.user]?.registered === true && app.rules.claims.has("user_registry");
    case "register":
    case "audit":
    case "bad login":
    case "pass":
    case "due":
      return true;
    default:
      return sessionAt(walk, step) !== undefined;
  }
}

function sessionAt({ cast, sessionIds }: Walk, { user, device }: At): string | undefined {
  return sessionIds.get(`${cast[user]?.id}/${deviceName(device)}`);
}

/**
 * More lost sessions than could live under the rules need not be kept (session-lost-uncounted): with so few allowed, a
 * user has one device.
 */
function keepsLost({ app, cast }: Walk, step: Extract<Step, { do: "login" }>): boolean {
  const user = cast[step.user];
  const least = Math.min(...app.rules.sessionCaps(step.platform).map(({ max }) => max), 99);
  if (user === undefined || least > 1) return true;
  const known = user.sessions.find((session) => session.device === deviceName(step.device));
  const lost = user.sessions.filter((session) => session !== known && session.state === "lost");
  return lost.length === 0 || (known !== undefined && !isFull(app, user, known, step.platform));
}

/** After it, everything that it led to has come, and was judged. */
export async function perform(walk: Walk, step: Step): Promise<void> {
  settle(walk.app);
  await dispatch(walk, step);
  if (!isRead(step)) await fence(walk);
}

function isRead({ do: what }: Step): boolean {
  return what === "query" || what === "list" || what === "audit" || what === "foreign";
}

function dispatch(walk: Walk, step: Step): Promise<void> {
  switch (step.do) {
    case "login":
      return doLogin(walk, step);
    case "bad login":
      return doBadLogin(walk, step);
    case "logout":
      return doLogout(walk, step);
    case "heartbeat":
      return doHeartbeat(walk, step);
    case "watch":
      return doWatch(walk, step);
    case "close":
      return doClose(walk, step);
    case "set":
      return doSet(walk, step);
    case "query":
      return doQuery(walk, step);
    case "subscribe":
      return doSubscribe(walk, step);
    case "unsubscribe":
      return doUnsubscribe(walk, step);
    case "list":
      return doList(walk, step);
    case "sync":
      return doSync(walk, step);
    case "foreign":
      return doForeign(walk, step);
    case "burst":
      return doBurst(walk, step);
    case "fill":
      return doFill(walk, step);
    case "pass":
      return doPass(walk, step);
    case "due":
      return doDue(walk, step);
    case "friends":
      return doFriends(walk, step);
    case "feature":
      return doFeature(walk, step);
    case "end sessions":
      return doEndSessions(walk, step);
    case "delete":
      return doDelete(walk, step);
    case "register":
      return doRegister(walk, step);
    case "audit":
      return doAudit(walk);
  }
}
