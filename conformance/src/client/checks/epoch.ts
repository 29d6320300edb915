// client-epoch: on a new epoch what is held of the older one is dropped.
import { WatchEndReason } from "@userstatus/protocol";
import type { ClientBench, ClientCheck } from "../check.ts";
import { firstEpoch, selfOf, statusOf, subscribedResult } from "../server/replies.ts";
import type { EventInit, ServerWatch } from "../server/server-watch.ts";
import { heldTargets, type LateCall, lateCall, lateSubscribe, nextDuring, rowEnded, self, target } from "./lib.ts";

const nextEpoch = "epoch-2";

/** What a server does whose revisions were lost. */
function resync(watch: ServerWatch): void {
  watch.end({ reason: WatchEndReason.RESYNC, mayResume: true });
}

const back = "after RESYNC with may_resume a client must come back";

async function afterResync(t: ClientBench, watch: ServerWatch, events = target("alice", 3, "new epoch")) {
  resync(watch);
  return await t.nextOpenWatch(back, { epoch: nextEpoch, events });
}

/** The same while a call is on its way. */
async function afterResyncDuring(
  t: ClientBench,
  call: LateCall,
  watch: ServerWatch,
  events: EventInit[],
  epoch = nextEpoch,
): Promise<ServerWatch> {
  resync(watch);
  return await nextDuring(t, call, back, { epoch, events });
}

export const epochChecks: readonly ClientCheck[] = [
  {
    id: "client-epoch/lower-revisions",
    title: "after a hello with another epoch, statuses with lower revisions are held",
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 1_000, "old epoch", 7) });
      const next = await afterResync(t, watch);
      const { statuses, subscriptions } = await t.fence(next);
      t.equal(statuses.alice?.text, "new epoch", "alice's text in the new epoch, at revision 3");
      t.equal(statuses.alice?.revision, 3, "alice's revision in the new epoch");
      t.equal(subscriptions.alice?.generation, 1, "the generation of alice's row in the new epoch, lower than before");
    },
  },
  {
    id: "client-epoch/drops-at-once",
    title: "once the hello of another epoch has come, nothing of the older epoch is held, before snapshot_end already",
    run: async (t) => {
      const watch = await t.connect({ events: [...target("alice", 5), ...target("bob", 5)] });
      resync(watch);
      const next = await t.nextOpenWatch(back, { epoch: nextEpoch, events: target("alice", 1), incomplete: true });
      const { statuses, subscriptions } = await t.fence(next);
      t.equal(heldTargets(statuses), ["alice"], "the targets held in the middle of the new epoch's snapshot");
      t.equal(heldTargets(subscriptions), ["alice"], "the rows held in the middle of the new epoch's snapshot");
      next.completeSnapshot();
    },
  },
  {
    id: "client-epoch/self",
    title: "one's own status of the older epoch gives way to one with a lower revision",
    run: async (t) => {
      const watch = await t.connect({ events: [self(t.user, 2_000, "old epoch")] });
      const next = await afterResync(t, watch, [self(t.user, 2, "new epoch")]);
      const state = await t.fence(next);
      t.equal(state.self?.text, "new epoch", "the own text in the new epoch, at revision 2");
    },
  },
  {
    id: "client-epoch/late-answer",
    title: "an answer of the older epoch that comes after the hello of the new one is not held",
    run: async (t) => {
      const watch = await t.connect();
      const subscribing = await lateSubscribe(t, 9, statusOf("alice", 1_000, "old epoch"));
      const next = await afterResyncDuring(t, subscribing, watch, target("alice", 3, "new epoch"));
      subscribing.answer();
      await subscribing.done;
      const { statuses } = await t.fence(next);
      t.equal(statuses.alice?.text, "new epoch", "alice's text after an answer of an epoch that is over");
    },
  },
  {
    id: "client-epoch/answer-first",
    title: "where an answer is the first to tell a new epoch, the new epoch holds once its Watch is open",
    ops: ["setText"],
    run: async (t) => {
      const watch = await t.connect({ events: [...target("alice", 1_000, "old epoch"), ...target("bob", 5)] });
      t.server.script({ setCustomStatus: () => ({ epoch: nextEpoch, self: selfOf(t.user, 2, "new epoch") }) });
      await t.must("setText must succeed", t.client.ask({ op: "setText", text: "new epoch" }));
      const next = await afterResync(t, watch);
      const state = await t.fence(next);
      t.equal(heldTargets(state.statuses), ["alice"], "the targets held in the new epoch");
      t.equal(state.statuses.alice?.text, "new epoch", "alice's text in the new epoch");
      t.equal(state.self?.text, "new epoch", "the own text in the new epoch");
    },
  },
  {
    id: "client-epoch/late-query",
    title: "an answer to QueryStatuses of the older epoch that comes after the hello of the new one is not held",
    ops: ["query"],
    run: async (t) => {
      const watch = await t.connect();
      // She is no target yet: a client might answer by itself for one that it holds.
      const querying = await lateCall(
        t,
        "queryStatuses",
        { op: "query", users: ["alice"] },
        {
          epoch: firstEpoch,
          results: [{ userId: "alice", result: { case: "status", value: statusOf("alice", 1_000, "old epoch") } }],
        },
      );
      const next = await afterResyncDuring(t, querying, watch, target("alice", 3, "new epoch"));
      querying.answer();
      await querying.done;
      const { statuses } = await t.fence(next);
      t.equal(statuses.alice?.text, "new epoch", "alice's text after an answer of an epoch that is over");
    },
  },
  {
    id: "client-epoch/late-self",
    title: "an answer with one's own status of the older epoch that comes after the hello of the new one is not held",
    ops: ["setText"],
    run: async (t) => {
      const watch = await t.connect({ events: [self(t.user, 2_000, "from another device")] });
      const answer = { epoch: firstEpoch, self: selfOf(t.user, 3_000, "old epoch") };
      const setting = await lateCall(t, "setCustomStatus", { op: "setText", text: "old epoch" }, answer);
      const next = await afterResyncDuring(t, setting, watch, [self(t.user, 2, "new epoch")]);
      setting.answer();
      await setting.done;
      const state = await t.fence(next);
      t.equal(state.self?.text, "new epoch", "the own text after an answer of an epoch that is over");
    },
  },
  {
    id: "client-epoch/two-epochs-late",
    title: "an answer that is two epochs late is not held: each epoch that was left is over",
    run: async (t) => {
      const watch = await t.connect();
      const subscribing = await lateSubscribe(t, 9, statusOf("alice", 1_000, "old epoch"));
      const second = await afterResyncDuring(t, subscribing, watch, target("alice", 3, "second epoch"));
      const third = await afterResyncDuring(t, subscribing, second, target("alice", 3, "third epoch"), "epoch-3");
      subscribing.answer();
      await subscribing.done;
      const { statuses } = await t.client.state();
      t.equal(statuses.alice?.text, "third epoch", "alice's text after an answer of the epoch before the last");
      await t.fence(third);
    },
  },
  {
    id: "client-epoch/ended-before",
    title: "what ended in the older epoch is held in the new one, from stream and answer, with lower numbers",
    run: async (t) => {
      const watch = await t.connect({
        events: [...target("alice", 1_000, "old epoch", 7), ...target("bob", 1_000, "old epoch", 7)],
      });
      watch.send(rowEnded("alice", 7), rowEnded("bob", 7));
      await t.fence(watch);
      const next = await afterResync(t, watch, target("bob", 3, "new epoch"));
      const alice = subscribedResult("alice", 1, statusOf("alice", 3, "new epoch"));
      t.server.script({ subscribe: () => ({ epoch: nextEpoch, results: [alice] }) });
      await t.must("subscribe must succeed", t.client.ask({ op: "subscribe", users: ["alice"] }));
      const { statuses, subscriptions } = await t.fence(next);
      const after = "in the new epoch, after generation 7 at revision 1000 ended in the older one";
      t.equal(subscriptions.alice?.generation, 1, `the generation of alice's row, answered ${after}`);
      t.equal(statuses.alice?.text, "new epoch", `alice's text, answered ${after}`);
      t.equal(subscriptions.bob?.generation, 1, `the generation of bob's row, told ${after}`);
      t.equal(statuses.bob?.text, "new epoch", `bob's text, told ${after}`);
    },
  },
  {
    id: "client-epoch/older-stream",
    title: "what the stream of the older epoch tells once an answer has told the new one is not held in the new epoch",
    run: async (t) => {
      const watch = await t.connect();
      const bob = subscribedResult("bob", 1, statusOf("bob", 2));
      t.server.script({ subscribe: () => ({ epoch: nextEpoch, results: [bob] }) });
      await t.must("subscribe must succeed", t.client.ask({ op: "subscribe", users: ["bob"] }));
      watch.send(...target("alice", 1_000, "old epoch", 9));
      const next = await afterResync(t, watch, [...target("alice", 3, "new epoch"), ...target("bob", 2)]);
      const { statuses, subscriptions } = await t.fence(next);
      t.equal(
        statuses.alice?.text,
        "new epoch",
        "alice's text after an event (revision 1000) of an epoch that is over",
      );
      t.equal(subscriptions.alice?.generation, 1, "the generation of alice's row, 9 in the epoch that is over");
    },
  },
];
