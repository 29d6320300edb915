// client-fold: per target and epoch the highest revision holds, from answers and streams alike.
import type { ClientCheck } from "../check.ts";
import { firstEpoch, idsOf, selfOf, statusOf, subscribedResult } from "../server/replies.ts";
import { lateSubscribe, mayHold, rowEnded, self, status, target } from "./lib.ts";

const epoch = firstEpoch;

export const foldChecks: readonly ClientCheck[] = [
  {
    id: "client-fold/snapshot-and-live",
    title: "holds what the snapshot names, and what live events make of it",
    run: async (t) => {
      const watch = await t.connect({ events: [...target("alice", 5, "first"), ...target("bob", 7)] });
      watch.send(status("alice", 6, "second"));
      const { statuses } = await t.fence(watch);
      t.equal(statuses.alice?.text, "second", "alice's text");
      t.equal(statuses.alice?.revision, 6, "alice's revision");
      t.equal(statuses.bob?.revision, 7, "bob's revision");
    },
  },
  {
    id: "client-fold/late-answer",
    title: "an answer to Subscribe that comes after an event with a higher revision changes nothing",
    run: async (t) => {
      const watch = await t.connect();
      const subscribing = await lateSubscribe(t, 1, statusOf("alice", 5, "older"));
      watch.send(...target("alice", 7, "newer"));
      await mayHold(t, "alice", 7);
      subscribing.answer();
      await t.must("subscribe must succeed", subscribing.done);
      const { statuses } = await t.fence(watch);
      t.equal(
        statuses.alice?.text,
        "newer",
        "alice's text after the event (revision 7) and the late answer (revision 5)",
      );
    },
  },
  {
    id: "client-fold/late-event",
    title: "an event that the answer to Subscribe has overtaken changes nothing, and the next newer one does",
    run: async (t) => {
      const watch = await t.connect();
      t.server.script({
        subscribe: () => ({ epoch, results: [subscribedResult("alice", 1, statusOf("alice", 9, "answered"))] }),
      });
      await t.must("subscribe must succeed", t.client.ask({ op: "subscribe", users: ["alice"] }));
      watch.send(...target("alice", 8, "older"));
      const first = await t.fence(watch);
      t.equal(
        first.statuses.alice?.text,
        "answered",
        "alice's text after the answer (revision 9) and an older event (8)",
      );
      watch.send(status("alice", 10, "newer"));
      const second = await t.fence(watch);
      t.equal(second.statuses.alice?.text, "newer", "alice's text after an event of revision 10");
    },
  },
  {
    id: "client-fold/answer-alone",
    title: "the answer to Subscribe is held before the stream tells of it",
    run: async (t) => {
      await t.connect();
      t.server.script({
        subscribe: (arrival) => ({
          epoch,
          results: idsOf(arrival).map((id) => subscribedResult(id, 4, statusOf(id, 3, "answered"))),
        }),
      });
      await t.must("subscribe must succeed", t.client.ask({ op: "subscribe", users: ["alice"] }));
      const state = await t.client.state();
      t.equal(state.statuses.alice?.text, "answered", "alice's text once Subscribe is answered");
      t.equal(state.subscriptions.alice?.generation, 4, "the generation of alice's row once Subscribe is answered");
    },
  },
  {
    id: "client-fold/query-older",
    title: "an answer to QueryStatuses with a lower revision than the one held changes nothing",
    ops: ["query"],
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 7, "newer") });
      t.server.script({
        queryStatuses: () => ({
          epoch,
          results: [{ userId: "alice", result: { case: "status", value: statusOf("alice", 5, "older") } }],
        }),
      });
      await t.must("query must succeed", t.client.ask({ op: "query", users: ["alice"] }));
      const { statuses } = await t.fence(watch);
      t.equal(statuses.alice?.text, "newer", "alice's text after the event (revision 7) and an older answer (5)");
    },
  },
  {
    id: "client-fold/query-newer",
    title: "an answer to QueryStatuses with a higher revision of a target is held, and an older event no more",
    ops: ["query"],
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 5, "first") });
      t.server.script({
        queryStatuses: () => ({
          epoch,
          results: [{ userId: "alice", result: { case: "status", value: statusOf("alice", 9, "answered") } }],
        }),
      });
      await t.must("query must succeed", t.client.ask({ op: "query", users: ["alice"] }));
      watch.send(status("alice", 8, "older"));
      const { statuses } = await t.fence(watch);
      t.equal(statuses.alice?.text, "answered", "alice's text after the answer (revision 9) and an older event (8)");
    },
  },
  {
    id: "client-fold/self",
    title: "one's own status is folded by its own revisions, from answers and the stream",
    ops: ["setText"],
    run: async (t) => {
      const watch = await t.connect({ events: [...target("alice", 900)] });
      watch.send(self(t.user, 8, "from another device"));
      await t.fence(watch);
      t.server.script({ setCustomStatus: () => ({ epoch, self: selfOf(t.user, 7, "mine") }) });
      await t.must("setText must succeed", t.client.ask({ op: "setText", text: "mine" }));
      const first = await t.fence(watch);
      t.equal(
        first.self?.text,
        "from another device",
        "the own text after the event (revision 8) and an older answer (7)",
      );
      watch.send(self(t.user, 9, "newest"));
      const second = await t.fence(watch);
      t.equal(second.self?.text, "newest", "the own text after an event of revision 9, far below revisions of others");
    },
  },
  {
    id: "client-fold/great-revisions",
    title: "revisions just below 2^53 are told apart",
    run: async (t) => {
      const great = 2 ** 53 - 2;
      const watch = await t.connect({ events: target("alice", great, "older") });
      watch.send(status("alice", great + 1, "newer"));
      const { statuses } = await t.fence(watch);
      t.equal(statuses.alice?.text, "newer", `alice's text after revisions ${great} and ${great + 1}`);
      t.equal(statuses.alice?.revision, great + 1, "alice's revision");
    },
  },
  {
    id: "client-fold/twice-in-a-frame",
    title: "a frame with a target twice is folded event by event; a frame of nothing changes nothing",
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 1) });
      watch.send(status("alice", 2, "second"), status("bob", 1, "friend"), status("alice", 3, "third"));
      watch.send();
      const { statuses } = await t.fence(watch);
      t.equal(statuses.alice?.text, "third", "alice's text after two events of her in one frame");
      t.equal(statuses.bob?.text, "friend", "the text of a friend, who has no row");
    },
  },
  {
    id: "client-fold/text-cleared",
    title: "a newer status without a text leaves none of the older one",
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 1, "at lunch") });
      watch.send(status("alice", 2, "", 2));
      const { statuses } = await t.fence(watch);
      t.equal(statuses.alice?.text ?? "", "", "alice's text after a status without one");
      t.equal(statuses.alice?.revision, 2, "alice's revision");
    },
  },
  {
    id: "client-fold/still-visible",
    title: "a row that ends while its target is still visible leaves the status, which goes on",
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 5, "a friend") });
      watch.send(rowEnded("alice", 1, true));
      const first = await t.fence(watch);
      t.equal(first.statuses.alice?.text, "a friend", "the status of a target that is still visible");
      t.equal(first.subscriptions.alice, undefined, "the row that has ended");
      watch.send(status("alice", 6, "online"));
      const second = await t.fence(watch);
      t.equal(second.statuses.alice?.revision, 6, "the revision after a later status");
    },
  },
];
