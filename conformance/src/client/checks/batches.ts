// client-batches: batches are cut by the advertised limits.
import type { ClientBench, ClientCheck } from "../check.ts";
import type { MethodName } from "../server/arrivals.ts";
import { idsOf } from "../server/replies.ts";

const limits = { subscribeBatchMax: 3, unsubscribeBatchMax: 2, queryBatchMax: 4 } as const;
const users = Array.from({ length: 9 }, (_, at) => `user${at + 100}`);

async function cutInto(t: ClientBench, op: "subscribe" | "unsubscribe" | "query", method: MethodName, max: number) {
  await t.connect();
  const mark = t.server.arrivals.mark();
  await t.must(`${op} of ${users.length} users must succeed`, t.client.ask({ op, users }));
  const calls = t.server.arrivals.after(mark, method).map(idsOf);
  t.equal([...new Set(calls.flat())].sort(), users, `the users of all calls of ${method}`);
  const greatest = Math.max(...calls.map((ids) => ids.length));
  t.ok(greatest <= max, `the ids in one call of ${method}`, `at most ${max}, as advertised`, String(greatest));
}

export const batchesChecks: readonly ClientCheck[] = [
  {
    id: "client-batches/subscribe",
    title: "9 users go out in calls of at most 3, where that is the limit of Subscribe",
    server: limits,
    run: (t) => cutInto(t, "subscribe", "subscribe", limits.subscribeBatchMax),
  },
  {
    id: "client-batches/unsubscribe",
    title: "9 users go out in calls of at most 2, where that is the limit of Unsubscribe",
    server: limits,
    ops: ["unsubscribe"],
    run: (t) => cutInto(t, "unsubscribe", "unsubscribe", limits.unsubscribeBatchMax),
  },
  {
    id: "client-batches/query",
    title: "9 users go out in calls of at most 4, where that is the limit of QueryStatuses",
    server: limits,
    ops: ["query"],
    run: (t) => cutInto(t, "query", "queryStatuses", limits.queryBatchMax),
  },
];
