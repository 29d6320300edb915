// Checks of SPEC §10.1, what Subscribe does: its answer, and what the Watches of the user are told.
import { OnlineStatus, type Profile, SubscriptionEndReason } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { twoSessions } from "./lib/b-sessions.ts";
import { batchOf, distinct, mixed, rowIn, rowLimits, sampleText, statusIn, textOf, timeOf } from "./lib/b-values.ts";
import { awaitEnd, awaitRow, toldOf } from "./lib/b-watch.ts";
import { roomFor } from "./lib/c-actors.ts";
import { plain } from "./lib/c-state.ts";

const inOrder: Check = {
  id: "sub-result/order",
  title:
    "Subscribes to users out of order, some of them twice: each is answered once, in the order of first occurrence, with a row",
  applies: batchOf(6),
  run: async (t: Bench) => {
    const watcher = await t.session();
    const asked = mixed((await t.users(4)).map((user) => user.id));
    const results = await watcher.subscribe(asked);
    t.equal(
      results.map((one) => one.userId),
      distinct(asked),
      "users of the answer, in order",
    );
    for (const id of distinct(asked)) rowIn(t, results, id);
  },
};

const withStatus: Check = {
  id: "sub-result/current-status",
  title:
    "Subscribes to a user who is online, one with a text and one who logged out: the answer has the status that a query gives",
  applies: batchOf(3),
  run: async (t: Bench) => {
    const watcher = await t.session();
    const [online, texted, away] = [await t.session(), await t.session(), await t.session()];
    const text = sampleText(t);
    await texted.set(text);
    await away.logout();
    const ids = [online.user.id, texted.user.id, away.user.id];
    const results = await watcher.subscribe(ids);
    const shown = ids.map((id) => rowIn(t, results, id).status);
    t.equal(
      shown.map((status) => [status.onlineStatus, textOf(status)]),
      [
        [OnlineStatus.ONLINE, ""],
        [OnlineStatus.ONLINE, text],
        [OnlineStatus.LOGGED_OUT, ""],
      ],
      "online status and text of each, in the answer to Subscribe",
    );
    const queried = await watcher.query(ids);
    for (const [index, id] of ids.entries()) {
      t.equal(
        plain(shown[index]),
        plain(statusIn(t, queried, id)),
        `status of ${id} in Subscribe, against QueryStatuses`,
      );
    }
  },
};

const callerTold: Check = {
  id: "sub-told/caller",
  title: "Subscribes with an open Watch: it gets `subscribed` with the row that was answered, and the target's status",
  run: async (t: Bench) => {
    const { session: watcher, watch } = await t.watcher();
    const target = await t.session();
    await target.set(sampleText(t));
    const mark = watch.mark();
    const answered = rowIn(t, await watcher.subscribe([target.user.id]), target.user.id);
    await toldOf(t, watch, answered, mark, "the caller's");
  },
};

const otherSessionTold: Check = {
  id: "sub-told/other-session",
  title: "Subscribes by one session: the Watch of the user's other session is told of row and status too",
  claims: ["multi_session"],
  applies: roomFor(2),
  run: async (t: Bench) => {
    const [caller, other] = await twoSessions(t);
    const watches = [await caller.watch(), await other.watch()] as const;
    const marks = watches.map((watch) => watch.mark());
    const target = await t.session();
    const answered = rowIn(t, await caller.subscribe([target.user.id]), target.user.id);
    await toldOf(t, watches[0], answered, marks[0] ?? 0, "the caller's");
    await toldOf(t, watches[1], answered, marks[1] ?? 0, "the other session's");
  },
};

const refreshTold: Check = {
  id: "sub-told/refresh",
  title: "Subscribes to a target again: `subscribed` comes again",
  timeMs: (profile) => paceMs(profile, { Subscribe: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const { session: watcher, watch } = await t.watcher();
    const { id } = await t.user();
    const first = rowIn(t, await pace.subscribe(watcher, [id]), id);
    await awaitRow(watch, id, "the first `subscribed`");
    const mark = await watch.fence();
    const again = rowIn(t, await pace.subscribe(watcher, [id]), id);
    t.equal(again.row.generation, first.row.generation, "generation after the second Subscribe");
    const told = await awaitRow(watch, id, "the second `subscribed`", mark);
    t.equal(
      timeOf(told.row.expireTime),
      timeOf(again.row.expireTime),
      "expire_time of the second `subscribed`, against the answer",
    );
  },
};

const statusAgain: Check = {
  id: "sub-told/status-once-more",
  title:
    "Subscribes, unsubscribes and subscribes to a target that does not change: its status comes anew with the second row",
  timeMs: (profile) => paceMs(profile, { Subscribe: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const { session: watcher, watch } = await t.watcher();
    const target = await t.session();
    const id = target.user.id;
    const first = rowIn(t, await pace.subscribe(watcher, [id]), id);
    await pace.unsubscribe(watcher, [id]);
    const ended = { id, generation: first.row.generation, reason: SubscriptionEndReason.UNSUBSCRIBED };
    const { index } = await awaitEnd(t, watch, ended, "after Unsubscribe");
    const answered = rowIn(t, await pace.subscribe(watcher, [id]), id);
    await toldOf(t, watch, answered, index, "the caller's");
  },
};

const evictionMs = (profile: Profile): number => {
  const { rowsMax, subscribeMax } = rowLimits(profile);
  return paceMs(profile, { Subscribe: Math.ceil(rowsMax / subscribeMax) + 2 });
};

const statusAfterEviction: Check = {
  id: "sub-told/after-eviction",
  title:
    "Subscribes again to a target whose row was evicted, and who did not change: his status comes anew with the row",
  timeMs: evictionMs,
  run: async (t: Bench) => {
    const pace = createPace(t);
    const { session: watcher, watch } = await t.watcher();
    const { user } = await t.session();
    const { row } = rowIn(t, await pace.subscribe(watcher, [user.id]), user.id);
    const others = await t.users(rowLimits(t.profile).rowsMax);
    await pace.subscribe(
      watcher,
      others.map((one) => one.id),
    );
    const ended = { id: user.id, generation: row.generation, reason: SubscriptionEndReason.EVICTED };
    const { index } = await awaitEnd(t, watch, ended, "after one row too many");
    const answered = rowIn(t, await pace.subscribe(watcher, [user.id]), user.id);
    await toldOf(t, watch, answered, index, "the caller's");
  },
};

export const subscribeChecks: readonly Check[] = [
  inOrder,
  withStatus,
  callerTold,
  otherSessionTold,
  refreshTold,
  statusAgain,
  statusAfterEviction,
];
