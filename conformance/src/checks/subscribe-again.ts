// Checks of SPEC §10.1, subscribing again: a refresh keeps the row and replaces its expiry; a row made anew has a higher generation.
import { OnlineStatus, SubscriptionEndReason } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { between } from "./lib/a-instants.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { rowTtlMs, rowTtlsDiffer } from "./lib/b-times.ts";
import {
  all,
  batchOf,
  higher,
  msOf,
  rowEndOf,
  rowIn,
  rowLimits,
  rowListed,
  targetsOf,
  timeOf,
} from "./lib/b-values.ts";
import { allEnds, awaitEnd, awaitRow } from "./lib/b-watch.ts";

const kept: Check = {
  id: "sub-refresh/row-kept",
  title: "Subscribes to a target twice: one row, with the same generation, and no end is told",
  timeMs: (profile) => paceMs(profile, { Subscribe: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const { session: watcher, watch } = await t.watcher();
    const { id } = await t.user();
    const first = rowIn(t, await pace.subscribe(watcher, [id]), id);
    const second = rowIn(t, await pace.subscribe(watcher, [id]), id);
    t.equal(second.row.generation, first.row.generation, "generation after the second Subscribe, against the first");
    t.equal(
      rowListed(t, await watcher.list(), id).row.generation,
      first.row.generation,
      "generation in ListSubscriptions",
    );
    await awaitRow(watch, id, "`subscribed` on the Watch");
    await watch.fence();
    t.equal(allEnds(watch).length, 0, "rows whose end was told");
  },
};

/** Subscribes with one ttl, then with another (null: without, where there is a default): the expiry is that of the second. */
async function twoTtls(
  t: Bench,
  watcher: TestSession,
  id: string,
  ttls: readonly [number | null, number | null],
): Promise<[number, number]> {
  const pace = createPace(t);
  const lastsMs = ttls[1] ?? msOf(t.profile.subscription?.defaultTtl) ?? 0;
  const first = rowIn(t, await pace.subscribe(watcher, [id], ttls[0]), id);
  await pace.room(watcher, "Subscribe");
  const earliest = await t.time.now();
  const second = rowIn(t, await watcher.subscribe([id], ttls[1]), id);
  const latest = await t.time.now();
  const end = rowEndOf(t, second.row, "the second Subscribe");
  t.equal(second.row.generation, first.row.generation, "generation after the second Subscribe, against the first");
  between(t, end - lastsMs, earliest, latest, "expire_time less the second ttl");
  const listed = rowListed(t, await watcher.list(), id);
  t.equal(timeOf(listed.row.expireTime), end, "expire_time in ListSubscriptions, against the second Subscribe");
  return [rowEndOf(t, first.row, "the first Subscribe"), end];
}

const shorter: Check = {
  id: "sub-refresh/shorter",
  title: "Subscribes with a ttl, then with a shorter one: the row ends at the shorter",
  claims: ["subscription_ttl"],
  applies: rowTtlsDiffer,
  timeMs: (profile) => rowTtlMs(profile) + paceMs(profile, { Subscribe: 2 }),
  run: async (t: Bench) => {
    const watcher = await t.session();
    const { id } = await t.user();
    const [, end] = await twoTtls(t, watcher, id, [rowTtlMs(t.profile, 3), rowTtlMs(t.profile)]);
    await t.time.justBefore(end, "all");
    t.equal(await targetsOf(watcher), [id], "targets of the rows just before the shorter ttl ends");
    await t.time.reach(end, "all");
    t.equal(await targetsOf(watcher), [], "targets of the rows when the shorter ttl ends");
  },
};

const longer: Check = {
  id: "sub-refresh/longer",
  title:
    "Subscribes with a ttl, then with a longer one: at the end of the shorter the row stands and goes on delivering",
  claims: ["subscription_ttl"],
  applies: rowTtlsDiffer,
  timeMs: (profile) => rowTtlMs(profile) + paceMs(profile, { Subscribe: 2 }),
  run: async (t: Bench) => {
    const { session: watcher, watch } = await t.watcher();
    const target = await t.session();
    const id = target.user.id;
    const [firstEnd] = await twoTtls(t, watcher, id, [rowTtlMs(t.profile), rowTtlMs(t.profile, 3)]);
    await t.time.reach(firstEnd, "all");
    const mark = await watch.fence();
    t.equal(allEnds(watch).length, 0, "rows whose end was told when the shorter ttl ended");
    t.equal(await targetsOf(watcher), [id], "targets of the rows when the shorter ttl ends");
    await target.logout();
    await watch.status(
      id,
      "LOGGED_OUT on the Watch",
      (status) => status.onlineStatus === OnlineStatus.LOGGED_OUT,
      mark,
    );
  },
};

const byDefault: Check = {
  id: "sub-refresh/without-ttl",
  title: "Subscribes with a ttl and then without, and the reverse: the row ends by default_ttl, and by the ttl",
  claims: ["subscription_ttl"],
  applies: (profile) =>
    (profile.subscription?.callerTtl === true && profile.subscription.defaultTtl !== undefined) ||
    "the caller must give a ttl, or may not",
  timeMs: (profile) => paceMs(profile, { Subscribe: 2 }),
  run: async (t: Bench) => {
    const { id } = await t.user();
    const ttlMs = rowTtlMs(t.profile);
    await twoTtls(t, await t.session(), id, [ttlMs, null]);
    await twoTtls(t, await t.session(), id, [null, ttlMs]);
  },
};

const refreshedLast: Check = {
  id: "sub-refresh/refreshed-last",
  title:
    "Makes two rows, refreshes them in the other order by one call, fills the cap: a new row evicts the second; the first is refreshed, and one more evicts the third",
  applies: all(batchOf(2), (profile) => rowLimits(profile).rowsMax >= 3 || "a user can't have three rows"),
  timeMs: (profile) =>
    paceMs(profile, { Subscribe: Math.ceil(rowLimits(profile).rowsMax / rowLimits(profile).subscribeMax) + 5 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const watcher = await t.session();
    const { rowsMax } = rowLimits(t.profile);
    const ids = (await t.users(rowsMax + 2)).map((user) => user.id);
    const [first = "", second = "", third = ""] = ids;
    const [newer = "", newest = ""] = ids.slice(rowsMax);
    await pace.subscribe(watcher, [first, second]);
    await pace.subscribe(watcher, [second, first]);
    await pace.subscribe(watcher, ids.slice(2, rowsMax));
    rowIn(t, await pace.subscribe(watcher, [newer]), newer);
    const stood = new Set(await targetsOf(watcher));
    t.equal(
      [stood.has(first), stood.has(second), stood.has(third), stood.has(newer)],
      [true, false, true, true],
      "rows to the first, the second, the third and the new one",
    );
    rowIn(t, await pace.subscribe(watcher, [first]), first);
    rowIn(t, await pace.subscribe(watcher, [newest]), newest);
    const stand = new Set(await targetsOf(watcher));
    t.equal(
      [stand.has(first), stand.has(third), stand.has(newest)],
      [true, false, true],
      "rows to the first, the third and the newest",
    );
    t.equal(stand.size, rowsMax, "rows");
  },
};

const afterUnsubscribe: Check = {
  id: "sub-generation/after-unsubscribe",
  title: "Subscribes, unsubscribes, subscribes: the second row has a higher generation, in answer, list and Watch",
  timeMs: (profile) => paceMs(profile, { Subscribe: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const { session: watcher, watch } = await t.watcher();
    const { id } = await t.user();
    const first = rowIn(t, await pace.subscribe(watcher, [id]), id);
    await pace.unsubscribe(watcher, [id]);
    const ended = { id, generation: first.row.generation, reason: SubscriptionEndReason.UNSUBSCRIBED };
    const { index } = await awaitEnd(t, watch, ended, "after Unsubscribe");
    const second = rowIn(t, await pace.subscribe(watcher, [id]), id);
    higher(t, second.row.generation, first.row.generation, "the generation of the second row");
    t.equal(
      rowListed(t, await watcher.list(), id).row.generation,
      second.row.generation,
      "generation in ListSubscriptions",
    );
    const told = await awaitRow(watch, id, "`subscribed` of the second row", index);
    t.equal(told.row.generation, second.row.generation, "generation on the Watch, against the answer");
  },
};

const afterLogout: Check = {
  id: "sub-generation/after-logout",
  title: "A row that was ended while logged in, and made anew after a logout and login, has a higher generation",
  timeMs: (profile) => paceMs(profile, { Subscribe: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const watcher = await t.session();
    const { id } = await t.user();
    const first = rowIn(t, await pace.subscribe(watcher, [id]), id);
    await watcher.unsubscribeAll();
    await watcher.logout();
    const again = await watcher.user.login();
    const second = rowIn(t, await pace.subscribe(again, [id]), id);
    higher(t, second.row.generation, first.row.generation, "the generation of the second row");
  },
};

const afterExpiry: Check = {
  id: "sub-generation/after-expiry",
  title: "Subscribes again to a target whose row ran out: the new row has a higher generation",
  claims: ["subscription_ttl"],
  timeMs: (profile) => rowTtlMs(profile) + paceMs(profile, { Subscribe: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const watcher = await t.session();
    const { id } = await t.user();
    const first = rowIn(t, await pace.subscribe(watcher, [id], rowTtlMs(t.profile)), id);
    await t.time.reach(rowEndOf(t, first.row, "the first Subscribe"), "all");
    const second = rowIn(t, await pace.subscribe(watcher, [id], rowTtlMs(t.profile)), id);
    higher(t, second.row.generation, first.row.generation, "the generation of the second row");
  },
};

const afterEviction: Check = {
  id: "sub-generation/after-eviction",
  title: "Subscribes again to a target whose row was evicted: the new row has a higher generation",
  applies: batchOf(1),
  timeMs: (profile) =>
    paceMs(profile, { Subscribe: Math.ceil(rowLimits(profile).rowsMax / rowLimits(profile).subscribeMax) + 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const watcher = await t.session();
    const ids = (await t.users(rowLimits(t.profile).rowsMax + 1)).map((user) => user.id);
    const [id = ""] = ids;
    const first = rowIn(t, await pace.subscribe(watcher, [id]), id);
    await pace.subscribe(watcher, ids.slice(1));
    t.ok(!(await targetsOf(watcher)).includes(id), "the first row is evicted");
    const second = rowIn(t, await pace.subscribe(watcher, [id]), id);
    higher(t, second.row.generation, first.row.generation, "the generation of the second row");
  },
};

export const subscribeAgainChecks: readonly Check[] = [
  kept,
  shorter,
  longer,
  byDefault,
  refreshedLast,
  afterUnsubscribe,
  afterLogout,
  afterExpiry,
  afterEviction,
];
