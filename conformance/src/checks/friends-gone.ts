// Checks of SPEC §14 and §10.2, who is on a friend list and no friend: who was deleted, before the Watch or a second time, and the user himself.
import { OnlineStatus, SubscriptionEndReason } from "@userstatus/protocol";
import type { Check } from "../check.ts";
import { friendCheck, loggedOut, on, watcherAndFriend } from "./lib/b-friends.ts";
import { sampleText, textOf } from "./lib/b-values.ts";
import { awaitEnd, endsOf, silentAbout } from "./lib/b-watch.ts";

const again = friendCheck(
  {
    id: "sub-target-gone/friend-deleted-again",
    title: "A friend is deleted, registered anew and deleted again: each time TARGET_GONE with generation 0 is told",
    claims: ["friends", "user_registry"],
  },
  on,
  async (t) => {
    const { watch, friend } = await watcherAndFriend(t);
    const { id } = friend.user;
    const expected = { id, generation: 0n, reason: SubscriptionEndReason.TARGET_GONE };
    let mark = watch.mark();
    for (const which of ["first", "second", "third"]) {
      await t.admin.remove([id]);
      mark = (await awaitEnd(t, watch, expected, `after the ${which} deletion of the friend`, mark)).index + 1;
      await t.admin.register([id]);
      await watch.status(
        id,
        `the status of the friend after his ${which} deletion and new registration`,
        () => true,
        mark,
      );
    }
    await friend.user.login();
    const isOnline = OnlineStatus.ONLINE;
    await watch.status(id, "ONLINE of the friend at last", ({ onlineStatus }) => onlineStatus === isOnline, mark);
  },
);

const beforeTheWatch = friendCheck(
  {
    id: "friend-switch/deleted-before-the-watch",
    title: "A snapshot has the status of a friend who is registered, and tells nothing of one who was deleted before",
    claims: ["user_registry"],
  },
  on,
  async (t) => {
    const [gone, other] = [await t.session({ text: sampleText(t) }), await t.session()];
    const user = await t.user();
    await t.admin.setFriends(user.id, [gone.user.id, other.user.id]);
    await t.admin.remove([gone.user.id]);
    const watch = await (await user.login()).watch();
    await watch.status(other.user.id, "the status of the friend who is registered", (status) => !loggedOut(status));
    await silentAbout(t, watch, gone.user.id, 0, "who was deleted before the Watch was opened");
    t.equal(endsOf(watch, gone.user.id).length, 0, "ends told of the friend who was deleted before");
  },
);

const oneself = friendCheck(
  {
    id: "watch-only-visible/oneself-as-friend",
    title: "SetFriends leaves out the user himself: no Watch carries his own status as that of a friend",
    claims: ["friends"],
  },
  on,
  async (t) => {
    const friend = await t.session();
    const { session, watch, user } = await t.watcher();
    const friendUserIds = [user.id, friend.user.id];
    const answer = await t.admin.client.setFriends({ userId: user.id, friendUserIds });
    t.equal(answer.friendUserIds, [friend.user.id], "friend list of a user who was put on it himself, with a friend");
    const text = sampleText(t);
    await session.set(text);
    await watch.self("the user's own text", ({ status }) => textOf(status) === text);
    await watch.status(friend.user.id, "the status of the friend", () => true);
    await silentAbout(t, watch, user.id, 0, "which is the user's own");
    await silentAbout(t, await session.watch(), user.id, 0, "which is the user's own, and opened later");
  },
);

export const friendsGoneChecks: readonly Check[] = [again, beforeTheWatch, oneself];
