// Checks of SPEC §10.2, the cap: as many rows as it says, then the row refreshed longest ago makes room. They fill it, by batches.
import { OnlineStatus, type Profile, SubscriptionEndReason } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { createPace, type Pace, paceMs } from "./lib/b-pace.ts";
import { twoSessions } from "./lib/b-sessions.ts";
import { rowTtlMs } from "./lib/b-times.ts";
import { all, batchOf, byBytes, rowEndOf, rowIn, rowLimits, targetsOf } from "./lib/b-values.ts";
import { allEnds, awaitEnd, silentAbout } from "./lib/b-watch.ts";
import { roomFor } from "./lib/c-actors.ts";

/** For `timeMs`: the calls that fill the cap, and some more. */
function fillMs(profile: Profile, more: number): number {
  const { rowsMax, subscribeMax } = rowLimits(profile);
  return paceMs(profile, { Subscribe: Math.ceil(rowsMax / subscribeMax) + more });
}

interface Filled {
  readonly ids: string[];
  readonly more: string[];
  readonly generations: Map<string, bigint>;
}

/** Rows up to the cap, in the order of `ids`, and further ids. Generations by target. */
async function fill(t: Bench, pace: Pace, watcher: TestSession, further: number): Promise<Filled> {
  const { rowsMax } = rowLimits(t.profile);
  const targets = (await t.users(rowsMax + further)).map((user) => user.id);
  const ids = targets.slice(0, rowsMax);
  const results = await pace.subscribe(watcher, ids);
  const generations = new Map<string, bigint>();
  for (const { userId, result } of results) {
    if (result.case === "subscribed") generations.set(userId, result.value.subscription?.generation ?? 0n);
  }
  t.equal(generations.size, rowsMax, "rows that Subscribe answered with up to the cap");
  return { ids, more: targets.slice(rowsMax), generations };
}

const holdsAll: Check = {
  id: "sub-cap/holds",
  title: "Makes max_subscriptions rows: all of them stand, and no end is told",
  timeMs: (profile) => fillMs(profile, 0),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const { session: watcher, watch } = await t.watcher();
    const { ids } = await fill(t, pace, watcher, 0);
    t.equal(await targetsOf(watcher), [...ids].sort(byBytes), "targets of the rows at the cap");
    await watch.fence();
    t.equal(allEnds(watch).length, 0, "rows whose end was told");
  },
};

const evictsEarliest: Check = {
  id: "sub-cap/evicts-earliest",
  title:
    "One row more than the cap: the call succeeds, the earliest row is told EVICTED, every other stands; so too where the call names its target several times, and others who get no row",
  timeMs: (profile) => fillMs(profile, 2),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const watcher = await t.session();
    const { ids, more, generations } = await fill(t, pace, watcher, 2);
    const inOrder = [...ids, ...more];
    const watch = await watcher.watch();
    for (const [nth, newest] of more.entries()) {
      const mark = watch.mark();
      const [id = ""] = inOrder.slice(nth);
      const named = nth === 0 ? [newest] : [newest, ...withoutRow(t, watcher), newest, newest];
      const answered = await pace.subscribe(watcher, named.slice(0, rowLimits(t.profile).subscribeMax));
      generations.set(newest, rowIn(t, answered, newest).row.generation);
      const expected = { id, generation: generations.get(id) ?? 0n, reason: SubscriptionEndReason.EVICTED };
      await awaitEnd(t, watch, expected, "after one row too many", mark);
      await watch.fence();
      const others = allEnds(watch, mark).filter((ended) => ended.userId !== id);
      t.equal(others.length, 0, `other rows whose end was told after a call that names ${named.length} ids`);
    }
    const stand = inOrder.slice(more.length).sort(byBytes);
    t.equal(await targetsOf(watcher), stand, "targets of the rows after two were evicted");
  },
};

/** Ids that Subscribe answers with an error: the caller himself, and nobody where users are registered. */
function withoutRow(t: Bench, caller: TestSession): string[] {
  return t.claims.has("user_registry") ? [caller.user.id, t.unregisteredId()] : [caller.user.id];
}

const evictedSilent: Check = {
  id: "sub-cap/evicted-is-silent",
  title: "The target of an evicted row changes: nothing comes of it, while the newest row delivers",
  timeMs: (profile) => fillMs(profile, 1),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const { session: watcher, watch } = await t.watcher();
    const [evicted, newest] = [await t.session(), await t.session()];
    const { rowsMax } = rowLimits(t.profile);
    const between = (await t.users(rowsMax - 1)).map((user) => user.id);
    const { row } = rowIn(t, await pace.subscribe(watcher, [evicted.user.id]), evicted.user.id);
    await pace.subscribe(watcher, [...between, newest.user.id]);
    const expected = { id: evicted.user.id, generation: row.generation, reason: SubscriptionEndReason.EVICTED };
    const { index } = await awaitEnd(t, watch, expected, "after one row too many");
    await evicted.logout();
    await newest.logout();
    const gone = (status: { onlineStatus: OnlineStatus }): boolean => status.onlineStatus === OnlineStatus.LOGGED_OUT;
    await watch.status(newest.user.id, "LOGGED_OUT of the newest target", gone);
    await silentAbout(t, watch, evicted.user.id, index, "after the row was evicted");
  },
};

const batchOver: Check = {
  id: "sub-cap/batch-evicts-in-order",
  title:
    "One call with three new targets at the cap: the three earliest rows are evicted, on the Watch of each session, and the new ones stand",
  claims: ["multi_session"],
  applies: (profile) => {
    const room = roomFor(2)(profile);
    return room === true
      ? rowLimits(profile).rowsMax >= 6
        ? batchOf(3)(profile)
        : "a user can't have six rows"
      : room;
  },
  timeMs: (profile) => fillMs(profile, 1),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const [caller, other] = await twoSessions(t);
    const { ids, more, generations } = await fill(t, pace, caller, 3);
    const watches = [await caller.watch(), await other.watch()];
    await pace.subscribe(caller, more);
    for (const watch of watches) {
      for (const id of ids.slice(0, 3)) {
        const expected = { id, generation: generations.get(id) ?? 0n, reason: SubscriptionEndReason.EVICTED };
        await awaitEnd(t, watch, expected, "on each Watch, after three rows too many");
      }
    }
    t.equal(
      await targetsOf(caller),
      [...ids.slice(3), ...more].sort(byBytes),
      "targets of the rows after three were evicted",
    );
  },
};

const namedSpared: Check = {
  id: "sub-cap/named-are-spared",
  title:
    "At the cap, one call names a new target and then the earliest row: the second row is evicted, for the earliest is named",
  applies: all(batchOf(2), (profile) => rowLimits(profile).rowsMax >= 3 || "a user can't have three rows"),
  timeMs: (profile) => fillMs(profile, 1),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const watcher = await t.session();
    const { ids, more, generations } = await fill(t, pace, watcher, 1);
    const [earliest = "", newest = ""] = [ids[0], more[0]];
    const results = await pace.subscribe(watcher, [newest, earliest]);
    rowIn(t, results, newest);
    const { generation } = rowIn(t, results, earliest).row;
    t.equal(generation, generations.get(earliest), "generation of the earliest row, which the call names");
    const stand = [earliest, ...ids.slice(2), newest].sort(byBytes);
    t.equal(await targetsOf(watcher), stand, "targets of the rows after one was evicted");
  },
};

const refreshEvictsNone: Check = {
  id: "sub-cap-refresh/evicts-nothing",
  title: "At the cap, subscribes again to targets that have a row: all rows stand, and no end is told",
  timeMs: (profile) => fillMs(profile, 2),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const watcher = await t.session();
    const { ids } = await fill(t, pace, watcher, 0);
    const watch = await watcher.watch();
    const { subscribeMax } = rowLimits(t.profile);
    for (const again of [ids.slice(0, subscribeMax), ids.slice(-subscribeMax)]) {
      for (const one of await pace.subscribe(watcher, again))
        t.equal(one.result.case, "subscribed", "kind of the result of a refresh");
    }
    t.equal(await targetsOf(watcher), [...ids].sort(byBytes), "targets of the rows at the cap, after a refresh");
    await watch.fence();
    t.equal(allEnds(watch).length, 0, "rows whose end was told");
  },
};

const expiredDontCount: Check = {
  id: "sub-cap-live/expired",
  title: "At the cap one row runs out: a new row then evicts nothing",
  timeMs: (profile) => fillMs(profile, 3) + rowTtlMs(profile),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const watcher = await t.session();
    const { rowsMax } = rowLimits(t.profile);
    const [short = "", newest = "", ...others] = (await t.users(rowsMax + 1)).map((user) => user.id);
    await pace.subscribe(watcher, others, longTtlMs(t.profile));
    const { row } = rowIn(t, await pace.subscribe(watcher, [short], rowTtlMs(t.profile)), short);
    const watch = await watcher.watch();
    await t.time.reach(rowEndOf(t, row, "Subscribe"), "all");
    rowIn(t, await pace.subscribe(watcher, [newest], longTtlMs(t.profile)), newest);
    t.equal(
      await targetsOf(watcher),
      [...others, newest].sort(byBytes),
      "targets of the rows after one ran out and one was made",
    );
    await watch.fence();
    const evicted = allEnds(watch).filter((ended) => ended.reason === SubscriptionEndReason.EVICTED);
    t.equal(evicted.length, 0, "rows that were evicted");
  },
};

/** Long enough to outlast the filling of the cap and the short ttl. */
function longTtlMs(profile: Profile): number {
  return rowTtlMs(profile, 1_000);
}

const unsubscribedDontCount: Check = {
  id: "sub-cap-live/unsubscribed",
  title: "At the cap one row is unsubscribed: a new row then evicts nothing",
  timeMs: (profile) => fillMs(profile, 1),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const watcher = await t.session();
    const { ids, more } = await fill(t, pace, watcher, 1);
    const [gone = "", newest = ""] = [ids.at(-1), more[0]];
    await pace.unsubscribe(watcher, [gone]);
    rowIn(t, await pace.subscribe(watcher, [newest]), newest);
    t.equal(
      await targetsOf(watcher),
      [...ids.slice(0, -1), newest].sort(byBytes),
      "targets of the rows after one was ended and one made",
    );
  },
};

const deletedDontCount: Check = {
  id: "sub-cap/deleted-dont-count",
  title: "At the cap a target is deleted while no Watch is open: a new row then evicts nothing",
  claims: ["user_registry"],
  tools: ["admin"],
  timeMs: (profile) => fillMs(profile, 1),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const watcher = await t.session();
    const { ids, more } = await fill(t, pace, watcher, 1);
    const [gone = "", newest = ""] = [ids.at(-1), more[0]];
    await t.admin.remove([gone]);
    rowIn(t, await pace.subscribe(watcher, [newest]), newest);
    t.equal(
      await targetsOf(watcher),
      [...ids.slice(0, -1), newest].sort(byBytes),
      "targets of the rows after one target was deleted and a row made",
    );
  },
};

export const subscriptionCapChecks: readonly Check[] = [
  holdsAll,
  evictsEarliest,
  evictedSilent,
  batchOver,
  namedSpared,
  refreshEvictsNone,
  expiredDontCount,
  unsubscribedDontCount,
  deletedDontCount,
];
