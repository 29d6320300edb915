// What the app's backend does: friends, switches, sessions, users.
import { OnlineStatus, WatchEndReason } from "@userstatus/protocol";
import { Finding } from "../finding.ts";
import { endAtOnce } from "../model/presence.ts";
import { setFeatures, setFriends, targetGone } from "../model/rows.ts";
import { settle } from "../model/settle.ts";
import type { UserState } from "../model/state.ts";
import { refreshViews } from "../model/views.ts";
import { deviceName, type Step } from "../steps.ts";
import { answered, type Walk } from "../walk/walk.ts";
import { sameIds } from "./rows.ts";

type Of<D extends Step["do"]> = Extract<Step, { readonly do: D }>;

function userAt(walk: Walk, index: number): UserState {
  const user = walk.cast[index];
  if (user === undefined) throw new RangeError(`there is no user ${index}`);
  return user;
}

export async function doFriends(walk: Walk, step: Of<"friends">): Promise<void> {
  const user = userAt(walk, step.user);
  const friendUserIds = step.ids.map((index) => userAt(walk, index).id);
  const answer = await answered(walk, "SetFriends", ["admin-register"], async () =>
    walk.lane.admin?.setFriends({ userId: user.id, friendUserIds }, await walk.adminHeaders()),
  );
  const taken = friendUserIds.filter((id) => id !== user.id && walk.app.users.get(id)?.registered === true).toSorted();
  sameIds(answer?.friendUserIds ?? [], taken, "the answer of SetFriends", "friend-switch");
  setFriends(walk.app, user, taken);
}

const paths = { plan: "plan", userStatus: "user_status", friendNotifications: "friend_notifications" } as const;

export async function doFeature(walk: Walk, { feature, on }: Of<"feature">): Promise<void> {
  const answer = await answered(walk, "UpdateFeatures", ["gate-again"], async () =>
    walk.lane.admin?.updateFeatures(
      { features: { [feature]: on }, updateMask: { paths: [paths[feature]] } },
      await walk.adminHeaders(),
    ),
  );
  setFeatures(walk.app, { [feature]: on });
  const { plan, userStatus, friendNotifications } = walk.app.features;
  const got = answer?.features;
  if (got?.plan === plan && got.userStatus === userStatus && got.friendNotifications === friendNotifications) return;
  const expected = JSON.stringify({ plan, userStatus, friendNotifications });
  throw new Finding(["gate-again", "friend-switch"], "the answer of UpdateFeatures", expected, JSON.stringify(got));
}

export async function doEndSessions(walk: Walk, step: Of<"end sessions">): Promise<void> {
  const { app } = walk;
  settle(app);
  const user = userAt(walk, step.user);
  const device = step.device === "all" ? undefined : deviceName(step.device);
  const sessions = user.sessions.filter((session) => device === undefined || session.device === device);
  const known = device === undefined ? [] : [walk.sessionIds.get(`${user.id}/${device}`) ?? "never-issued"];
  const answer = await answered(walk, "EndSessions", ["admin-end"], async () =>
    walk.lane.admin?.endSessions({ userId: user.id, sessionIds: known }, await walk.adminHeaders()),
  );
  const expected = sessions.map(({ id }) => id).toSorted();
  sameIds((answer?.endedSessionIds ?? []).toSorted(), expected, "the answer of EndSessions", "admin-end");
  endAtOnce(app, user, sessions, { session: "ADMIN", watch: WatchEndReason.KICKED, requirement: "admin-end" });
}

export async function doDelete(walk: Walk, step: Of<"delete">): Promise<void> {
  const { app } = walk;
  settle(app);
  const user = userAt(walk, step.user);
  await answered(walk, "DeleteUsers", ["admin-register"], async () =>
    walk.lane.admin?.deleteUsers({ userIds: [user.id] }, await walk.adminHeaders()),
  );
  endAtOnce(app, user, [...user.sessions], {
    session: "USER_DELETED",
    watch: WatchEndReason.USER_DELETED,
    requirement: "admin-register",
  });
  targetGone(app, user);
  forget(walk, user);
}

/** Registered anew, he has nothing of the earlier one but higher revisions. */
function forget(walk: Walk, user: UserState): void {
  Object.assign(user, {
    registered: false,
    everLoggedIn: false,
    online: OnlineStatus.LOGGED_OUT,
    onlineMs: undefined,
    text: undefined,
    textMs: undefined,
    clearMs: undefined,
    absentMs: undefined,
    rows: new Map(),
    generations: new Map(),
    friends: new Set(),
    rates: new Map(),
    ratesUnknown: true,
    deletions: user.deletions + 1,
  });
  refreshViews(walk.app, user, "admin-register", true);
}

export async function doRegister(walk: Walk, step: Of<"register">): Promise<void> {
  const user = userAt(walk, step.user);
  const answer = await answered(walk, "RegisterUsers", ["admin-register"], async () =>
    walk.lane.admin?.registerUsers({ userIds: [user.id] }, await walk.adminHeaders()),
  );
  const created = user.registered ? 0 : 1;
  if (answer?.createdCount !== created)
    throw new Finding(
      ["admin-register"],
      "created_count of RegisterUsers",
      String(created),
      String(answer?.createdCount),
    );
  if (user.registered) return;
  user.registered = true;
  user.online = walk.app.rules.never;
  refreshViews(walk.app, user, "online-never", true);
}
