// Checks of SPEC §10.3, ending every row: `all`, and an empty list where it means the same.
import { type Profile, SubscriptionEndReason } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { twoSessions } from "./lib/b-sessions.ts";
import { batchOf, byBytes, rowIn, rowLimits, targetsOf } from "./lib/b-values.ts";
import { awaitEnd, silentAbout } from "./lib/b-watch.ts";
import { roomFor } from "./lib/c-actors.ts";

const unsubscribed = SubscriptionEndReason.UNSUBSCRIBED;

/** More rows than one Unsubscribe with ids could end, if the cap allows; then a call that ends all. */
async function endsEveryRow(t: Bench, end: (watcher: TestSession) => Promise<unknown>): Promise<void> {
  const pace = createPace(t);
  const { session: watcher, watch } = await t.watcher();
  const { unsubscribeMax, rowsMax } = rowLimits(t.profile);
  const target = await t.session();
  const others = (await t.users(Math.min(unsubscribeMax, rowsMax - 1))).map((user) => user.id);
  const results = await pace.subscribe(watcher, [...others, target.user.id]);
  t.equal((await targetsOf(watcher)).length, others.length + 1, "rows before the call that ends all");
  const mark = await watch.fence();
  await end(watcher);
  t.equal(await targetsOf(watcher), [], "targets of the rows after it");
  for (const id of [...others, target.user.id]) {
    const { generation } = rowIn(t, results, id).row;
    await awaitEnd(t, watch, { id, generation, reason: unsubscribed }, "after the call that ends all", mark);
  }
  const after = await watch.fence();
  await target.logout();
  await silentAbout(t, watch, target.user.id, after, "after the call that ends all");
}

const fillMs = (profile: Profile): number => {
  const { unsubscribeMax, subscribeMax } = rowLimits(profile);
  return paceMs(profile, { Subscribe: Math.ceil((unsubscribeMax + 1) / subscribeMax) });
};

const allRows: Check = {
  id: "unsub-all/every-row",
  title:
    "Unsubscribes all, with more rows than a list may name: every row ends and is told, and nothing comes any more",
  timeMs: fillMs,
  run: (t: Bench) => endsEveryRow(t, (watcher) => watcher.unsubscribeAll()),
};

const everySession: Check = {
  id: "unsub-all/every-session",
  title: "One session unsubscribes all: the end of each row is told on the other's Watch too, and both are silent then",
  claims: ["multi_session"],
  applies: (profile) => {
    const room = roomFor(2)(profile);
    return room === true ? batchOf(2)(profile) : room;
  },
  run: async (t: Bench) => {
    const [one, two] = await twoSessions(t);
    const watches = [await one.watch(), await two.watch()];
    const targets = [await t.session(), await t.session()];
    const ids = targets.map((target) => target.user.id);
    const results = await one.subscribe(ids);
    for (const watch of watches)
      for (const id of ids) await watch.status(id, "each target's status on each Watch", () => true);
    await two.unsubscribeAll();
    const places: number[] = [];
    for (const watch of watches) {
      for (const id of ids) {
        const { generation } = rowIn(t, results, id).row;
        await awaitEnd(
          t,
          watch,
          { id, generation, reason: unsubscribed },
          "on each Watch, after the call that ends all",
        );
      }
      places.push(await watch.fence());
    }
    for (const target of targets) await target.logout();
    for (const [nth, watch] of watches.entries())
      for (const id of ids) await silentAbout(t, watch, id, places[nth] ?? 0, "after the call that ends all");
  },
};

const allNamed: Check = {
  id: "unsub-result/all",
  title: "Unsubscribes all: ended_user_ids names the targets whose rows ended, and no other, by their bytes",
  applies: batchOf(2),
  timeMs: (profile) => paceMs(profile, { Unsubscribe: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const watcher = await t.session();
    const [gone = "", one = "", two = ""] = (await t.users(3)).map((user) => user.id).sort(byBytes);
    for (const ids of [[gone], [two, one]]) {
      const results = await pace.subscribe(watcher, ids);
      for (const id of ids) rowIn(t, results, id);
      if (ids.includes(gone)) await pace.unsubscribe(watcher, ids);
    }
    await pace.room(watcher, "Unsubscribe");
    const answer = await watcher.unsubscribeAll();
    t.equal(answer.endedUserIds, [one, two], "ended_user_ids, by their bytes, of rows that were made in another order");
    t.equal(answer.failures.length, 0, "failures");
  },
};

const allOfNone: Check = {
  id: "unsub-all/again",
  title: "Unsubscribes all twice, then subscribes: the second call succeeds too, and the new row stands",
  timeMs: (profile) => paceMs(profile, { Unsubscribe: 2, Subscribe: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const watcher = await t.session();
    const { id } = await t.user();
    rowIn(t, await pace.subscribe(watcher, [id]), id);
    for (let calls = 0; calls < 2; calls++) {
      await pace.room(watcher, "Unsubscribe");
      await watcher.unsubscribeAll();
      t.equal(await targetsOf(watcher), [], "targets of the rows after Unsubscribe with all");
    }
    rowIn(t, await pace.subscribe(watcher, [id]), id);
    t.equal(await targetsOf(watcher), [id], "targets of the rows after a new Subscribe");
  },
};

function meansAll(profile: Profile): true | string {
  return profile.subscription?.emptyUnsubscribeMeansAll === true || "an empty list does not mean all";
}

function meansNothing(profile: Profile): true | string {
  return profile.subscription?.emptyUnsubscribeMeansAll !== true || "an empty list means all";
}

async function refusesEmpty(t: Bench, users: readonly string[] | "unset"): Promise<void> {
  const pace = createPace(t);
  const watcher = await t.session();
  const { id } = await t.user();
  rowIn(t, await watcher.subscribe([id]), id);
  await pace.room(watcher, "Unsubscribe");
  await t.refused(watcher.raw.unsubscribe(users), "BATCH_EMPTY", "Unsubscribe without ids");
  t.equal(await targetsOf(watcher), [id], "targets of the rows after the refused call");
  await pace.unsubscribe(watcher, [id]);
  t.equal(await targetsOf(watcher), [], "targets of the rows after Unsubscribe with the id");
}

function emptyRefused(name: string, title: string, users: readonly string[] | "unset"): Check {
  return {
    id: `unsub-empty/${name}-refused`,
    title,
    applies: meansNothing,
    timeMs: (profile) => paceMs(profile, { Unsubscribe: 2 }),
    run: (t: Bench) => refusesEmpty(t, users),
  };
}

function emptyIsAll(name: string, title: string, users: readonly string[] | "unset"): Check {
  return {
    id: `unsub-empty/${name}-is-all`,
    title,
    applies: meansAll,
    timeMs: fillMs,
    run: (t: Bench) => endsEveryRow(t, (watcher) => watcher.raw.unsubscribe(users)),
  };
}

export const unsubscribeAllChecks: readonly Check[] = [
  allRows,
  everySession,
  allNamed,
  allOfNone,
  emptyRefused("list", "Unsubscribes an empty list where that does not mean all: refused, and the row stands", []),
  emptyRefused(
    "unset",
    "Unsubscribes without any target where that does not mean all: refused, and the row stands",
    "unset",
  ),
  emptyIsAll("list", "Unsubscribes an empty list where that means all: every row ends and is told", []),
  emptyIsAll("unset", "Unsubscribes without any target where that means all: every row ends and is told", "unset"),
];
