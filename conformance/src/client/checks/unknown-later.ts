// client-unknown: what a later version adds to answers and refusals.
import { Code } from "@connectrpc/connect";
import type { ClientCheck } from "../check.ts";
import { firstEpoch, refusalWith, statusOf, subscribedResult } from "../server/replies.ts";
import { newEnumNumber } from "../server/tomorrow.ts";
import { target } from "./lib.ts";

export const laterVersionChecks: readonly ClientCheck[] = [
  {
    id: "client-unknown/claim",
    title: "claims that it does not know do not keep it from logging in",
    server: { moreClaims: ["from_tomorrow", "transport.from_tomorrow"] },
    run: async (t) => {
      const { statuses } = await t.fence(await t.connect({ events: target("alice", 1) }));
      t.equal(statuses.alice?.revision, 1, "alice's revision, of a server with unknown claims");
    },
  },
  {
    id: "client-unknown/spec-version",
    title: "a spec_version of 1.9 is as good as one of 1.0",
    server: { specVersion: "1.9" },
    run: async (t) => {
      const { statuses } = await t.fence(await t.connect({ events: target("alice", 1) }));
      t.equal(statuses.alice?.revision, 1, "alice's revision, of a server of a later version");
    },
  },
  {
    id: "client-unknown/result",
    title: "a result of a kind that it does not know, in the answer to Subscribe, leaves what the others brought",
    everyProtocol: true,
    run: async (t) => {
      const watch = await t.connect();
      const of = (userId: string) => subscribedResult(userId, 3, statusOf(userId, 7, "here"));
      const unknown = { userId: "bob", futureNote: "a result that nobody knows" };
      t.server.script({ subscribe: () => ({ epoch: firstEpoch, results: [of("alice"), unknown, of("carol")] }) });
      // What it makes of that user is its choice.
      await t.client.ask({ op: "subscribe", users: ["alice", "bob", "carol"] });
      const { subscriptions, statuses } = await t.fence(watch);
      for (const user of ["alice", "carol"]) {
        t.equal(subscriptions[user]?.generation, 3, `the generation of ${user}'s row, beside an unknown result`);
        t.equal(statuses[user]?.text, "here", `${user}'s text, beside an unknown result`);
      }
    },
  },
  {
    id: "client-unknown/own-session",
    title: "an own status with a session on a platform that it does not know is held",
    everyProtocol: true,
    run: async (t) => {
      const watch = await t.connect();
      watch.sendJson([
        {
          self: {
            status: {
              userId: t.user,
              revision: "400000",
              onlineStatus: "ONLINE_STATUS_ONLINE",
              onlinePlatforms: [newEnumNumber],
              customStatus: { text: "here" },
            },
            sessions: [{ sessionId: "session-9", deviceId: "glasses", platform: newEnumNumber }],
          },
        },
      ]);
      const { self } = await t.fence(watch);
      t.equal(self?.revision, 400_000, "the own revision, where a session is on an unknown platform");
      t.equal(self?.text, "here", "the own text, where a session is on an unknown platform");
    },
  },
  {
    id: "client-unknown/refusal",
    title: "a Watch that is refused with UNAVAILABLE, for a reason that it does not know, is tried again",
    run: async (t) => {
      const watch = await t.connect();
      let refusals = 0;
      t.server.onWatch(() => {
        if (refusals++ < 2)
          throw refusalWith(Code.Unavailable, "FROM_TOMORROW", { note: "a reason that nobody knows" });
      });
      watch.finish();
      await t.nextOpenWatch(
        "a client whose Watch is UNAVAILABLE must try again, for whatever reason that is",
        {},
        t.backoff.maxMs * 3 + t.patienceMs,
      );
    },
  },
];
