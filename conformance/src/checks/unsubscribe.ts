// Checks of SPEC §10.3: Unsubscribe with ids. All at once: unsubscribe-all.ts.
import { OnlineStatus, SubscriptionEndReason } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { twoSessions } from "./lib/b-sessions.ts";
import { all, batchOf, distinct, mixed, rowIn, rowLimits, targetsOf } from "./lib/b-values.ts";
import { awaitEnd, endsOf, silentAbout } from "./lib/b-watch.ts";
import { roomFor } from "./lib/c-actors.ts";

const unsubscribed = SubscriptionEndReason.UNSUBSCRIBED;

const told: Check = {
  id: "unsub-ends/told-and-silent",
  title: "Unsubscribes one of two targets: its end is told, its changes come no more, those of the other do",
  applies: batchOf(2),
  run: async (t: Bench) => {
    const { session: watcher, watch } = await t.watcher();
    const [ended, other] = [await t.session(), await t.session()];
    const id = ended.user.id;
    const { row } = rowIn(t, await watcher.subscribe([id, other.user.id]), id);
    await watch.fence();
    await watcher.unsubscribe([id]);
    t.equal(await targetsOf(watcher), [other.user.id], "targets of the rows after Unsubscribe");
    const { index } = await awaitEnd(
      t,
      watch,
      { id, generation: row.generation, reason: unsubscribed },
      "after Unsubscribe",
    );
    await ended.logout();
    await other.logout();
    await watch.status(
      other.user.id,
      "LOGGED_OUT of the other",
      (one) => one.onlineStatus === OnlineStatus.LOGGED_OUT,
      index,
    );
    await silentAbout(t, watch, id, index, "after Unsubscribe");
    t.equal(endsOf(watch, other.user.id).length, 0, "ends told of the other row");
  },
};

const toldEverywhere: Check = {
  id: "unsub-ends/every-session",
  title:
    "One session unsubscribes what the other subscribed: the end is told on both Watches, and both are silent then",
  claims: ["multi_session"],
  applies: roomFor(2),
  run: async (t: Bench) => {
    const [one, two] = await twoSessions(t);
    const watches = [await one.watch(), await two.watch()];
    const target = await t.session();
    const id = target.user.id;
    const { row } = rowIn(t, await one.subscribe([id]), id);
    for (const watch of watches) await watch.status(id, "the target's status on each Watch", () => true);
    await two.unsubscribe([id]);
    const ends: number[] = [];
    for (const watch of watches) {
      const found = await awaitEnd(
        t,
        watch,
        { id, generation: row.generation, reason: unsubscribed },
        "on each Watch, after Unsubscribe",
      );
      ends.push(found.index);
    }
    await target.logout();
    for (const [index, watch] of watches.entries())
      await silentAbout(t, watch, id, ends[index] ?? 0, "after Unsubscribe");
    t.equal(await targetsOf(one), [], "targets of the rows after Unsubscribe");
  },
};

const inOrder: Check = {
  id: "unsub-result/order",
  title:
    "Unsubscribes targets out of order, some twice, some without a row: each is named once, in the order of first occurrence",
  applies: all(
    batchOf(2),
    (profile) => rowLimits(profile).unsubscribeMax >= 6 || "Unsubscribe takes fewer than six ids",
  ),
  run: async (t: Bench) => {
    const watcher = await t.session();
    const asked = mixed((await t.users(4)).map((user) => user.id));
    const rows = distinct(asked).slice(1, 3);
    for (const one of await watcher.subscribe(rows))
      t.equal(one.result.case, "subscribed", "kind of the result of Subscribe");
    const answer = await watcher.unsubscribe(asked);
    t.equal(answer.endedUserIds, distinct(asked), "ended_user_ids");
    t.equal(answer.failures.length, 0, "failures");
    t.equal(await targetsOf(watcher), [], "targets of the rows after Unsubscribe");
  },
};

const noRow: Check = {
  id: "unsub-result/no-row",
  title: "Unsubscribes a target that has no row: success, and he is named; other rows stay",
  run: async (t: Bench) => {
    const watcher = await t.session();
    const [subscribed, other] = [await t.user(), await t.user()];
    rowIn(t, await watcher.subscribe([subscribed.id]), subscribed.id);
    const answer = await watcher.unsubscribe([other.id]);
    t.equal(answer.endedUserIds, [other.id], "ended_user_ids");
    t.equal(answer.failures.length, 0, "failures");
    t.equal(await targetsOf(watcher), [subscribed.id], "targets of the rows");
  },
};

const oneself: Check = {
  id: "unsub-result/oneself",
  title: "Unsubscribes oneself: named like any other, without a failure",
  run: async (t: Bench) => {
    const watcher = await t.session();
    const { id } = await t.user();
    rowIn(t, await watcher.subscribe([id]), id);
    const answer = await watcher.unsubscribe([watcher.user.id]);
    t.equal(answer.endedUserIds, [watcher.user.id], "ended_user_ids");
    t.equal(answer.failures.length, 0, "failures");
    t.equal(await targetsOf(watcher), [id], "targets of the rows");
  },
};

const unknownAmongKnown: Check = {
  id: "unsub-unknown/among-known",
  title:
    "Unsubscribes a user who is not registered between two who are: he is in failures, the others are unsubscribed",
  applies: all(
    batchOf(2),
    (profile) => rowLimits(profile).unsubscribeMax >= 3 || "Unsubscribe takes fewer than three ids",
  ),
  run: async (t: Bench) => {
    const watcher = await t.session();
    const [one, two] = [await t.user(), await t.user()];
    for (const result of await watcher.subscribe([one.id, two.id]))
      t.equal(result.result.case, "subscribed", "kind of the result of Subscribe");
    const unknown = t.unregisteredId();
    const answer = await watcher.unsubscribe([one.id, unknown, two.id]);
    t.equal(answer.endedUserIds, [one.id, two.id], "ended_user_ids");
    t.equal(
      answer.failures.map((failure) => [failure.userId, failure.error?.reason]),
      [[unknown, "USER_NOT_FOUND"]],
      "failures: users and reasons",
    );
    t.equal(await targetsOf(watcher), [], "targets of the rows after Unsubscribe");
  },
};

const atLimit: Check = {
  id: "unsub-batch/limit",
  title: "Unsubscribes unsubscribe_batch_max ids, the last of them with a row: accepted",
  run: async (t: Bench) => {
    const watcher = await t.session();
    const { id } = await t.user();
    rowIn(t, await watcher.subscribe([id]), id);
    const ids = [...unregistered(t, rowLimits(t.profile).unsubscribeMax - 1), id];
    const answer = await watcher.unsubscribe(ids);
    t.ok(answer.endedUserIds.includes(id), "ended_user_ids names the target that had a row", answer.endedUserIds);
    t.equal(await targetsOf(watcher), [], "targets of the rows after Unsubscribe");
  },
};

const overLimit: Check = {
  id: "unsub-batch/limit-plus-one",
  title:
    "Unsubscribes one id more than unsubscribe_batch_max, also where they are all the same: refused; one fewer is accepted",
  timeMs: (profile) => paceMs(profile, { Unsubscribe: 3 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const watcher = await t.session();
    const { id } = await t.user();
    rowIn(t, await watcher.subscribe([id]), id);
    const most = rowLimits(t.profile).unsubscribeMax;
    const different = [id, ...unregistered(t, most)];
    const same = Array.from({ length: most + 1 }, () => id);
    for (const ids of [different, same]) {
      await pace.room(watcher, "Unsubscribe");
      await t.refused(watcher.raw.unsubscribe(ids), "BATCH_TOO_LARGE", `Unsubscribe of ${ids.length} ids`);
    }
    await pace.room(watcher, "Unsubscribe");
    await watcher.unsubscribe(different.slice(0, -1));
    t.equal(await targetsOf(watcher), [], "targets of the rows after Unsubscribe of a list at the limit");
  },
};

function unregistered(t: Bench, count: number): string[] {
  return Array.from({ length: count }, () => t.unregisteredId());
}

export const unsubscribeChecks: readonly Check[] = [
  told,
  toldEverywhere,
  inOrder,
  noRow,
  oneself,
  unknownAmongKnown,
  atLimit,
  overLimit,
];
