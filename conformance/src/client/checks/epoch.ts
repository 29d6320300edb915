// client-epoch: on a new epoch what is held of the older one is dropped.
import { WatchEndReason } from "@userstatus/protocol";
import type { ClientBench, ClientCheck } from "../check.ts";
import { selfOf, statusOf } from "../server/replies.ts";
import type { ServerWatch } from "../server/server-watch.ts";
import { heldTargets, lateSubscribe, self, target } from "./lib.ts";

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
      const next = await afterResync(t, watch);
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
];
