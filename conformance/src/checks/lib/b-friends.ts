// What checks of friends share: the switch, and a user with an open Watch and a friend.
import { OnlineStatus, type UserStatus } from "@userstatus/protocol";
import type { Bench, Check, TestSession, TestWatch } from "../../check.ts";
import { type Switches, withFeatures } from "./b-features.ts";

/** Friends are told of. */
export const on: Switches = { friendNotifications: true };

/** For `status`: the target has logged out. */
export function loggedOut(status: UserStatus): boolean {
  return status.onlineStatus === OnlineStatus.LOGGED_OUT;
}

/** A check of friends: it has the app to itself, and starts with these switches. */
export function friendCheck(
  check: Omit<Check, "tools" | "wholeApp" | "run">,
  start: Switches,
  run: (t: Bench) => Promise<void>,
): Check {
  return { ...check, tools: ["admin"], wholeApp: true, run: (t: Bench) => withFeatures(t, start, () => run(t)) };
}

/** A user with an open Watch, and a friend of his who is online. */
export async function watcherAndFriend(
  t: Bench,
): Promise<{ watcher: TestSession; watch: TestWatch; friend: TestSession }> {
  const friend = await t.session();
  const user = await t.user();
  await t.admin.setFriends(user.id, [friend.user.id]);
  const watcher = await user.login();
  return { watcher, watch: await watcher.watch(), friend };
}
