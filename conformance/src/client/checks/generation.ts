// client-generation: the end of an older row is ignored.
import type { ClientCheck } from "../check.ts";
import { row, rowEnded, status, target } from "./lib.ts";

export const generationChecks: readonly ClientCheck[] = [
  {
    id: "client-generation/older",
    title: "the end of generation 1 leaves the row of generation 2, and its status",
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 5, "", 2) });
      watch.send(rowEnded("alice", 1));
      const { subscriptions, statuses } = await t.fence(watch);
      t.equal(subscriptions.alice?.generation, 2, "the generation of alice's row after the end of generation 1");
      t.equal(statuses.alice?.revision, 5, "alice's revision after the end of generation 1");
    },
  },
  {
    id: "client-generation/own",
    title: "the end of the generation held takes row and status away",
    run: async (t) => {
      const watch = await t.connect({ events: [...target("alice", 5, "", 2), ...target("bob", 1)] });
      watch.send(rowEnded("alice", 2));
      const { subscriptions, statuses } = await t.fence(watch);
      t.equal(subscriptions.alice, undefined, "alice's row after its end");
      t.equal(statuses.alice, undefined, "alice's status after the end of her row");
      t.equal(statuses.bob?.revision, 1, "bob's revision");
    },
  },
  {
    id: "client-generation/later",
    title: "the end of a generation later than the one held, whose beginning was left out, takes the row away",
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 5, "", 2) });
      watch.send(rowEnded("alice", 3));
      const { subscriptions, statuses } = await t.fence(watch);
      t.equal(subscriptions.alice, undefined, "alice's row of generation 2 after the end of generation 3");
      t.equal(statuses.alice, undefined, "alice's status after the end of generation 3");
    },
  },
  {
    id: "client-generation/friend",
    title: "the end of a friend's implicit row (generation 0) leaves the explicit row",
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 5, "", 4) });
      watch.send({
        case: "subscriptionEnded",
        value: { userId: "alice", generation: 0n, reason: 7, stillVisible: true },
      });
      const { subscriptions, statuses } = await t.fence(watch);
      t.equal(subscriptions.alice?.generation, 4, "the generation of alice's explicit row");
      t.equal(statuses.alice?.revision, 5, "alice's revision");
    },
  },
  {
    id: "client-generation/made-anew",
    title: "a row that ended and was made anew stands with its later generation",
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 5, "", 2) });
      watch.send(rowEnded("alice", 2), row("alice", 3), status("alice", 6, "again"), rowEnded("alice", 2));
      const { subscriptions, statuses } = await t.fence(watch);
      t.equal(subscriptions.alice?.generation, 3, "the generation of alice's row, made anew");
      t.equal(statuses.alice?.text, "again", "alice's text");
    },
  },
];
