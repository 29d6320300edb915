// client-calls: refusals are obeyed, failures of single users told, requests compressed only for a server that takes it.
import type { ClientBench, ClientCheck } from "../check.ts";
import type { Answer } from "../contract/driven-client.ts";
import type { MethodName } from "../server/arrivals.ts";
import { firstEpoch, idsOf, refusal, selfOf, statusOf, subscribedResult } from "../server/replies.ts";

const users = ["alice", "bob", "carol"];
const error = { case: "error", value: { reason: "USER_NOT_FOUND" } };

/** What a command that went through tells of the users who failed. */
async function tellsBob(t: ClientBench, what: string, answer: Promise<Answer>): Promise<void> {
  const got = await answer;
  await t.must(`${what} must succeed where one of three users failed`, Promise.resolve(got));
  const { failed = [] } = "ok" in got ? got.ok : {};
  t.equal(failed, ["bob"], `the users that ${what} tells as failed`);
}

/** Timers and clocks are no finer than this. */
const tickMs = 15;
const retryMs = 1_000;

/** Sees to it that a call whose first try is refused is not made again before its time. */
async function waits(t: ClientBench, method: MethodName, done: Promise<Answer>): Promise<void> {
  // A check that ends before leaves the command unanswered.
  done.catch(() => {});
  const first = await t.server.arrivals.next(`the command must call ${method}`, 0, t.patienceMs, method);
  const what = `${method}, refused with a RetryInfo of ${retryMs} ms, must not be called again before`;
  await t.quiet(what, retryMs - tickMs - (performance.now() - first.atMs), () => {
    const again = t.server.arrivals.after(first.index + 1, method)[0];
    if (again === undefined || again.atMs - first.atMs >= retryMs - tickMs) return undefined;
    return `a call after ${Math.round(again.atMs - first.atMs)} ms`;
  });
  // Whether it tells the refusal or waits and tries again is its choice.
  await done;
}

export const callsChecks: readonly ClientCheck[] = [
  {
    id: "client-calls/subscribe-failed",
    title: "of three users of a Subscribe the one who failed is told, and the rows of the others are held",
    run: async (t) => {
      const watch = await t.connect();
      const result = (userId: string) =>
        userId === "bob" ? { userId, result: error } : subscribedResult(userId, 3, statusOf(userId, 7, "here"));
      t.server.script({ subscribe: (arrival) => ({ epoch: firstEpoch, results: idsOf(arrival).map(result) }) });
      await tellsBob(t, "subscribe", t.client.ask({ op: "subscribe", users }));
      const { statuses, subscriptions } = await t.fence(watch);
      for (const user of ["alice", "carol"]) {
        t.equal(subscriptions[user]?.generation, 3, `the generation of ${user}'s row, where another user failed`);
        t.equal(statuses[user]?.text, "here", `${user}'s text, where another user failed`);
      }
      t.equal(subscriptions.bob, undefined, "the row of the user who failed");
    },
  },
  {
    id: "client-calls/query-failed",
    title: "of three users of a query the one who failed is told",
    ops: ["query"],
    run: async (t) => {
      await t.connect();
      const result = (userId: string) =>
        userId === "bob"
          ? { userId, result: error }
          : { userId, result: { case: "status", value: statusOf(userId, 7) } };
      t.server.script({ queryStatuses: (arrival) => ({ epoch: firstEpoch, results: idsOf(arrival).map(result) }) });
      await tellsBob(t, "query", t.client.ask({ op: "query", users }));
    },
  },
  {
    id: "client-calls/unsubscribe-failed",
    title: "of three users of an Unsubscribe the one who failed is told",
    ops: ["unsubscribe"],
    run: async (t) => {
      await t.connect();
      const isBob = (userId: string): boolean => userId === "bob";
      t.server.script({
        unsubscribe: (arrival) => ({
          endedUserIds: idsOf(arrival).filter((userId) => !isBob(userId)),
          failures: idsOf(arrival)
            .filter(isBob)
            .map((userId) => ({ userId, error: error.value })),
        }),
      });
      await tellsBob(t, "unsubscribe", t.client.ask({ op: "unsubscribe", users }));
    },
  },
  {
    id: "client-calls/rate-limited",
    title: "a Subscribe that is RATE_LIMITED is not called again before the delay of its RetryInfo",
    longMs: () => retryMs,
    run: async (t) => {
      await t.connect();
      let calls = 0;
      t.server.script({
        subscribe: () => {
          if (calls++ === 0) throw refusal("RATE_LIMITED", {}, retryMs);
          return { epoch: firstEpoch, results: [subscribedResult("alice", 3, statusOf("alice", 7))] };
        },
      });
      await waits(t, "subscribe", t.client.ask({ op: "subscribe", users: ["alice"] }));
    },
  },
  {
    id: "client-calls/unavailable",
    title:
      "a SetCustomStatus that is refused with STORE_UNAVAILABLE is not called again before the delay of its RetryInfo",
    ops: ["setText"],
    longMs: () => retryMs,
    run: async (t) => {
      await t.connect();
      let calls = 0;
      t.server.script({
        setCustomStatus: () => {
          if (calls++ === 0) throw refusal("STORE_UNAVAILABLE", {}, retryMs);
          return { epoch: firstEpoch, self: selfOf(t.user, 500_000, "here") };
        },
      });
      await waits(t, "setCustomStatus", t.client.ask({ op: "setText", text: "here" }));
    },
  },
  {
    id: "client-calls/uncompressed",
    title: "a server that takes no compressed requests, and says so, gets none: small ones neither large ones",
    server: { compression: false },
    everyProtocol: true,
    run: async (t) => {
      const watch = await t.connect();
      const long = Array.from({ length: 90 }, (_, at) => `user-with-a-long-name-${at}`.padEnd(32, "x"));
      await t.must(
        "subscribe to 90 users must succeed at a server that takes no compressed requests",
        t.client.ask({ op: "subscribe", users: long }),
      );
      await t.fence(watch);
    },
  },
];
