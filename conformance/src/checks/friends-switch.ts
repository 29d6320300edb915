// Checks of SPEC §14, `friend-switch`: what open Watches are told when the switch is turned, and when a friend is removed.
import { OnlineStatus, ResumeResult, SubscriptionEndReason, type UserStatus } from "@userstatus/protocol";
import type { Bench, Check, TestSession, TestWatch } from "../check.ts";
import { type Switches, withFeatures } from "./lib/b-features.ts";
import { twoSessions } from "./lib/b-sessions.ts";
import { rowIn, targetsOf, textOf } from "./lib/b-values.ts";
import { awaitEnd, endsOf, silentAbout } from "./lib/b-watch.ts";
import { roomFor } from "./lib/c-actors.ts";
import { sameDevice } from "./lib/c-away.ts";
import { resumeResultOf } from "./lib/c-state.ts";

const unfriended = SubscriptionEndReason.UNFRIENDED;

function isOnline(status: UserStatus): boolean {
  return status.onlineStatus === OnlineStatus.ONLINE;
}

function isLoggedOut(status: UserStatus): boolean {
  return status.onlineStatus === OnlineStatus.LOGGED_OUT;
}

function switchCheck(
  check: Pick<Check, "id" | "title" | "claims" | "applies">,
  start: Switches,
  run: (t: Bench) => Promise<void>,
): Check {
  return { ...check, tools: ["admin"], wholeApp: true, run: (t: Bench) => withFeatures(t, start, () => run(t)) };
}

/** A user with an open Watch, and two friends who are online. */
async function withTwoFriends(
  t: Bench,
): Promise<{ watcher: TestSession; watch: TestWatch; one: TestSession; two: TestSession }> {
  const [one, two] = [await t.session(), await t.session()];
  const user = await t.user();
  await t.admin.setFriends(user.id, [one.user.id, two.user.id]);
  const watcher = await user.login();
  return { watcher, watch: await watcher.watch(), one, two };
}

const turnedOn = switchCheck(
  {
    id: "friend-switch/on",
    title: "The switch is turned on: each open Watch gets the statuses of the friends, and their changes from then on",
    claims: ["multi_session"],
    applies: roomFor(2),
  },
  { friendNotifications: false },
  async (t) => {
    const [online, away] = [await t.session(), await t.session()];
    const user = await t.user();
    await t.admin.setFriends(user.id, [online.user.id, away.user.id]);
    await away.logout();
    const [first, second] = await twoSessions(t, user);
    const watches = [await first.watch(), await second.watch()];
    for (const watch of watches) await silentAbout(t, watch, online.user.id, 0, "before the switch was turned on");
    await t.admin.features({ friendNotifications: true });
    const marks: number[] = [];
    for (const watch of watches) {
      await watch.status(online.user.id, "ONLINE of a friend on each Watch, after the switch was turned on", isOnline);
      await watch.status(
        away.user.id,
        "LOGGED_OUT of a friend on each Watch, after the switch was turned on",
        isLoggedOut,
      );
      marks.push(watch.mark());
    }
    await online.logout();
    for (const [index, watch] of watches.entries())
      await watch.status(online.user.id, "LOGGED_OUT of that friend", isLoggedOut, marks[index]);
  },
);

const turnedOff = switchCheck(
  {
    id: "friend-switch/off",
    title:
      "The switch is turned off: each friend ends with generation 0 and UNFRIENDED, and nothing comes of them any more",
  },
  { friendNotifications: true },
  async (t) => {
    const { watcher, watch, one, two } = await withTwoFriends(t);
    await t.admin.features({ friendNotifications: false });
    const ends: [string, number][] = [];
    for (const { user } of [one, two]) {
      const expected = { id: user.id, generation: 0n, reason: unfriended, stillVisible: false };
      ends.push([user.id, (await awaitEnd(t, watch, expected, "after the switch was turned off")).index]);
    }
    await one.logout();
    await two.logout();
    for (const [id, index] of ends) await silentAbout(t, watch, id, index, "after the switch was turned off");
    const other = await t.session();
    await watcher.subscribe([other.user.id]);
    await watch.status(other.user.id, "the status of a user who is subscribed then", isOnline);
  },
);

const removed = switchCheck(
  {
    id: "friend-switch/removed",
    title: "One of two friends is removed: he ends with generation 0 and UNFRIENDED and is silent, the other goes on",
  },
  { friendNotifications: true },
  async (t) => {
    const { watcher, watch, one, two } = await withTwoFriends(t);
    await t.admin.setFriends(watcher.user.id, [two.user.id]);
    const expected = { id: one.user.id, generation: 0n, reason: unfriended, stillVisible: false };
    const { index } = await awaitEnd(t, watch, expected, "after the friend was removed");
    await one.logout();
    await two.logout();
    await watch.status(two.user.id, "LOGGED_OUT of the other friend", isLoggedOut, index);
    await silentAbout(t, watch, one.user.id, index, "after he was removed");
  },
);

const exchanged = switchCheck(
  {
    id: "friend-switch/exchanged",
    title: "One of two friends is exchanged for another: he ends with UNFRIENDED, and the other is told of",
  },
  { friendNotifications: true },
  async (t) => {
    const { watcher, watch, one, two } = await withTwoFriends(t);
    const other = await t.session();
    await t.admin.setFriends(watcher.user.id, [other.user.id, two.user.id]);
    const expected = { id: one.user.id, generation: 0n, reason: unfriended, stillVisible: false };
    await awaitEnd(t, watch, expected, "after the friend was exchanged");
    await watch.status(other.user.id, "ONLINE of the friend who took his place", isOnline);
  },
);

/** What ends the implicit row while an explicit one stands. */
function stillSubscribed(name: string, title: string, end: (t: Bench, watcher: TestSession) => Promise<void>): Check {
  return switchCheck({ id: `friend-switch/${name}`, title }, { friendNotifications: true }, async (t) => {
    const { watcher, watch, one } = await withTwoFriends(t);
    const id = one.user.id;
    rowIn(t, await watcher.subscribe([id]), id);
    await end(t, watcher);
    const { index } = await awaitEnd(
      t,
      watch,
      { id, generation: 0n, reason: unfriended, stillVisible: true },
      "of the implicit row",
    );
    t.equal(await targetsOf(watcher), [id], "targets of the rows");
    await one.logout();
    await watch.status(id, "LOGGED_OUT of the friend who is subscribed", isLoggedOut, index);
  });
}

const deleted = switchCheck(
  {
    id: "sub-target-gone/friend",
    title:
      "A friend is deleted: who sees him is told TARGET_GONE with generation 0, and nothing comes of him; the other goes on",
    claims: ["friends"],
  },
  { friendNotifications: true },
  async (t) => {
    const { watch, one, two } = await withTwoFriends(t);
    const id = one.user.id;
    await t.admin.remove([id]);
    const expected = { id, generation: 0n, reason: SubscriptionEndReason.TARGET_GONE };
    const { index } = await awaitEnd(t, watch, expected, "after the friend was deleted");
    await two.logout();
    await watch.status(two.user.id, "LOGGED_OUT of the other friend", isLoggedOut, index);
    await silentAbout(t, watch, id, index, "after he was deleted");
  },
);

const deletedWhileAway = switchCheck(
  {
    id: "resume-used/friend-deleted",
    title: "A friend is deleted while a client is away: its Watch is RESUMED, and tells his end",
    claims: ["friends", "user_registry"],
  },
  { friendNotifications: true },
  async (t) => {
    const { watcher, watch, one, two } = await withTwoFriends(t);
    await watch.fence();
    const { cursor } = watch;
    await watch.close();
    await t.admin.remove([one.user.id]);
    await two.set("still there");
    const back = await (await sameDevice(watcher)).watch({ cursor });
    t.equal(resumeResultOf(back), ResumeResult.RESUMED, "resume_result after a friend's deletion");
    const expected = { id: one.user.id, generation: 0n, reason: SubscriptionEndReason.TARGET_GONE };
    await awaitEnd(t, back, expected, "by the Watch that was resumed");
    await back.status(two.user.id, "the other friend's new text", (status) => textOf(status) === "still there");
  },
);

const registeredAnew = switchCheck(
  {
    id: "friend-on/registered-anew",
    title: "A friend is deleted and registered anew: friend lists keep his id, and his changes reach the Watch again",
    claims: ["user_registry"],
  },
  { friendNotifications: true },
  async (t) => {
    const { watch, one } = await withTwoFriends(t);
    const id = one.user.id;
    await t.admin.remove([id]);
    const mark = await watch.fence();
    await t.admin.register([id]);
    await one.user.login();
    await watch.status(id, "ONLINE of the friend who was registered anew", isOnline, mark);
  },
);

const onAgain = switchCheck(
  {
    id: "friend-switch/on-again",
    title: "The switch is turned off and on again: the friends are told anew, and a friend who was removed is not",
  },
  { friendNotifications: true },
  async (t) => {
    const { watcher, watch, one, two } = await withTwoFriends(t);
    await t.admin.features({ friendNotifications: false });
    await awaitEnd(
      t,
      watch,
      { id: one.user.id, generation: 0n, reason: unfriended },
      "after the switch was turned off",
    );
    await awaitEnd(
      t,
      watch,
      { id: two.user.id, generation: 0n, reason: unfriended },
      "after the switch was turned off",
    );
    await t.admin.setFriends(watcher.user.id, [two.user.id]);
    const mark = await watch.fence();
    await t.admin.features({ friendNotifications: true });
    await watch.status(two.user.id, "the friend's status after the switch was turned on again", isOnline, mark);
    await one.logout();
    await silentAbout(t, watch, one.user.id, mark, "after he was removed");
  },
);

const bothSwitches = switchCheck(
  {
    id: "friend-switch/both-switches",
    title:
      "One call turns the switch on and that for user status off, another does the reverse: the friends are told, and their ends",
    claims: ["feature_gates"],
  },
  { friendNotifications: false },
  async (t) => {
    const { watch, one, two } = await withTwoFriends(t);
    await t.admin.features({ userStatus: false, friendNotifications: true });
    for (const { user } of [one, two])
      await watch.status(user.id, "a friend's status after both switches were turned", isOnline);
    const mark = await watch.fence();
    await t.admin.features({ userStatus: true, friendNotifications: false });
    for (const { user } of [one, two]) {
      const expected = { id: user.id, generation: 0n, reason: unfriended, stillVisible: false };
      await awaitEnd(t, watch, expected, "after both switches were turned back", mark);
    }
  },
);

const nobodyThere = switchCheck(
  {
    id: "friend-switch/not-registered",
    title: "Of an id on the friend list that is not registered nothing is told when the switch is turned on and off",
    claims: ["user_registry"],
  },
  { friendNotifications: false },
  async (t) => {
    const { watch, one, two } = await withTwoFriends(t);
    await t.admin.remove([one.user.id]);
    const mark = await watch.fence();
    await t.admin.features({ friendNotifications: true });
    await watch.status(two.user.id, "the status of the friend who is registered", isOnline, mark);
    await t.admin.features({ friendNotifications: false });
    await awaitEnd(
      t,
      watch,
      { id: two.user.id, generation: 0n, reason: unfriended },
      "after the switch was turned off",
    );
    await silentAbout(t, watch, one.user.id, mark, "who is not registered");
    t.equal(endsOf(watch, one.user.id, mark).length, 0, "ends told of the friend who is not registered");
  },
);

export const friendsSwitchChecks: readonly Check[] = [
  turnedOn,
  turnedOff,
  removed,
  exchanged,
  stillSubscribed(
    "off-while-subscribed",
    "The switch is turned off while a row to a friend stands: still_visible is set, and he goes on",
    (t) => t.admin.features({ friendNotifications: false }),
  ),
  stillSubscribed(
    "removed-while-subscribed",
    "A friend who is subscribed too is removed: still_visible is set, and he goes on",
    (t, watcher) => t.admin.setFriends(watcher.user.id, []),
  ),
  deleted,
  deletedWhileAway,
  registeredAnew,
  onAgain,
  bothSwitches,
  nobodyThere,
];
