// Checks of SPEC §9 and §10, batches that name twice who fails: he is answered once, as everybody is.
import type { Bench, Check } from "../check.ts";
import { all, batchOf, distinct, reasonIn, rowIn, rowLimits, statusIn, targetsOf } from "./lib/b-values.ts";

/** So many ids these checks name. */
const named = 5;

const asked: Check = {
  id: "query-result/failed-twice",
  title: "Asks twice for a user who is not registered, and twice for oneself: each is answered once, in order",
  claims: ["user_registry"],
  applies: (profile) => (profile.query?.batchMax ?? 1) >= named || `a query takes fewer than ${named} ids`,
  run: async (t: Bench) => {
    const asker = await t.session();
    const [unknown, known] = [t.unregisteredId(), await t.user()];
    const ids = [unknown, asker.user.id, known.id, unknown, asker.user.id];
    const results = await asker.query(ids);
    t.equal(
      results.map(({ userId }) => userId),
      distinct(ids),
      "users of the answer, in order",
    );
    t.equal(reasonIn(results, unknown), "USER_NOT_FOUND", "reason of the error for the user who is not registered");
    statusIn(t, results, known.id);
  },
};

const subscribed: Check = {
  id: "sub-result/failed-twice",
  title: "Subscribes twice to a user who is not registered, and twice to oneself: each is answered once, in order",
  claims: ["user_registry"],
  applies: (profile) => rowLimits(profile).subscribeMax >= named || `Subscribe takes fewer than ${named} ids`,
  run: async (t: Bench) => {
    const watcher = await t.session();
    const [unknown, known] = [t.unregisteredId(), await t.user()];
    const ids = [unknown, watcher.user.id, known.id, unknown, watcher.user.id];
    const results = await watcher.subscribe(ids);
    t.equal(
      results.map(({ userId }) => userId),
      distinct(ids),
      "users of the answer, in order",
    );
    t.equal(reasonIn(results, unknown), "USER_NOT_FOUND", "reason of the error for the user who is not registered");
    t.equal(reasonIn(results, watcher.user.id), "SELF_NOT_ALLOWED", "reason of the error for oneself");
    rowIn(t, results, known.id);
  },
};

const unsubscribed: Check = {
  id: "unsub-unknown/named-twice",
  title: "Unsubscribes twice a user who is not registered: he is in failures once, and the other is unsubscribed",
  applies: all(
    batchOf(1),
    (profile) => rowLimits(profile).unsubscribeMax >= 3 || "Unsubscribe takes fewer than three ids",
  ),
  run: async (t: Bench) => {
    const watcher = await t.session();
    const [unknown, known] = [t.unregisteredId(), await t.user()];
    rowIn(t, await watcher.subscribe([known.id]), known.id);
    const answer = await watcher.unsubscribe([unknown, known.id, unknown]);
    t.equal(
      answer.failures.map((failure) => [failure.userId, failure.error?.reason]),
      [[unknown, "USER_NOT_FOUND"]],
      "failures: users and reasons",
    );
    t.equal(answer.endedUserIds, [known.id], "ended_user_ids");
    t.equal(await targetsOf(watcher), [], "targets of the rows after Unsubscribe");
  },
};

/** Checks of batches that name twice who fails. */
export const failedTwiceChecks: readonly Check[] = [asked, subscribed, unsubscribed];
