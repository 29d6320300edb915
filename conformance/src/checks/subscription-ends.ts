// Checks of SPEC §10.2, rows that end: by their own time, with a deleted target, by absence of their owner; and that a logout ends none.
import { OnlineStatus, SubscriptionEndReason } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { twoSessions } from "./lib/b-sessions.ts";
import { rowTtlMs, rowTtlsDiffer } from "./lib/b-times.ts";
import { all, batchOf, higher, rowEndOf, rowIn, rowListed, targetsOf, timeOf } from "./lib/b-values.ts";
import { awaitEnd, endsOf, silentAbout } from "./lib/b-watch.ts";
import { roomFor } from "./lib/c-actors.ts";

const atItsTime: Check = {
  id: "sub-expires/at-its-time",
  title:
    "Just before expire_time the row is listed and delivers; at it the end is told as EXPIRED, the list is empty, and nothing more comes",
  timeMs: rowTtlMs,
  run: async (t: Bench) => {
    const { session: watcher, watch } = await t.watcher();
    const target = await t.session();
    const id = target.user.id;
    const { row } = rowIn(t, await watcher.subscribe([id], rowTtlMs(t.profile)), id);
    const end = rowEndOf(t, row, "Subscribe");
    await t.time.justBefore(end, "all", { acts: true });
    const mark = watch.mark();
    const [list] = await Promise.all([targetsOf(watcher), target.logout()]);
    t.equal(list, [id], "targets of the rows just before expire_time");
    const changed = await watch.find(
      "LOGGED_OUT just before expire_time",
      (event, at) => (event.case === "status" && event.value.onlineStatus === OnlineStatus.LOGGED_OUT ? at : undefined),
      mark,
    );
    await t.time.reach(end, "all");
    t.equal(await targetsOf(watcher), [], "targets of the rows at expire_time");
    const expected = { id, generation: row.generation, reason: SubscriptionEndReason.EXPIRED };
    const { index } = await awaitEnd(t, watch, expected, "at expire_time");
    t.ok(index > changed, "the end is told after the change that came before it", { index, changed });
    await target.user.login();
    await silentAbout(t, watch, id, index, "after the row ended");
  },
};

const everyWatch: Check = {
  id: "sub-expires/every-watch",
  title: "The end of a row is told on the Watch of each session of the user",
  claims: ["multi_session"],
  applies: roomFor(2),
  timeMs: rowTtlMs,
  run: async (t: Bench) => {
    const [caller, other] = await twoSessions(t);
    const watches = [await caller.watch(), await other.watch()];
    const { id } = await t.user();
    const { row } = rowIn(t, await caller.subscribe([id], rowTtlMs(t.profile)), id);
    await t.time.reach(rowEndOf(t, row, "Subscribe"), "all");
    for (const watch of watches) {
      await awaitEnd(
        t,
        watch,
        { id, generation: row.generation, reason: SubscriptionEndReason.EXPIRED },
        "on each Watch, at expire_time",
      );
    }
  },
};

const eachItsOwn: Check = {
  id: "sub-expires/each-its-own",
  title: "Of two rows with different ttls the shorter ends alone: the other stays and delivers",
  applies: all(
    rowTtlsDiffer,
    (profile) => (profile.subscription?.maxSubscriptions ?? 1) > 1 || "a user can have one row only",
  ),
  timeMs: (profile) => rowTtlMs(profile) + paceMs(profile, { Subscribe: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const { session: watcher, watch } = await t.watcher();
    const [short, long] = [await t.user(), await t.session()];
    rowIn(t, await pace.subscribe(watcher, [long.user.id], rowTtlMs(t.profile, 3)), long.user.id);
    const { row } = rowIn(t, await pace.subscribe(watcher, [short.id], rowTtlMs(t.profile)), short.id);
    await t.time.reach(rowEndOf(t, row, "Subscribe"), "all");
    const expected = { id: short.id, generation: row.generation, reason: SubscriptionEndReason.EXPIRED };
    const { index } = await awaitEnd(t, watch, expected, "of the shorter ttl");
    t.equal(await targetsOf(watcher), [long.user.id], "targets of the rows");
    await long.logout();
    await watch.status(
      long.user.id,
      "LOGGED_OUT of the other target",
      (one) => one.onlineStatus === OnlineStatus.LOGGED_OUT,
      index,
    );
    t.equal(endsOf(watch, long.user.id).length, 0, "ends told of the other row");
  },
};

const whileAway: Check = {
  id: "sub-expires/while-away",
  title:
    "The owner is logged out when his row runs out: the next Login finds no row, and a Watch tells nothing of the target",
  timeMs: rowTtlMs,
  run: async (t: Bench) => {
    const watcher = await t.session();
    const target = await t.session();
    const id = target.user.id;
    const { row } = rowIn(t, await watcher.subscribe([id], rowTtlMs(t.profile)), id);
    t.equal(await targetsOf(watcher), [id], "targets of the rows before the logout");
    await watcher.logout();
    await t.time.reach(rowEndOf(t, row, "Subscribe"), "all");
    const again = await watcher.user.login();
    t.equal(await targetsOf(again), [], "targets of the rows after expire_time");
    const watch = await again.watch();
    await target.logout();
    await silentAbout(t, watch, id, 0, "after the row ended while nobody watched");
  },
};

const rowsStay: Check = {
  id: "sub-logout/rows-stay",
  title: "After logout and login the rows are the same, expiry and generation too, and deliver on a new Watch",
  applies: batchOf(2),
  run: async (t: Bench) => {
    const watcher = await t.session();
    const targets = [await t.session(), await t.session()];
    const ids = targets.map((target) => target.user.id);
    await watcher.subscribe(ids);
    const before = await watcher.list();
    t.equal(before.length, 2, "rows before the logout");
    await watcher.logout();
    const again = await watcher.user.login();
    const after = await again.list();
    for (const id of ids) {
      const [was, is] = [rowListed(t, before, id).row, rowListed(t, after, id).row];
      t.equal(is.generation, was.generation, `generation of the row to ${id} after logout and login`);
      t.equal(timeOf(is.expireTime), timeOf(was.expireTime), `expire_time of the row to ${id} after logout and login`);
    }
    const watch = await again.watch();
    for (const target of targets) {
      const mark = watch.mark();
      await target.logout();
      await watch.status(
        target.user.id,
        "LOGGED_OUT on the new Watch",
        (one) => one.onlineStatus === OnlineStatus.LOGGED_OUT,
        mark,
      );
    }
  },
};

const targetDeleted: Check = {
  id: "sub-target-gone/deleted",
  title: "A target is deleted: the end is told as TARGET_GONE, the list has the other row only, which goes on",
  tools: ["admin"],
  applies: batchOf(2),
  run: async (t: Bench) => {
    const { session: watcher, watch } = await t.watcher();
    const [gone, other] = [await t.session(), await t.session()];
    const ids = [gone.user.id, other.user.id];
    const { row } = rowIn(t, await watcher.subscribe(ids), gone.user.id);
    await t.admin.remove([gone.user.id]);
    const expected = { id: gone.user.id, generation: row.generation, reason: SubscriptionEndReason.TARGET_GONE };
    const { index } = await awaitEnd(t, watch, expected, "after the target was deleted");
    t.equal(await targetsOf(watcher), [other.user.id], "targets of the rows after one was deleted");
    await other.logout();
    await watch.status(
      other.user.id,
      "LOGGED_OUT of the other",
      (one) => one.onlineStatus === OnlineStatus.LOGGED_OUT,
      index,
    );
    await silentAbout(t, watch, gone.user.id, index, "after the target was deleted");
  },
};

const targetBack: Check = {
  id: "sub-target-gone/registered-anew",
  title: "A deleted target is registered anew and logs in: the row stays ended; a new one has a higher generation",
  tools: ["admin"],
  timeMs: (profile) => paceMs(profile, { Subscribe: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const { session: watcher, watch } = await t.watcher();
    const { user } = await t.session();
    const first = rowIn(t, await pace.subscribe(watcher, [user.id]), user.id);
    await t.admin.remove([user.id]);
    const expected = { id: user.id, generation: first.row.generation, reason: SubscriptionEndReason.TARGET_GONE };
    const { index } = await awaitEnd(t, watch, expected, "after the target was deleted");
    await t.admin.register([user.id]);
    await user.login();
    await silentAbout(t, watch, user.id, index, "after the target was deleted and registered anew");
    t.equal(await targetsOf(watcher), [], "targets of the rows after the target was registered anew");
    const second = rowIn(t, await pace.subscribe(watcher, [user.id]), user.id);
    t.equal(second.status.onlineStatus, OnlineStatus.ONLINE, "online status of the target who is back");
    higher(t, second.row.generation, first.row.generation, "the generation of the new row");
  },
};

const backUnseen: Check = {
  id: "sub-target-gone/before-anything-told",
  title:
    "A deleted target is registered anew, and subscribed to again before anybody looked: the row is a new one, and stays",
  tools: ["admin"],
  timeMs: (profile) => paceMs(profile, { Subscribe: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const watcher = await t.session();
    const { user } = await t.session();
    const first = rowIn(t, await pace.subscribe(watcher, [user.id]), user.id);
    await t.admin.remove([user.id]);
    await t.admin.register([user.id]);
    const second = rowIn(t, await pace.subscribe(watcher, [user.id]), user.id);
    higher(t, second.row.generation, first.row.generation, "the generation of the row to the target who is back");
    const watch = await watcher.watch();
    const target = await user.login();
    await watch.status(user.id, "ONLINE of the target who is back", (one) => one.onlineStatus === OnlineStatus.ONLINE);
    t.equal(await targetsOf(watcher), [target.user.id], "targets of the rows when the target is back");
  },
};

const goneWhileAway: Check = {
  id: "sub-target-gone/while-away",
  title: "A target is deleted and registered anew while the watcher is logged out: the next Login finds no row to him",
  tools: ["admin"],
  applies: batchOf(2),
  run: async (t: Bench) => {
    const watcher = await t.session();
    const [gone, other] = [await t.user(), await t.user()];
    await watcher.subscribe([gone.id, other.id]);
    await watcher.logout();
    await t.admin.remove([gone.id]);
    await t.admin.register([gone.id]);
    const again = await watcher.user.login();
    t.equal(await targetsOf(again), [other.id], "targets of the rows after one was deleted and registered anew");
    const watch = await again.watch();
    await gone.login();
    await silentAbout(t, watch, gone.id, 0, "after the target was deleted and registered anew");
  },
};

export const subscriptionEndsChecks: readonly Check[] = [
  atItsTime,
  everyWatch,
  eachItsOwn,
  whileAway,
  rowsStay,
  targetDeleted,
  targetBack,
  backUnseen,
  goneWhileAway,
];
