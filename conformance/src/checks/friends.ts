// Checks of SPEC §14, friends seen without a subscription: with the switch on and off, and who does not see whom.

import { OnlineStatus } from "@userstatus/protocol";
import type { Check } from "../check.ts";
import { friendCheck, loggedOut, on, watcherAndFriend } from "./lib/b-friends.ts";
import { twoSessions } from "./lib/b-sessions.ts";
import { rowIn, sampleText, targetsOf, textOf } from "./lib/b-values.ts";
import { silentAbout } from "./lib/b-watch.ts";
import { roomFor } from "./lib/c-actors.ts";
import { newestBefore } from "./lib/c-state.ts";

const changes = friendCheck(
  {
    id: "friend-on/changes",
    title: "A friend sets a text, logs out and logs in: each reaches the Watch, without a row",
  },
  on,
  async (t) => {
    const { watcher, watch, friend } = await watcherAndFriend(t);
    const id = friend.user.id;
    const text = sampleText(t);
    await friend.set(text);
    await watch.status(id, "the friend's text on the Watch", (status) => textOf(status) === text);
    let mark = watch.mark();
    await friend.logout();
    await watch.status(id, "LOGGED_OUT of the friend", loggedOut, mark);
    mark = watch.mark();
    await friend.user.login();
    await watch.status(id, "ONLINE of the friend", (status) => status.onlineStatus === OnlineStatus.ONLINE, mark);
    t.equal(await targetsOf(watcher), [], "targets of the rows of a user who has subscribed to nobody");
    await watch.fence();
    const rows = watch.seen.filter(({ event }) => event.case === "subscribed");
    t.equal(rows.length, 0, "`subscribed` events of a user who has subscribed to nobody");
  },
);

const everySession = friendCheck(
  {
    id: "friend-on/every-session",
    title: "A friend's change reaches the Watch of each session of the user",
    claims: ["multi_session"],
    applies: roomFor(2),
  },
  on,
  async (t) => {
    const friend = await t.session();
    const user = await t.user();
    await t.admin.setFriends(user.id, [friend.user.id]);
    const [one, two] = await twoSessions(t, user);
    const watches = [await one.watch(), await two.watch()];
    const marks = watches.map((watch) => watch.mark());
    await friend.logout();
    for (const [index, watch] of watches.entries()) {
      await watch.status(friend.user.id, "LOGGED_OUT of the friend on each Watch", loggedOut, marks[index]);
    }
  },
);

const withoutPlan = friendCheck(
  {
    id: "friend-on/without-plan-and-switch",
    title: "Without the plan and with the switch for user status off, a friend's change reaches the Watch",
    claims: ["feature_gates"],
  },
  { ...on, plan: false, userStatus: false },
  async (t) => {
    const { watch, friend } = await watcherAndFriend(t);
    const mark = watch.mark();
    await friend.logout();
    await watch.status(friend.user.id, "LOGGED_OUT of the friend", loggedOut, mark);
  },
);

const befriendedLater = friendCheck(
  {
    id: "friend-on/befriended-while-watching",
    title: "Somebody becomes a friend while the Watch is open: his change reaches it",
  },
  on,
  async (t) => {
    const { session: watcher, watch } = await t.watcher();
    const friend = await t.session();
    await t.admin.setFriends(watcher.user.id, [friend.user.id]);
    const mark = watch.mark();
    await friend.logout();
    await watch.status(friend.user.id, "LOGGED_OUT of the friend", loggedOut, mark);
  },
);

const oneWay = friendCheck(
  {
    id: "watch-only-visible/friends-are-one-way",
    claims: ["friends"],
    title: "A friend, and somebody who is none, learn nothing of the user; he learns of his friend only",
  },
  on,
  async (t) => {
    const friend = await t.watcher();
    const stranger = await t.watcher();
    const user = await t.user();
    await t.admin.setFriends(user.id, [friend.user.id]);
    const session = await user.login();
    const watch = await session.watch();
    const mark = watch.mark();
    await session.set(sampleText(t));
    await silentAbout(t, friend.watch, user.id, 0, "whose friend he is not");
    await silentAbout(t, stranger.watch, user.id, 0, "who is nobody's friend");
    await stranger.session.logout();
    await friend.session.logout();
    await watch.status(friend.user.id, "LOGGED_OUT of the friend", loggedOut, mark);
    await silentAbout(t, watch, stranger.user.id, 0, "of whom he is no friend");
  },
);

const noneOfBefore = friendCheck(
  {
    id: "watch-only-visible/registered-anew",
    claims: ["friends", "user_registry"],
    title:
      "A user who is deleted and registered anew learns nothing of his friends of before, until they are friends again",
  },
  on,
  async (t) => {
    const { watcher, watch, friend } = await watcherAndFriend(t);
    const { user } = watcher;
    const { id } = friend.user;
    await watch.status(id, "the friend's status before the user was deleted", (status) => !loggedOut(status));
    await t.admin.remove([user.id]);
    await t.admin.register([user.id]);
    const back = await (await user.login()).watch();
    await friend.logout();
    await silentAbout(t, back, id, 0, "of a user who was registered anew");
    await t.admin.setFriends(user.id, [id]);
    await back.status(id, "LOGGED_OUT of the friend, once he is a friend again", loggedOut);
  },
);

const switchedOff = friendCheck(
  {
    id: "friend-off/nothing-comes",
    title: "With the switch off a friend's change does not come, while that of a subscribed user does",
  },
  {},
  async (t) => {
    const { watcher, watch, friend } = await watcherAndFriend(t);
    const other = await t.session();
    await watcher.subscribe([other.user.id]);
    const mark = watch.mark();
    await friend.logout();
    await other.logout();
    await watch.status(other.user.id, "LOGGED_OUT of the subscribed user", loggedOut, mark);
    await silentAbout(t, watch, friend.user.id, 0, "while the switch is off");
  },
);

const offButSubscribed = friendCheck(
  { id: "friend-off/subscribed", title: "With the switch off a friend who is subscribed is seen like anyone else" },
  {},
  async (t) => {
    const { watcher, watch, friend } = await watcherAndFriend(t);
    rowIn(t, await watcher.subscribe([friend.user.id]), friend.user.id);
    const mark = watch.mark();
    await friend.logout();
    await watch.status(friend.user.id, "LOGGED_OUT of the friend", loggedOut, mark);
  },
);

const toldAnew = friendCheck(
  {
    id: "sub-target-gone/friend-registered-anew",
    title: "A friend is deleted and registered anew by the backend: his status is told again, before he logs in",
    claims: ["friends", "user_registry"],
  },
  on,
  async (t) => {
    const { watch, friend } = await watcherAndFriend(t);
    const { id } = friend.user;
    await t.admin.remove([id]);
    t.equal(newestBefore(watch, id, await watch.fence()), undefined, "status held of the friend who was deleted");
    await t.admin.register([id]);
    const told = newestBefore(watch, id, await watch.fence());
    t.equal(
      told?.onlineStatus,
      t.profile.status?.neverLoggedIn,
      "online status held of the friend who was registered anew, by the marker of a Sync after it",
    );
  },
);

export const friendsChecks: readonly Check[] = [
  changes,
  everySession,
  withoutPlan,
  befriendedLater,
  oneWay,
  noneOfBefore,
  switchedOff,
  offButSubscribed,
  toldAnew,
];
