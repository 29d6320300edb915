// client-generation: answers that come late, after the stream has told what became of their rows.
import type { ClientBench, ClientCheck } from "../check.ts";
import type { ClientState } from "../contract/contract.ts";
import { statusOf } from "../server/replies.ts";
import type { EventInit } from "../server/server-watch.ts";
import { lateCall, lateSubscribe, mayHold, nextDuring, rowEnded, target } from "./lib.ts";

/** What the client holds when an answer with alice's row of generation 4 and this text came after these events. */
async function heldAfterLateAnswer(t: ClientBench, text: string, ...events: EventInit[]): Promise<ClientState> {
  const watch = await t.connect();
  const subscribing = await lateSubscribe(t, 4, statusOf("alice", 5, text));
  watch.send(...events, ...target("bob", 1));
  await mayHold(t, "bob", 1);
  subscribing.answer();
  await t.must("subscribe must succeed", subscribing.done);
  return await t.fence(watch);
}

export const lateGenerationChecks: readonly ClientCheck[] = [
  {
    id: "client-generation/late-answer",
    title: "an answer to Subscribe that comes after the end of its row brings neither row nor status back",
    run: async (t) => {
      const { subscriptions, statuses } = await heldAfterLateAnswer(
        t,
        "gone",
        ...target("alice", 5, "gone", 4),
        rowEnded("alice", 4),
      );
      t.equal(subscriptions.alice, undefined, "alice's row after its end and the late answer");
      t.equal(statuses.alice, undefined, "alice's status after the end of her row and the late answer");
    },
  },
  {
    id: "client-generation/end-alone",
    title: "the end of a row whose beginning was left out is no less an end: a late answer does not bring the row",
    run: async (t) => {
      const { subscriptions, statuses } = await heldAfterLateAnswer(t, "gone", rowEnded("alice", 4));
      t.equal(subscriptions.alice, undefined, "alice's row after its end, told alone, and the late answer");
      t.equal(statuses.alice, undefined, "alice's status after the end of her row, told alone, and the late answer");
    },
  },
  {
    id: "client-generation/two-ends",
    title: "after the ends of two generations a late answer with the first of them brings nothing back",
    run: async (t) => {
      const { subscriptions, statuses } = await heldAfterLateAnswer(
        t,
        "gone",
        ...target("alice", 5, "gone", 4),
        rowEnded("alice", 4),
        ...target("alice", 6, "gone again", 6),
        rowEnded("alice", 6),
      );
      t.equal(
        subscriptions.alice,
        undefined,
        "alice's row after the ends of generations 4 and 6, and a late answer (4)",
      );
      t.equal(statuses.alice, undefined, "alice's status after the ends of both her rows and the late answer");
    },
  },
  {
    id: "client-generation/later-row",
    title: "a late answer with a generation that has ended leaves the later row that the stream has told",
    run: async (t) => {
      const { subscriptions, statuses } = await heldAfterLateAnswer(
        t,
        "older",
        ...target("alice", 5, "older", 4),
        rowEnded("alice", 4),
        ...target("alice", 7, "newer", 6),
      );
      t.equal(
        subscriptions.alice?.generation,
        6,
        "the generation of alice's row after a late answer with generation 4",
      );
      t.equal(statuses.alice?.text, "newer", "alice's text (revision 7) after a late answer (5)");
    },
  },
  {
    id: "client-generation/next-stream",
    title:
      "the end of a row counts beyond its stream: an answer that is late by a reconnect does not bring the row back",
    run: async (t) => {
      const watch = await t.connect();
      const subscribing = await lateSubscribe(t, 4, statusOf("alice", 5, "gone"));
      watch.send(...target("alice", 5, "gone", 4), rowEnded("alice", 4), ...target("bob", 1));
      await mayHold(t, "bob", 1);
      watch.finish();
      const back = "after a stream that broke a client must come back";
      const next = await nextDuring(t, subscribing, back, { events: target("bob", 1) });
      subscribing.answer();
      // A client may give its calls up with the stream.
      await subscribing.done;
      const { subscriptions, statuses } = await t.fence(next);
      t.equal(subscriptions.alice, undefined, "alice's row after its end on the stream before, and the late answer");
      t.equal(statuses.alice, undefined, "alice's status after the end of her row and the late answer");
    },
  },
  {
    id: "client-generation/unsubscribed-since",
    title: "an answer to Unsubscribe leaves the row that the stream has told since the call was made",
    ops: ["unsubscribe"],
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 5, "", 2) });
      const answer = { endedUserIds: ["alice"] };
      const leaving = await lateCall(t, "unsubscribe", { op: "unsubscribe", users: ["alice"] }, answer);
      watch.send(rowEnded("alice", 2), ...target("alice", 6, "again", 3), ...target("bob", 1));
      await mayHold(t, "bob", 1);
      leaving.answer();
      await t.must("unsubscribe must succeed", leaving.done);
      const { subscriptions, statuses } = await t.fence(watch);
      t.equal(subscriptions.alice?.generation, 3, "the generation of alice's row, made since Unsubscribe was called");
      t.equal(statuses.alice?.text, "again", "alice's text, told since Unsubscribe was called");
    },
  },
];
