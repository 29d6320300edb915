// SPEC §12: the fence. What was answered before Sync was called comes before its marker.
import { OnlineStatus } from "@userstatus/protocol";
import type { Bench, Check, TestWatch } from "../check.ts";
import { friendCheck, on, watcherAndFriend } from "./lib/b-friends.ts";
import {
  flip,
  logInTimes,
  roomFor,
  rowsWithinLimits,
  sessionOf,
  setEnding,
  subscribeAll,
  targets,
  textsEnd,
  textTtl,
} from "./lib/c-actors.ts";
import { backlog, readOn, showsLast } from "./lib/c-backlog.ts";
import { fold, newestBefore } from "./lib/c-state.ts";
import { rounds } from "./lib/c-wall.ts";

const fence: Check[] = [
  {
    id: "sync-fence/many-publishers",
    title: "changes of many users over many connections, all at once: each that was answered stands before the marker",
    async run(t: Bench) {
      const crowd = await targets(t, rowsWithinLimits(t.profile, 20));
      const { session, watch } = await t.watcher();
      await subscribeAll(
        t,
        session,
        crowd.map((target) => target.id),
      );
      for (const round of rounds(12)) {
        const shown = await Promise.all(crowd.map((target) => flip(target, `${round}`)));
        const marker = await watch.fence();
        const held = fold(undefined, watch.seen.slice(0, marker));
        const got = crowd.map((target) => held.statuses.get(target.id)?.onlineStatus);
        t.equal(got, shown, `online statuses that came before the marker of round ${round}`);
      }
    },
  },
  {
    id: "sync-fence/each-change",
    title: "one change, then Sync, up to thirty times over: the change stands before the marker each time",
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const { session, watch } = await t.watcher();
      await session.subscribe([target.id]);
      for (const round of rounds(30)) {
        const shown = await flip(target);
        const marker = await watch.fence();
        t.equal(
          newestBefore(watch, target.id, marker)?.onlineStatus,
          shown,
          `online status before the marker of round ${round}`,
        );
      }
    },
  },
  {
    id: "sync-fence/not-read",
    title: "a Sync while nobody reads the stream: what was answered before stands before its marker, once it is read",
    async run(t: Bench) {
      const { session, watch } = await t.watcher({ relay: true });
      const pile = await backlog(t, session);
      await watch.fence();
      watch.link.stall();
      const pressed = await pile.press(9);
      const fence = watch.fence();
      fence.catch(() => undefined);
      // Calls of the same session, so that the Sync has reached the server before the stream is read again.
      for (let calls = 0; calls < 3; calls += 1) await session.heartbeat();
      watch.link.unstall();
      showsLast(t, await readOn(t, watch, fence), pressed, "the Watch that was not read");
    },
  },
  {
    id: "sync-fence/what-fell-due",
    title: "a text that has just ended by itself is told before the marker, though nobody asked for its user",
    applies: textsEnd,
    timeMs: (profile) => textTtl(profile, 2_000)?.ttlMs ?? 0,
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const { session, watch } = await t.watcher();
      await session.subscribe([target.id]);
      const endMs = await setEnding(t, sessionOf(target), "due", 2_000);
      const before = newestBefore(watch, target.id, await watch.fence());
      t.equal(before?.customStatus?.text, "due", "text before the first marker");
      await t.time.reach(endMs, [session, sessionOf(target)]);
      const after = newestBefore(watch, target.id, await watch.fence());
      t.equal(
        [after?.onlineStatus, after?.customStatus?.text],
        [OnlineStatus.ONLINE, undefined],
        "status before the second marker",
      );
    },
  },
  {
    id: "sync-fence/rows",
    title: "rows made and ended stand before the marker, and so does one's own status",
    async run(t: Bench) {
      const [one, two] = await targets(t, 2);
      const { session, watch } = await t.watcher();
      await session.subscribe([one.id, two.id]);
      await session.set("fenced");
      const made = fold(undefined, watch.seen.slice(0, await watch.fence()));
      t.equal([...made.rows.keys()].sort(), [one.id, two.id].sort(), "rows before the first marker");
      t.equal(
        [...made.statuses.keys()].sort(),
        [one.id, two.id].sort(),
        "users whose status came before the first marker",
      );
      t.equal(made.self?.status?.customStatus?.text, "fenced", "own text before the first marker");
      await session.unsubscribe([one.id]);
      const left = fold(undefined, watch.seen.slice(0, await watch.fence()));
      t.equal([...left.rows.keys()], [two.id], "rows before the second marker");
    },
  },
  {
    id: "sync-fence/other-session",
    title: "what another session of the user did to his rows stands before the marker",
    claims: ["multi_session"],
    applies: roomFor(2),
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const [first, second] = await logInTimes(t, await t.user(), 2);
      const watch = await first.watch();
      await second.subscribe([target.id]);
      const made = fold(undefined, watch.seen.slice(0, await watch.fence()));
      t.equal([...made.rows.keys()], [target.id], "rows before the first marker");
      t.equal(made.statuses.get(target.id)?.onlineStatus, OnlineStatus.ONLINE, "status before the first marker");
      await second.unsubscribe([target.id]);
      t.equal(
        fold(undefined, watch.seen.slice(0, await watch.fence())).rows.size,
        0,
        "number of rows before the second marker",
      );
    },
  },
  {
    id: "sync-fence/while-opening",
    title: "a Sync as soon as hello has come: what was answered before stands before the marker, snapshot or not",
    async run(t: Bench) {
      const crowd = await targets(t, 3);
      const session = await t.session();
      await session.subscribe(crowd.map((target) => target.id));
      for (const round of rounds(8)) {
        const watch = session.openWatch();
        await watch.find("hello", (event) => (event.case === "hello" ? true : undefined));
        const target = t.random.pick(crowd);
        const shown = await flip(target);
        const marker = await watch.fence();
        t.equal(
          newestBefore(watch, target.id, marker)?.onlineStatus,
          shown,
          `online status before the marker of round ${round}`,
        );
      }
    },
  },
];

/** Whether a status of the target is held by what came before a marker that is asked for now. */
async function heldAtOnce(t: Bench, watch: TestWatch, id: string, expected: boolean, when: string): Promise<void> {
  const held = fold(undefined, watch.seen.slice(0, await watch.fence()));
  t.equal(held.statuses.has(id), expected, `a status is held by what came before the marker after ${when}`);
}

const byTheBackend: Check[] = [
  friendCheck(
    {
      id: "sync-fence/friend-switch",
      title: "the switch for friends is turned on and off, a Sync after each: what it brings stands before the marker",
      claims: ["friends"],
    },
    {},
    async (t) => {
      const { watch, friend } = await watcherAndFriend(t);
      for (const round of rounds(6)) {
        const isOn = round % 2 === 0;
        await t.admin.features({ friendNotifications: isOn });
        await heldAtOnce(t, watch, friend.user.id, isOn, `the switch was turned ${isOn ? "on" : "off"}`);
      }
    },
  ),
  friendCheck(
    {
      id: "sync-fence/friend-list",
      title: "a friend is removed and added, a Sync after each: what it brings stands before the marker",
      claims: ["friends"],
    },
    on,
    async (t) => {
      const { watcher, watch, friend } = await watcherAndFriend(t);
      const { id } = friend.user;
      for (const round of rounds(6)) {
        const isFriend = round % 2 === 1;
        await t.admin.setFriends(watcher.user.id, isFriend ? [id] : []);
        await heldAtOnce(t, watch, id, isFriend, `the friend was ${isFriend ? "added" : "removed"}`);
      }
    },
  ),
  friendCheck(
    {
      id: "sync-fence/friend-deleted",
      title: "a friend is deleted, then Sync: his end stands before the marker",
      claims: ["friends", "user_registry"],
    },
    on,
    async (t) => {
      const { watch, friend } = await watcherAndFriend(t);
      const { id } = friend.user;
      await heldAtOnce(t, watch, id, true, "the snapshot");
      await t.admin.remove([id]);
      await heldAtOnce(t, watch, id, false, "the friend was deleted");
    },
  ),
  {
    id: "sync-fence/target-deleted",
    title: "targets are deleted one after the other, a Sync after each: the end of the row stands before the marker",
    claims: ["user_registry"],
    tools: ["admin"],
    async run(t: Bench) {
      const ids = (await targets(t, 3)).map((target) => target.id).sort();
      const { session, watch } = await t.watcher();
      await session.subscribe(ids);
      while (ids.length > 0) {
        await t.admin.remove(ids.splice(0, 1));
        const held = fold(undefined, watch.seen.slice(0, await watch.fence()));
        t.equal([...held.rows.keys()].sort(), ids, "rows before the marker after a target was deleted");
        t.equal([...held.statuses.keys()].sort(), ids, "users whose status is held before that marker");
      }
    },
  },
];

/** Checks of the fence. */
export const syncFenceChecks: readonly Check[] = [...fence, ...byTheBackend];
