// SPEC §11.3, claim `resume`: what a Watch tells when an app's backend turned switches or changed friend lists while a client was away.
import { Gate, type Profile, ResumeResult } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { gated, gateSwitch, withFeatures } from "./lib/b-features.ts";
import { friendCheck, loggedOut, on, watcherAndFriend } from "./lib/b-friends.ts";
import { all, batchOf, rowLimits } from "./lib/b-values.ts";
import { endsOf } from "./lib/b-watch.ts";
import { ask, flip, people, targets } from "./lib/c-actors.ts";
import { comeBack, endsAs, goAway, sameDevice } from "./lib/c-away.ts";
import { foldToFence, type Held, plain, resumeResultOf } from "./lib/c-state.ts";

/** Just these users are held, each as others see him. */
async function sees(t: Bench, held: Held, ids: readonly string[], what: string): Promise<void> {
  t.equal([...held.statuses.keys()].sort(), [...ids].sort(), `${what}: users whose status is held`);
  for (const [id, status] of await ask(t, await t.session(), ids))
    t.equal(plain(held.statuses.get(id)), plain(status), `${what}: status held of ${id}, against QueryStatuses`);
}

const friendList = friendCheck(
  {
    id: "resume-covers/friend-list",
    title:
      "While a client is away a friend is added and two are removed: the new one is held, and of the removed the one with a row",
    claims: ["friends"],
  },
  on,
  async (t) => {
    const [stays, goes, subscribed, comes] = await targets(t, 4);
    const user = await t.user();
    await t.admin.setFriends(user.id, [stays.id, goes.id, subscribed.id]);
    const session = await user.login();
    await session.subscribe([subscribed.id]);
    const watch = await session.watch();
    const before = await foldToFence(watch);
    await sees(t, before, [stays.id, goes.id, subscribed.id], "before");
    await watch.close();
    await t.admin.setFriends(user.id, [stays.id, comes.id]);
    const back = await (await sameDevice(session)).watch({ cursor: watch.cursor });
    const held = await foldToFence(back, before);
    await sees(t, held, [stays.id, subscribed.id, comes.id], "after the list changed");
    t.equal([...held.rows.keys()], [subscribed.id], "targets of the rows held after the list changed");
  },
);

const friendSwitch = friendCheck(
  {
    id: "resume-covers/friend-switch",
    title:
      "The switch is turned on while a client is away, and off while it is away again: the friends are held, and then not",
    claims: ["friends"],
  },
  {},
  async (t) => {
    const friends = (await targets(t, 2)).map((target) => target.id);
    const user = await t.user();
    await t.admin.setFriends(user.id, friends);
    const session = await user.login();
    const off = await session.watch();
    const unseen = await foldToFence(off);
    await sees(t, unseen, [], "before the switch was turned on");
    await off.close();
    await t.admin.features({ friendNotifications: true });
    const turnedOn = await (await sameDevice(session)).watch({ cursor: off.cursor });
    const seen = await foldToFence(turnedOn, unseen);
    await sees(t, seen, friends, "after the switch was turned on");
    await turnedOn.close();
    await t.admin.features({ friendNotifications: false });
    const offAgain = await (await sameDevice(session)).watch({ cursor: turnedOn.cursor });
    await sees(t, await foldToFence(offAgain, seen), [], "after the switch was turned off");
  },
);

const switchesSetAgain: Check = {
  id: "resume-used/switches-set-again",
  title: "Plan and switches are set to what they are while a client is away: its Watch is RESUMED",
  tools: ["admin"],
  wholeApp: true,
  run: (t: Bench) =>
    withFeatures(t, {}, async () => {
      const [target] = await targets(t, 1);
      const client = await goAway(t, [target.id]);
      await t.admin.features({ plan: true });
      await t.admin.features({ plan: true, userStatus: true, friendNotifications: false });
      await flip(target);
      const { watch } = await comeBack(t, client, "after nothing was switched");
      t.equal(resumeResultOf(watch), ResumeResult.RESUMED, "resume_result after nothing was switched");
    }),
};

const listSetAgain = friendCheck(
  {
    id: "resume-used/friend-list-set-again",
    title:
      "The friend list is set to what it is, as it was and in another order, and that of another user changed: the Watch is RESUMED",
    claims: ["friends"],
  },
  on,
  async (t) => {
    const friends = await targets(t, 2);
    const [user, other] = await people(t, 2);
    const list = friends.map(({ id }) => id);
    await t.admin.setFriends(user.id, list);
    const session = await user.login();
    let watch = await session.watch();
    let held = await foldToFence(watch);
    for (const [as, again] of Object.entries({ before: list, "before, in another order": list.toReversed() })) {
      await watch.close();
      await t.admin.setFriends(user.id, again);
      await t.admin.setFriends(other.id, [friends[0].id, user.id]);
      await flip(friends[0]);
      const { cursor } = watch;
      watch = await (await sameDevice(session)).watch({ cursor });
      const what = `after the friend list was set to what it was ${as}`;
      t.equal(resumeResultOf(watch), ResumeResult.RESUMED, `resume_result ${what}`);
      held = await foldToFence(watch, held);
      await sees(t, held, list, what);
    }
  },
);

const stillVisible = friendCheck(
  {
    id: "friend-still-visible/resumed",
    title:
      "The rows to a friend and another end while a client is away: the friend is held, and still_visible, where it is told, says so",
    claims: ["resume"],
    applies: all(batchOf(2), (profile) => rowLimits(profile).unsubscribeMax >= 2 || "Unsubscribe takes one id only"),
  },
  on,
  async (t) => {
    const { watcher, friend } = await watcherAndFriend(t);
    const other = await t.session();
    const ids = [friend.user.id, other.user.id];
    await watcher.subscribe(ids);
    const watch = await watcher.watch();
    const before = await foldToFence(watch);
    await watch.close();
    const session = await sameDevice(watcher);
    await session.unsubscribe(ids);
    const back = await session.watch({ cursor: watch.cursor });
    const held = await foldToFence(back, before);
    for (const id of ids) {
      for (const ended of endsOf(back, id))
        t.equal(ended.stillVisible, id === friend.user.id, `still_visible of the end of the row to ${id}`);
    }
    await sees(t, held, [friend.user.id], "after the rows ended");
    const mark = back.mark();
    await friend.logout();
    await back.status(friend.user.id, "LOGGED_OUT of the friend after his row ended", loggedOut, mark);
  },
);

/** Gates that end rows when they close. */
function rowGates(profile: Profile): Gate[] {
  return [Gate.PLAN, Gate.USER_STATUS].filter((gate) => gated(profile, gate).includes("Subscribe"));
}

const gateClosed: Check = {
  id: "resume-ended/gate-closed",
  title:
    "A gate closes and opens again while a client is away: that his rows are gone is told, by their ends or by a snapshot",
  claims: ["feature_gates"],
  tools: ["admin"],
  wholeApp: true,
  applies: (profile) => rowGates(profile).length > 0 || "no gate gates Subscribe",
  run: (t: Bench) =>
    withFeatures(t, {}, async () => {
      const [target] = await targets(t, 1);
      for (const gate of rowGates(t.profile)) {
        const client = await goAway(t, [target.id]);
        await t.admin.features(gateSwitch(gate, false));
        await t.admin.features(gateSwitch(gate, true));
        const { watch, held } = await comeBack(t, client, "after a gate closed");
        t.equal(held.rows.size, 0, "number of rows held after a gate closed");
        endsAs(t, watch, client.held, target.id, "FEATURE_DISABLED");
      }
    }),
};

/** Checks of going on from a cursor after an app's backend changed something. */
export const resumeBackendChecks: readonly Check[] = [
  friendList,
  friendSwitch,
  switchesSetAgain,
  listSetAgain,
  stillVisible,
  gateClosed,
];
