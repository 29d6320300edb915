// Checks of SPEC §14, explicit rows to friends: they are listed, count against the cap, and end with `still_visible`.
import { Gate, type Profile, SubscriptionEndReason } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { gated, gateSwitch } from "./lib/b-features.ts";
import { friendCheck, loggedOut, on, watcherAndFriend } from "./lib/b-friends.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { rowTtlMs } from "./lib/b-times.ts";
import { all, batchOf, byBytes, rowEndOf, rowIn, rowLimits, targetsOf } from "./lib/b-values.ts";
import { awaitEnd, silentAbout } from "./lib/b-watch.ts";

const listed = friendCheck(
  {
    id: "friend-explicit/listed",
    title: "A friend's implicit row is not listed; an explicit one is",
    applies: batchOf(1),
  },
  on,
  async (t) => {
    const { watcher, friend } = await watcherAndFriend(t);
    t.equal(await targetsOf(watcher), [], "targets of the rows before Subscribe");
    rowIn(t, await watcher.subscribe([friend.user.id]), friend.user.id);
    t.equal(await targetsOf(watcher), [friend.user.id], "targets of the rows after Subscribe to a friend");
  },
);

const fillMs = (profile: Profile): number => {
  const { rowsMax, subscribeMax } = rowLimits(profile);
  return paceMs(profile, { Subscribe: Math.ceil(rowsMax / subscribeMax) + 2 });
};

const countsAndGoes = friendCheck(
  {
    id: "friend-explicit/counts-against-cap",
    title:
      "The first row is to a friend, the cap is full, one row more: the friend's row is evicted, and his changes still come",
    timeMs: fillMs,
  },
  on,
  async (t) => {
    const pace = createPace(t);
    const { watcher, watch, friend } = await watcherAndFriend(t);
    const id = friend.user.id;
    const others = (await t.users(rowLimits(t.profile).rowsMax)).map((user) => user.id);
    const { row } = rowIn(t, await pace.subscribe(watcher, [id]), id);
    await pace.subscribe(watcher, others);
    const expected = { id, generation: row.generation, reason: SubscriptionEndReason.EVICTED };
    const { index } = await awaitEnd(t, watch, expected, "of the row to a friend");
    t.equal(await targetsOf(watcher), [...others].sort(byBytes), "targets of the rows");
    await friend.logout();
    await watch.status(id, "LOGGED_OUT of the friend", loggedOut, index);
  },
);

/** Ends the row to a friend and one to somebody else; `still_visible` tells them apart, and what comes of them does too. */
async function endsBoth(
  t: Bench,
  subscribe: (watcher: TestSession, ids: string[]) => ReturnType<TestSession["subscribe"]>,
  end: (watcher: TestSession, ids: string[], endMs: number) => Promise<unknown>,
  reason: SubscriptionEndReason,
): Promise<void> {
  const { watcher, watch, friend } = await watcherAndFriend(t);
  const other = await t.session();
  const ids = [friend.user.id, other.user.id];
  const results = await subscribe(watcher, ids);
  const rows = ids.map((id) => rowIn(t, results, id).row);
  const endMs =
    reason === SubscriptionEndReason.EXPIRED ? Math.max(...rows.map((row) => rowEndOf(t, row, "Subscribe"))) : 0;
  await end(watcher, ids, endMs);
  const places: number[] = [];
  for (const [index, id] of ids.entries()) {
    const expected = { id, generation: rows[index]?.generation ?? 0n, reason, stillVisible: id === friend.user.id };
    places.push(
      (await awaitEnd(t, watch, expected, id === friend.user.id ? "of a friend's row" : "of another's row")).index,
    );
  }
  await friend.logout();
  await other.logout();
  await watch.status(friend.user.id, "LOGGED_OUT of the friend after his row ended", loggedOut, places[0]);
  await silentAbout(t, watch, other.user.id, places[1] ?? 0, "after his row ended");
}

const afterUnsubscribe = friendCheck(
  {
    id: "friend-still-visible/unsubscribed",
    title: "Unsubscribes a friend and another: still_visible is set for the friend only, whose changes go on",
    applies: all(batchOf(2), (profile) => rowLimits(profile).unsubscribeMax >= 2 || "Unsubscribe takes one id only"),
  },
  on,
  (t) =>
    endsBoth(
      t,
      (watcher, ids) => watcher.subscribe(ids),
      (watcher, ids) => watcher.unsubscribe(ids),
      SubscriptionEndReason.UNSUBSCRIBED,
    ),
);

const afterExpiry = friendCheck(
  {
    id: "friend-still-visible/expired",
    title: "The rows to a friend and another run out: still_visible is set for the friend only, whose changes go on",
    claims: ["subscription_ttl"],
    applies: batchOf(2),
    timeMs: rowTtlMs,
  },
  on,
  (t) =>
    endsBoth(
      t,
      (watcher, ids) => watcher.subscribe(ids, rowTtlMs(t.profile)),
      (_watcher, _ids, endMs) => t.time.reach(endMs, "all"),
      SubscriptionEndReason.EXPIRED,
    ),
);

const afterEviction = friendCheck(
  {
    id: "friend-still-visible/evicted",
    title:
      "The rows to a friend and another are evicted: still_visible is set for the friend only, whose changes go on",
    applies: batchOf(2),
    timeMs: fillMs,
  },
  on,
  (t) => {
    const pace = createPace(t);
    return endsBoth(
      t,
      (watcher, ids) => pace.subscribe(watcher, ids),
      async (watcher) => {
        const others = await t.users(rowLimits(t.profile).rowsMax);
        await pace.subscribe(
          watcher,
          others.map((user) => user.id),
        );
      },
      SubscriptionEndReason.EVICTED,
    );
  },
);

function afterGate(gate: Gate, name: string, words: string): Check {
  const gates = (profile: Profile): true | string =>
    gated(profile, gate).includes("Subscribe") || "the gate does not gate Subscribe";
  return friendCheck(
    {
      id: `friend-still-visible/without-${name}`,
      title: `${words}: the rows to a friend and another end, still_visible is set for the friend only, whose changes go on`,
      claims: ["feature_gates"],
      applies: all(batchOf(2), gates),
    },
    on,
    (t) =>
      endsBoth(
        t,
        (watcher, ids) => watcher.subscribe(ids),
        () => t.admin.features(gateSwitch(gate, false)),
        SubscriptionEndReason.FEATURE_DISABLED,
      ),
  );
}

const deleted = friendCheck(
  {
    id: "sub-target-gone/friend-with-row",
    title:
      "A friend to whom there is a row is deleted: both end as TARGET_GONE without still_visible, that of the row and that with generation 0, and nothing more comes of him",
    claims: ["friends"],
  },
  on,
  async (t) => {
    const { watcher, watch, friend } = await watcherAndFriend(t);
    const { id } = friend.user;
    const { row } = rowIn(t, await watcher.subscribe([id]), id);
    await t.admin.remove([id]);
    const places: number[] = [];
    for (const generation of [row.generation, 0n]) {
      const expected = { id, generation, reason: SubscriptionEndReason.TARGET_GONE, stillVisible: false };
      places.push((await awaitEnd(t, watch, expected, "after the friend was deleted")).index);
    }
    t.equal(await targetsOf(watcher), [], "targets of the rows after the friend was deleted");
    await silentAbout(t, watch, id, Math.max(...places), "after he was deleted");
  },
);

export const friendsRowsChecks: readonly Check[] = [
  listed,
  countsAndGoes,
  afterUnsubscribe,
  afterExpiry,
  afterEviction,
  afterGate(Gate.PLAN, "plan", "The plan is taken away"),
  afterGate(Gate.USER_STATUS, "switch", "The switch for user status is turned off"),
  deleted,
];
