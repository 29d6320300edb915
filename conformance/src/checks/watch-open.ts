// SPEC §11.1, first half: hello, the snapshot and its end, and what a Watch tells of the time in which nobody watched.

import { equals } from "@bufbuild/protobuf";
import { OnlineStatus, ResumeResult, SubscriptionSchema } from "@userstatus/protocol";
import type { Bench, Check, TestWatch } from "../check.ts";
import { flip, people, rowsWithinLimits, sessionOf, subscribeAll, targets } from "./lib/c-actors.ts";
import { content, eventsOf, fold, foldToFence, holdsAll, newestBefore, plain, resumeResultOf } from "./lib/c-state.ts";
import { rounds } from "./lib/c-wall.ts";

/** The place of the only `snapshot_end`. Its cursor is lawful, and no `progress` stands before it. */
function snapshotEnd(t: Bench, watch: TestWatch): number {
  const ends = eventsOf(watch, "snapshotEnd");
  t.equal(ends.length, 1, "number of snapshot_end events on a Watch");
  const [end] = ends;
  const bytes = end?.value.cursor.length ?? 0;
  t.ok(end !== undefined && bytes >= 1 && bytes <= 512, "snapshot_end must have a cursor of 1 to 512 bytes", bytes);
  const early = eventsOf(watch, "progress").filter((event) => event.index < end.index);
  t.equal(early.length, 0, "number of progress events before snapshot_end");
  return end.index;
}

function helloFirstAndOnce(t: Bench, watch: TestWatch, what: string): void {
  t.equal(
    eventsOf(watch, "hello").map((hello) => hello.index),
    [0],
    `places of hello among the events of ${what}`,
  );
}

const hello: Check[] = [
  {
    id: "watch-hello/first-and-once",
    title: "hello is the first event, and no second one comes with later events",
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const { session, watch } = await t.watcher();
      await session.subscribe([target.id]);
      await flip(target);
      const marker = await watch.fence();
      t.equal(
        newestBefore(watch, target.id, marker)?.onlineStatus,
        OnlineStatus.LOGGED_OUT,
        "online status told before the marker",
      );
      helloFirstAndOnce(t, watch, "a new Watch");
    },
  },
  {
    id: "watch-hello/with-a-cursor",
    title: "hello is the first event of a Watch that goes on from a cursor, too, and comes once",
    async run(t: Bench) {
      const { session, watch } = await t.watcher();
      const second = await session.watch({ cursor: watch.cursor });
      await second.fence();
      helloFirstAndOnce(t, second, "a Watch with a cursor");
    },
  },
];

const snapshot: Check[] = [
  {
    id: "watch-snapshot/self",
    title: "a user without rows gets his own status between hello and snapshot_end",
    async run(t: Bench) {
      const session = await t.session();
      const set = await session.set("mine");
      const watch = await session.watch();
      t.equal(resumeResultOf(watch), ResumeResult.RESET, "resume_result of a Watch without a cursor");
      const held = fold(undefined, watch.seen.slice(0, snapshotEnd(t, watch)));
      t.equal(held.self?.status?.userId, session.user.id, "user of the self status in the snapshot");
      t.equal(held.self?.status?.customStatus?.text, "mine", "own text in the snapshot");
      const told = held.self?.status?.revision ?? -1n;
      t.ok(
        told >= (set.self?.status?.revision ?? 0n),
        "self must be at least as new as the answer to SetCustomStatus",
        told,
      );
      t.equal(
        held.self?.sessions.map((one) => one.sessionId),
        [session.id],
        "sessions in the snapshot",
      );
      await holdsAll(t, held, session, "snapshot without rows");
    },
  },
  {
    id: "watch-snapshot/rows",
    title: "each row stands as subscribed, with its target's status after it, as Subscribe answered them",
    async run(t: Bench) {
      const [online, gone, idle] = await people(t, 3);
      await (await online.login()).set("here");
      await (await gone.login()).logout();
      const session = await t.session();
      const answered = await session.subscribe([online.id, gone.id, idle.id]);
      const watch = await session.watch();
      const end = snapshotEnd(t, watch);
      for (const one of answered) {
        t.ok(one.result.case === "subscribed", `Subscribe must answer with a row to ${one.userId}`, one.result);
        const { subscription, status } = one.result.value;
        t.ok(
          subscription !== undefined && status !== undefined,
          "Subscribe must answer with row and status",
          one.result.value,
        );
        const row = eventsOf(watch, "subscribed").find((event) => event.value.userId === one.userId);
        t.ok(row !== undefined && row.index < end, `subscribed of ${one.userId} must come before snapshot_end`, row);
        t.ok(
          equals(SubscriptionSchema, row.value, subscription),
          `the row to ${one.userId} must be as Subscribe answered it`,
          row.value,
        );
        const told = eventsOf(watch, "status").filter(
          (event) => event.value.userId === one.userId && event.index < end,
        );
        t.ok(
          told.some((event) => event.index > row.index),
          `a status of ${one.userId} must come between its subscribed and snapshot_end`,
        );
        t.equal(plain(told.at(-1)?.value), plain(status), `status of ${one.userId} in the snapshot`);
      }
    },
  },
  {
    id: "watch-snapshot/as-new-as-answered",
    title: "a Watch called right after a change was answered has that change in its snapshot, up to ten times over",
    async run(t: Bench) {
      const crowd = await targets(t, 3);
      const session = await t.session();
      await session.subscribe(crowd.map((target) => target.id));
      for (const round of rounds(10)) {
        const target = t.random.pick(crowd);
        const online = await flip(target);
        const watch = await session.watch();
        const told = newestBefore(watch, target.id, snapshotEnd(t, watch));
        t.equal(told?.onlineStatus, online, `online status in the snapshot of round ${round}`);
      }
    },
  },
  {
    id: "watch-snapshot/change-while-opening",
    title:
      "a target changes while a Watch opens: once quiet, what is held is what the server holds, up to thirty times over",
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const session = await t.session();
      await session.subscribe([target.id]);
      for (const round of rounds(30)) {
        const opening = round % 2 === 0 ? session.watch() : undefined;
        const flips = (async (): Promise<OnlineStatus> => {
          for (let more = t.random.int(3); more > 0; more -= 1) await flip(target);
          return flip(target);
        })();
        const [online, watch] = await Promise.all([flips, opening ?? session.watch()]);
        const marker = await watch.fence();
        t.equal(newestBefore(watch, target.id, marker)?.onlineStatus, online, `online status held in round ${round}`);
      }
      await holdsAll(t, await foldToFence(await session.watch()), session, "a Watch after the last round");
    },
  },
  {
    id: "watch-snapshot/many-rows",
    title: "some hundred rows all stand in the snapshot with their statuses",
    async run(t: Bench) {
      const users = await t.users(rowsWithinLimits(t.profile, 300));
      for (const user of users.slice(0, 5)) await user.login();
      const session = await t.session();
      await subscribeAll(
        t,
        session,
        users.map((user) => user.id),
      );
      const watch = await session.watch();
      const held = fold(undefined, watch.seen.slice(0, snapshotEnd(t, watch)));
      t.equal(held.rows.size, users.length, "number of rows in the snapshot");
      await holdsAll(t, held, session, "snapshot of many rows");
    },
  },
  {
    id: "watch-snapshot/friends",
    title: "the status of each visible friend stands in the snapshot, without a row",
    claims: ["friends"],
    tools: ["admin"],
    wholeApp: true,
    async run(t: Bench) {
      const [user, online, idle] = await people(t, 3);
      await t.admin.setFriends(user.id, [online.id, idle.id]);
      await t.admin.features({ friendNotifications: true });
      await online.login();
      const session = await user.login();
      const watch = await session.watch();
      const held = fold(undefined, watch.seen.slice(0, snapshotEnd(t, watch)));
      t.equal([...held.statuses.keys()].sort(), [online.id, idle.id].sort(), "users whose status is in the snapshot");
      t.equal(
        held.statuses.get(online.id)?.onlineStatus,
        OnlineStatus.ONLINE,
        "online status of the friend who is logged in",
      );
      t.equal(held.rows.size, 0, "number of rows in the snapshot");
    },
  },
  {
    id: "watch-snapshot/many-friends",
    title: "more than a thousand friends all stand in the snapshot with their statuses",
    claims: ["friends"],
    tools: ["admin"],
    wholeApp: true,
    async run(t: Bench) {
      const user = await t.user();
      const friends = (await t.users(1_001)).map((friend) => friend.id);
      await t.admin.setFriends(user.id, friends);
      await t.admin.features({ friendNotifications: true });
      const watch = await (await user.login()).watch();
      const held = fold(undefined, watch.seen.slice(0, snapshotEnd(t, watch)));
      t.equal([...held.statuses.keys()].sort(), friends.sort(), "users whose status is in the snapshot");
    },
  },
];

const endAndCatchUp: Check[] = [
  {
    id: "watch-snapshot-end/one-with-cursor",
    title: "one snapshot_end comes, with a cursor of 1 to 512 bytes, with and without a cursor given",
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const { session, watch } = await t.watcher();
      await session.subscribe([target.id]);
      await flip(target);
      await watch.fence();
      snapshotEnd(t, watch);
      const again = await session.watch({ cursor: watch.cursor });
      await flip(target);
      await again.fence();
      snapshotEnd(t, again);
    },
  },
  {
    id: "watch-catch-up/after-relogin",
    title: "changes between logout and login are told by the next Watch, each target's last one",
    async run(t: Bench) {
      const crowd = await targets(t, 4);
      const ids = crowd.map((target) => target.id);
      const [texted, left, restless] = crowd;
      const { session, watch, user } = await t.watcher();
      await session.subscribe(ids);
      await watch.fence();
      await session.logout();
      await sessionOf(texted).set("news");
      await flip(left);
      for (let flips = 0; flips < 4; flips += 1) await flip(restless, `${flips}`);
      const back = await user.login();
      const again = await back.watch();
      const held = fold(undefined, again.seen.slice(0, snapshotEnd(t, again)));
      const got = ids
        .map((id) => held.statuses.get(id))
        .map((status) => (status === undefined ? undefined : content(status)));
      t.equal(got[0]?.text, "news", "text of the target that set one");
      t.equal(got[1]?.online, OnlineStatus.LOGGED_OUT, "online status of the target that logged out");
      t.equal(
        [got[2]?.online, got[2]?.text],
        [OnlineStatus.ONLINE, "3"],
        "the last change of the target that changed often",
      );
      t.equal(got[3]?.online, OnlineStatus.ONLINE, "online status of the target that did nothing");
      await holdsAll(t, held, back, "snapshot after the new login");
    },
  },
];

/** Checks of hello, snapshot, snapshot_end and catch-up. */
export const watchOpenChecks: readonly Check[] = [...hello, ...snapshot, ...endAndCatchUp];
