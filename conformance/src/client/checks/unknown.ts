// client-unknown: what a later version of the protocol may send is ignored, and what stands around it is not.
import type { WatchEndReason } from "@userstatus/protocol";
import type { ClientCheck } from "../check.ts";
import { firstEpoch, selfOf, statusOf, subscribedResult } from "../server/replies.ts";
import { newEnumNumber } from "../server/tomorrow.ts";
import { rowEnded, status, target } from "./lib.ts";

const note = { futureNote: "a field that nobody knows" };

export const unknownChecks: readonly ClientCheck[] = [
  {
    id: "client-unknown/event",
    title: "an event of a kind that it does not know is left out; those around it, in the same frame, are not",
    everyProtocol: true,
    run: async (t) => {
      const watch = await t.connect({ events: [...target("alice", 1), ...target("bob", 1)] });
      watch.sendJson([
        { status: { userId: "alice", revision: "2", onlineStatus: "ONLINE_STATUS_OFFLINE" } },
        { futureEvent: { userId: "alice", revision: "99" } },
        { status: { userId: "bob", revision: "2", onlineStatus: "ONLINE_STATUS_OFFLINE" } },
      ]);
      watch.sendJson([{ futureEvent: { userId: "bob", revision: "99" } }]);
      watch.sendJson([{}]);
      const { statuses } = await t.fence(watch);
      t.equal(statuses.alice?.revision, 2, "alice's revision, told before the unknown event");
      t.equal(statuses.bob?.revision, 2, "bob's revision, told after it in the same frame");
    },
  },
  {
    id: "client-unknown/field",
    title:
      "fields that it does not know, in events and in the answers to GetServerInfo, Login and Subscribe, are ignored",
    everyProtocol: true,
    run: async (t) => {
      t.server.script({
        login: () => ({
          ...note,
          sessionId: "session-1",
          epoch: firstEpoch,
          self: { ...note, ...selfOf(t.user, 1) },
          lease: { seconds: 90n, nanos: 0 },
          heartbeatInterval: { seconds: 30n, nanos: 0 },
        }),
        subscribe: () => ({
          ...note,
          epoch: firstEpoch,
          results: [{ ...note, ...subscribedResult("carol", 1, { ...note, ...statusOf("carol", 4, "answered") }) }],
        }),
      });
      const watch = await t.connect({ events: target("alice", 1) });
      watch.sendJson([
        {
          futureNote: "beside the event",
          status: { ...note, userId: "alice", revision: "2", customStatus: { ...note, text: "here" } },
        },
        { progress: { ...note, cursor: "Y3Vyc29y" } },
      ]);
      await t.must("subscribe must succeed", t.client.ask({ op: "subscribe", users: ["carol"] }));
      const { statuses } = await t.fence(watch);
      t.equal(statuses.alice?.text, "here", "alice's text, with unknown fields beside it");
      t.equal(statuses.carol?.text, "answered", "carol's text, with unknown fields beside it");
    },
  },
  {
    id: "client-unknown/enum",
    title: "enum values that it does not know (online status, platform, the reason of an ended row) do no harm",
    everyProtocol: true,
    run: async (t) => {
      const watch = await t.connect({ events: [...target("alice", 1), ...target("bob", 1), ...target("carol", 1)] });
      watch.sendJson([
        {
          status: {
            userId: "alice",
            revision: "2",
            onlineStatus: newEnumNumber,
            onlinePlatforms: [newEnumNumber, "PLATFORM_WEB"],
            customStatus: { text: "here" },
          },
        },
        { subscriptionEnded: { userId: "bob", generation: "1", reason: newEnumNumber } },
        { status: { userId: "carol", revision: "2", onlineStatus: "ONLINE_STATUS_OFFLINE" } },
      ]);
      const { statuses, subscriptions } = await t.fence(watch);
      t.equal(statuses.alice?.text, "here", "the text in a status with an unknown online status");
      t.equal(statuses.alice?.revision, 2, "the revision of that status");
      t.equal(subscriptions.bob, undefined, "the row that ended for an unknown reason");
      t.equal(statuses.carol?.revision, 2, "the status in the same frame, after both");
    },
  },
  {
    id: "client-unknown/end-reason",
    title: "a watch_end for a reason that it does not know, with may_resume, is followed by a new Watch",
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 1) });
      watch.end({ reason: newEnumNumber as WatchEndReason, mayResume: true });
      const next = await t.nextOpenWatch("a client must come back after an unknown reason with may_resume", {
        events: target("alice", 2),
      });
      const { statuses } = await t.fence(next);
      t.equal(statuses.alice?.revision, 2, "alice's revision on the new stream");
    },
  },
  {
    id: "client-unknown/after-row-end",
    title: "an unknown event between the end of a row and its beginning anew changes neither",
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 1) });
      watch.send(rowEnded("alice", 1));
      watch.sendJson([{ futureEvent: { userId: "alice", revision: "5" } }]);
      watch.send({ case: "subscribed", value: { userId: "alice", generation: 2n } }, status("alice", 3, "again"));
      const { statuses, subscriptions } = await t.fence(watch);
      t.equal(statuses.alice?.text, "again", "alice's text");
      t.equal(subscriptions.alice?.generation, 2, "the generation of her row");
    },
  },
];
