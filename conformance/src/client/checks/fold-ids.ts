// client-fold, of whom: any user id is a target, two ids are one target only if they are the same bytes, and no target is too many.
import type { ClientCheck } from "../check.ts";
import { firstEpoch, idsOf, statusOf, subscribedResult } from "../server/replies.ts";
import { heldTargets, status, target } from "./lib.ts";

/** Every character that an id may have, the longest one, and names that objects have of themselves. */
const unusualIds = [
  "a.b@c",
  "x|y~z",
  "!#$%&()+-:;<=>?[]^_{}",
  "7",
  "z".repeat(32),
  "constructor",
  "toString",
  "__proto__",
];

/** More than fit into a table for a screen, and far fewer than rows that the advertised profile allows. */
const many = 700;

export const foldIdsChecks: readonly ClientCheck[] = [
  {
    id: "client-fold/any-id",
    title:
      "every id that the protocol allows goes out in Subscribe as it is, and is held from the answer and the stream",
    run: async (t) => {
      const watch = await t.connect();
      t.server.script({
        subscribe: (arrival) => ({
          epoch: firstEpoch,
          results: idsOf(arrival).map((id) => subscribedResult(id, 1, statusOf(id, 3, "answered"))),
        }),
      });
      const mark = t.server.arrivals.mark();
      await t.must(
        "subscribe to users with any ids that the protocol allows must succeed",
        t.client.ask({ op: "subscribe", users: unusualIds }),
      );
      const asked = t.server.arrivals.after(mark, "subscribe").flatMap(idsOf);
      t.equal([...new Set(asked)].sort(), [...unusualIds].sort(), "the users of all calls of Subscribe");
      const first = await t.client.state();
      t.equal(heldTargets(first.statuses), [...unusualIds].sort(), "the targets held once Subscribe is answered");
      t.equal(heldTargets(first.subscriptions), [...unusualIds].sort(), "the rows held once Subscribe is answered");
      watch.send(...unusualIds.map((id) => status(id, 4, "told")));
      const second = await t.fence(watch);
      for (const id of unusualIds)
        t.equal(held(second.statuses, id)?.text, "told", `the text of ${id} after an event of revision 4`);
    },
  },
  {
    id: "client-fold/id-case",
    title: "ids that differ in the case of a letter only are two targets",
    run: async (t) => {
      const watch = await t.connect({ events: [...target("alice", 5, "small"), ...target("Alice", 6, "great")] });
      watch.send(status("ALICE", 7, "a friend"));
      const { statuses } = await t.fence(watch);
      t.equal(heldTargets(statuses), ["ALICE", "Alice", "alice"], "the targets held");
      t.equal(statuses.alice?.text, "small", "the text of alice");
      t.equal(statuses.Alice?.text, "great", "the text of Alice");
    },
  },
  {
    id: "client-fold/many-targets",
    title: `a snapshot of ${many} targets is held whole`,
    run: async (t) => {
      const ids = Array.from({ length: many }, (_, at) => `user${at + 1_000}`);
      const watch = await t.connect({ events: ids.flatMap((id) => target(id, 5)) });
      const { statuses, subscriptions } = await t.fence(watch);
      t.equal(heldTargets(statuses).length, many, `the targets held after a snapshot of ${many}`);
      t.equal(heldTargets(subscriptions).length, many, `the rows held after a snapshot of ${many}`);
    },
  },
];

/** `__proto__` names something in any object. */
function held<T>(of: Readonly<Record<string, T>>, id: string): T | undefined {
  return Object.hasOwn(of, id) ? of[id] : undefined;
}
