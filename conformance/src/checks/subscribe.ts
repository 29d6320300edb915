// Checks of SPEC §10.1, what Subscribe does: its answer, and what the Watches of the user are told.
import { OnlineStatus, SubscriptionEndReason } from "@userstatus/protocol";
import type { Bench, Check, TestWatch } from "../check.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { twoSessions } from "./lib/b-sessions.ts";
import { batchOf, distinct, mixed, rowIn, sampleText, statusIn, textOf, timeOf } from "./lib/b-values.ts";
import { awaitEnd, awaitRow } from "./lib/b-watch.ts";
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

/** The Watch is told of the row as it was answered, and holds the target's status. */
async function toldOf(
  t: Bench,
  watch: TestWatch,
  answered: ReturnType<typeof rowIn>,
  from: number,
  whose: string,
): Promise<void> {
  const { row, status } = answered;
  const told = await awaitRow(watch, row.userId, `\`subscribed\` on ${whose} Watch`, from);
  t.equal(told.row.generation, row.generation, `generation of the row on ${whose} Watch, against the answer`);
  t.equal(
    timeOf(told.row.expireTime),
    timeOf(row.expireTime),
    `expire_time of the row on ${whose} Watch, against the answer`,
  );
  const carried = await watch.status(
    row.userId,
    `the target's status on ${whose} Watch`,
    (one) => one.revision >= status.revision,
    from,
  );
  t.equal(plain(carried), plain(status), `status on ${whose} Watch, against the answer`);
}

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

export const subscribeChecks: readonly Check[] = [
  inOrder,
  withStatus,
  callerTold,
  otherSessionTold,
  refreshTold,
  statusAgain,
];
