// client-snapshot: at snapshot_end under RESET what the snapshot did not name goes, save what was subscribed to since.
import type { ClientBench, ClientCheck } from "../check.ts";
import { firstEpoch, refusal, statusOf, subscribedResult } from "../server/replies.ts";
import type { EventInit, ServerWatch } from "../server/server-watch.ts";
import { heldTargets, row, soon, status, target } from "./lib.ts";

const back = "after a stream that broke a client must come back";

/** The next Watch, RESUMED: only one that has a cursor may be. */
async function resumed(t: ClientBench, events: EventInit[]): Promise<ServerWatch> {
  const next = await t.nextWatch(back);
  if (next.cursor.length === 0) {
    next.open({ events });
    t.notApplicable("the client opens each Watch without a cursor");
  }
  t.server.fenceRevision.next();
  next.open({ resumed: true, events });
  return next;
}

export const snapshotChecks: readonly ClientCheck[] = [
  {
    id: "client-snapshot/drops-unnamed",
    title: "a second snapshot that names fewer targets: the others go, rows and friends alike",
    run: async (t) => {
      const first = [...target("alice", 5), ...target("bob", 5), status("frida", 5), status("fritz", 5)];
      const watch = await t.connect({ events: first });
      watch.finish();
      const next = await t.nextOpenWatch(back, { events: [...target("alice", 5), status("frida", 5)] });
      const { statuses, subscriptions } = await t.fence(next);
      t.equal(heldTargets(statuses), ["alice", "frida"], "the targets held after the second snapshot");
      t.equal(heldTargets(subscriptions), ["alice"], "the rows held after the second snapshot");
    },
  },
  {
    id: "client-snapshot/row-became-friend",
    title: "a snapshot that names the status of a target and not his row: the row goes, and his end as a friend counts",
    run: async (t) => {
      const watch = await t.connect({ events: [...target("alice", 5, "", 4), ...target("bob", 5)] });
      watch.finish();
      const next = await t.nextOpenWatch(back, { events: [status("alice", 5), ...target("bob", 5)] });
      const during = await t.fence(next);
      t.equal(heldTargets(during.statuses), ["alice", "bob"], "the targets held after a snapshot that names both");
      t.equal(heldTargets(during.subscriptions), ["bob"], "the rows held after a snapshot with the row of one");
      next.send({ case: "subscriptionEnded", value: { userId: "alice", generation: 0n, reason: 7 } });
      const { statuses } = await t.fence(next);
      t.equal(heldTargets(statuses), ["bob"], "the targets held after the end of alice as a friend");
    },
  },
  {
    id: "client-snapshot/resumed-keeps",
    title: "a stream that is RESUMED and names nobody: everything stays",
    run: async (t) => {
      const watch = await t.connect({ events: [...target("alice", 5), status("frida", 5)] });
      watch.finish();
      const next = await resumed(t, []);
      const { statuses, subscriptions } = await t.fence(next);
      t.equal(heldTargets(statuses), ["alice", "frida"], "the targets held after a catch-up without news");
      t.equal(heldTargets(subscriptions), ["alice"], "the rows held after a catch-up without news");
    },
  },
  {
    id: "client-snapshot/resumed-news",
    title: "what a stream that is RESUMED tells is folded: a change, a row that ended, a row that was made",
    run: async (t) => {
      const watch = await t.connect({ events: [...target("alice", 5), ...target("bob", 5)] });
      watch.finish();
      const next = await resumed(t, [
        status("alice", 6, "gone", 2),
        { case: "subscriptionEnded", value: { userId: "bob", generation: 1n, reason: 1 } },
        ...target("carol", 2),
      ]);
      const { statuses, subscriptions } = await t.fence(next);
      t.equal(heldTargets(statuses), ["alice", "carol"], "the targets held after the catch-up");
      t.equal(heldTargets(subscriptions), ["alice", "carol"], "the rows held after the catch-up");
      t.equal(statuses.alice?.text, "gone", "alice's text after the catch-up");
    },
  },
  {
    id: "client-snapshot/not-before-its-end",
    title: "until snapshot_end has come, what the snapshot has not named yet stays",
    run: async (t) => {
      const watch = await t.connect({ events: [...target("alice", 5), ...target("bob", 5)] });
      watch.finish();
      const next = await t.nextOpenWatch(back, { events: target("alice", 5), incomplete: true });
      const during = await t.fence(next);
      t.equal(heldTargets(during.statuses), ["alice", "bob"], "the targets held in the middle of a snapshot");
      next.completeSnapshot();
      const after = await t.fence(next);
      t.equal(heldTargets(after.statuses), ["alice"], "the targets held after it");
    },
  },
  {
    id: "client-snapshot/subscribed-since",
    title: "what was subscribed to while the snapshot came stays, though the snapshot did not name it",
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 5) });
      watch.finish();
      const next = await t.nextOpenWatch(back, { incomplete: true });
      t.server.script({
        subscribe: () => ({ epoch: firstEpoch, results: [subscribedResult("carol", 1, statusOf("carol", 2))] }),
      });
      await t.must("subscribe must succeed", t.client.ask({ op: "subscribe", users: ["carol"] }));
      next.completeSnapshot();
      const { statuses, subscriptions } = await t.fence(next);
      t.equal(heldTargets(statuses), ["carol"], "the targets held after a snapshot that named none of them");
      t.equal(heldTargets(subscriptions), ["carol"], "the rows held after it");
    },
  },
  {
    id: "client-snapshot/live-before-its-end",
    title: "a live event in the middle of a snapshot counts as named by it",
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 5) });
      watch.finish();
      const next = await t.nextOpenWatch(back, { incomplete: true });
      next.send(row("alice", 1));
      next.send(status("frida", 3, "live"));
      next.send(status("alice", 5));
      next.completeSnapshot();
      const { statuses } = await t.fence(next);
      t.equal(heldTargets(statuses), ["alice", "frida"], "the targets held after it");
    },
  },
  {
    id: "client-snapshot/malformed-cursor",
    title: "a cursor that is refused as malformed is dropped, and a Watch without one brings everything",
    run: async (t) => {
      const watch = await t.connect({ events: [...target("alice", 5), ...target("bob", 5)] });
      let refused = 0;
      t.server.onWatch(({ request }) => {
        if (((request.cursor as Uint8Array | undefined)?.length ?? 0) === 0) return;
        refused += 1;
        throw refusal("MALFORMED_CURSOR");
      });
      watch.finish();
      const what = "after its cursor was refused with MALFORMED_CURSOR a client must watch without one";
      const limitMs = t.backoff.maxMs * 3 + t.patienceMs;
      const next = await t.nextOpenWatch(what, { events: target("alice", 6, "back") }, limitMs);
      if (refused === 0) t.notApplicable("the client opens each Watch without a cursor");
      const { statuses } = await t.fence(next);
      t.equal(heldTargets(statuses), ["alice"], "the targets held after a snapshot without a cursor");
      t.equal(statuses.alice?.text, "back", "alice's text after it");
    },
  },
  {
    id: "client-snapshot/subscribed-before-hello",
    title:
      "what was subscribed to after the Watch was called, before its hello, stays, though the snapshot did not name it",
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 5) });
      watch.finish();
      const next = await t.nextWatch(back);
      t.server.script({
        subscribe: () => ({ epoch: firstEpoch, results: [subscribedResult("carol", 1, statusOf("carol", 2))] }),
      });
      const answer = await soon(t, t.client.ask({ op: "subscribe", users: ["carol"] }));
      next.open();
      if (answer === undefined || "error" in answer) t.notApplicable("the client subscribes once its Watch is open");
      const { statuses, subscriptions } = await t.fence(next);
      t.equal(heldTargets(statuses), ["carol"], "the targets held after a snapshot that named none of them");
      t.equal(heldTargets(subscriptions), ["carol"], "the rows held after it");
    },
  },
  {
    id: "client-snapshot/queried-since",
    title: "what a query brought while the snapshot came is not named by that: it goes at snapshot_end",
    ops: ["query"],
    run: async (t) => {
      const watch = await t.connect({ events: [...target("alice", 5), ...target("bob", 5)] });
      watch.finish();
      const next = await t.nextOpenWatch(back, { events: target("bob", 5), incomplete: true });
      const value = statusOf("alice", 6);
      t.server.script({
        queryStatuses: () => ({ epoch: firstEpoch, results: [{ userId: "alice", result: { case: "status", value } }] }),
      });
      // A client may also answer for a target by itself.
      const answer = await soon(t, t.client.ask({ op: "query", users: ["alice"] }));
      next.completeSnapshot();
      if (answer === undefined || "error" in answer) t.notApplicable("the client queries once its snapshot has come");
      const { statuses, subscriptions } = await t.fence(next);
      t.equal(heldTargets(subscriptions), ["bob"], "the rows held after a snapshot that did not name the queried one");
      t.equal(heldTargets(statuses), ["bob"], "the targets held after it");
    },
  },
  {
    id: "client-snapshot/broken-off",
    title: "what a snapshot named that broke off before its end is not named by the next one",
    run: async (t) => {
      const watch = await t.connect({ events: [...target("alice", 5), ...target("bob", 5), status("frida", 5)] });
      watch.finish();
      const named = [...target("alice", 5), status("frida", 5)];
      const broken = await t.nextOpenWatch(back, { events: named, incomplete: true });
      broken.finish();
      const next = await t.nextOpenWatch(back, { events: target("bob", 5) });
      const { statuses, subscriptions } = await t.fence(next);
      t.equal(heldTargets(statuses), ["bob"], "the targets held after a snapshot that named one of three");
      t.equal(heldTargets(subscriptions), ["bob"], "the rows held after it");
    },
  },
];
