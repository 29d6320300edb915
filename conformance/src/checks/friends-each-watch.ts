// Checks of SPEC §14 and §10.2, friends who come and go while Watches are open: each Watch of the user is told, and a row that stood before is one way of two.
import { OnlineStatus, SubscriptionEndReason, type UserStatus } from "@userstatus/protocol";
import type { Bench, Check, TestSession, TestUser, TestWatch } from "../check.ts";
import type { Switches } from "./lib/b-features.ts";
import { friendCheck, loggedOut, on } from "./lib/b-friends.ts";
import { twoSessions } from "./lib/b-sessions.ts";
import { rowIn } from "./lib/b-values.ts";
import { awaitEnd, silentAbout } from "./lib/b-watch.ts";
import { roomFor } from "./lib/c-actors.ts";

function isOnline({ onlineStatus }: UserStatus): boolean {
  return onlineStatus === OnlineStatus.ONLINE;
}

/** A user with an open Watch of each of two sessions. */
async function twoWatches(t: Bench): Promise<{ user: TestUser; watches: readonly [string, TestWatch][] }> {
  const user = await t.user();
  const [first, second] = await twoSessions(t, user);
  return {
    user,
    watches: [
      ["the first", await first.watch()],
      ["the second", await second.watch()],
    ],
  };
}

const comeAndGo = friendCheck(
  {
    id: "friend-switch/each-watch",
    title:
      "A friend is added and removed: each Watch of the user gets his status and his changes, then UNFRIENDED and nothing more",
    claims: ["multi_session"],
    applies: roomFor(2),
  },
  on,
  async (t) => {
    const friend = await t.session();
    const { id } = friend.user;
    const { user, watches } = await twoWatches(t);
    await t.admin.setFriends(user.id, [id]);
    for (const [which, watch] of watches)
      await watch.status(id, `ONLINE of the friend who was added, on ${which} Watch`, isOnline);
    const marks = watches.map(([, watch]) => watch.mark());
    await friend.logout();
    for (const [index, [which, watch]] of watches.entries())
      await watch.status(id, `LOGGED_OUT of the friend who was added, on ${which} Watch`, loggedOut, marks[index]);
    await t.admin.setFriends(user.id, []);
    const places: number[] = [];
    for (const [which, watch] of watches) {
      const expected = { id, generation: 0n, reason: SubscriptionEndReason.UNFRIENDED, stillVisible: false };
      places.push((await awaitEnd(t, watch, expected, `after the friend was removed, on ${which} Watch`)).index);
    }
    await friend.user.login();
    for (const [index, [which, watch]] of watches.entries())
      await silentAbout(t, watch, id, places[index] ?? 0, `after he was removed, on ${which} Watch`);
  },
);

const deleted = friendCheck(
  {
    id: "sub-target-gone/friend-each-watch",
    title: "A friend is deleted: each Watch of the user is told TARGET_GONE with generation 0",
    claims: ["friends", "multi_session"],
    applies: roomFor(2),
  },
  on,
  async (t) => {
    const { id } = (await t.session()).user;
    const { user, watches } = await twoWatches(t);
    await t.admin.setFriends(user.id, [id]);
    for (const [which, watch] of watches) await watch.status(id, `ONLINE of the friend, on ${which} Watch`, isOnline);
    await t.admin.remove([id]);
    for (const [which, watch] of watches) {
      const expected = { id, generation: 0n, reason: SubscriptionEndReason.TARGET_GONE };
      await awaitEnd(t, watch, expected, `after the friend was deleted, on ${which} Watch`);
    }
  },
);

/** What makes somebody a visible friend to whom there is a row already. */
function seenByRowBefore(
  name: string,
  title: string,
  start: Switches,
  befriend: (t: Bench, watcher: TestSession, id: string) => Promise<void>,
): Check {
  return friendCheck({ id: `friend-still-visible/${name}`, title }, start, async (t) => {
    const friend = await t.session();
    const { id } = friend.user;
    const { session: watcher, watch } = await t.watcher();
    const { row } = rowIn(t, await watcher.subscribe([id]), id);
    await befriend(t, watcher, id);
    await watch.fence();
    await watcher.unsubscribe([id]);
    const expected = {
      id,
      generation: row.generation,
      reason: SubscriptionEndReason.UNSUBSCRIBED,
      stillVisible: true,
    };
    const { index } = await awaitEnd(t, watch, expected, "of the row to who became a friend later");
    await friend.logout();
    await watch.status(id, "LOGGED_OUT of the friend after his row ended", loggedOut, index);
  });
}

export const friendsEachWatchChecks: readonly Check[] = [
  comeAndGo,
  deleted,
  seenByRowBefore(
    "befriended-later",
    "Somebody to whom there is a row becomes a friend, and the row ends: still_visible is set, and his changes go on",
    on,
    (t, watcher, id) => t.admin.setFriends(watcher.user.id, [id]),
  ),
  seenByRowBefore(
    "switched-on-later",
    "The switch is turned on while there is a row to a friend, and the row ends: still_visible is set, and his changes go on",
    {},
    async (t, watcher, id) => {
      await t.admin.setFriends(watcher.user.id, [id]);
      await t.admin.features({ friendNotifications: true });
    },
  ),
];
