// SPEC §11.3, claim `resume`: rows that were made and that ended while a client was away.
import { OnlineStatus, type Profile } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { msOf } from "./lib/b-values.ts";
import {
  callsAtOnce,
  flip,
  longestRowMs,
  rowsWithinLimits,
  sessionOf,
  shortestRowMs,
  type Target,
  targets,
} from "./lib/c-actors.ts";
import { comeBack, endsAs, goAway, online, sceneCheck } from "./lib/c-away.ts";
import { foldToFence, type Held } from "./lib/c-state.ts";

function smallCap(profile: Profile): true | string {
  const cap = profile.subscription?.maxSubscriptions ?? 0;
  return (cap <= 500 && rowsWithinLimits(profile, cap) === cap) || `filling ${cap} rows takes too many calls`;
}

/** More ends of rows than a server may care to remember. */
const churnedRows = 1_200;
/** At most so many calls of each kind end them. */
const churnCalls = 30;

/** So many rows are made at once, and ended at once. */
function churnBatch(profile: Profile): number {
  const { subscribeBatchMax = 1, unsubscribeBatchMax = 1, maxSubscriptions = 1 } = profile.subscription ?? {};
  return Math.min(100, subscribeBatchMax, unsubscribeBatchMax, maxSubscriptions - 1);
}

function churns(profile: Profile): true | string {
  return churnBatch(profile) * churnCalls >= churnedRows || `ending ${churnedRows} rows takes too many calls`;
}

/** How long a user is not ONLINE until his rows end, in milliseconds; 0 where they don't. */
const absenceMs = (profile: Profile): number => msOf(profile.subscription?.dropAfterAbsence) ?? 0;

/** Time between making a row and refreshing it. */
const refreshedAfterMs = 1_000;

const rowsHeld = (held: Held, crowd: readonly Target[]): boolean[] => crowd.map((target) => held.rows.has(target.id));

const rows: Check[] = [
  sceneCheck("resume-ended/made", "a row that was made while the client was away is told, with its target's status", {
    away: async (_t, [, , , four], client) => {
      await client.session.subscribe([four.id]);
    },
    back: (t, crowd, held) => {
      t.equal(rowsHeld(held, crowd), [true, true, true, true], "which rows are held");
      t.equal(online(held, crowd[3]), OnlineStatus.ONLINE, "online status of the new row's target");
    },
  }),
  sceneCheck("resume-ended/unsubscribed", "a row that was unsubscribed is told", {
    away: async (_t, [one], client) => {
      await client.session.unsubscribe([one.id]);
    },
    back: (t, crowd, held, { watch, before }) => {
      t.equal(rowsHeld(held, crowd), [false, true, true, false], "which rows are held");
      endsAs(t, watch, before, crowd[0].id, "UNSUBSCRIBED");
    },
  }),
  sceneCheck("resume-ended/made-anew", "rows that ended and were made anew are told with their newer generations", {
    away: async (_t, [one, two], client) => {
      await client.session.unsubscribe([one.id, two.id]);
      // The other does not change: what is held of him must be so all the same.
      await flip(one);
      await client.session.subscribe([one.id, two.id]);
    },
    back: (t, crowd, held) =>
      t.equal(online(held, crowd[0]), OnlineStatus.LOGGED_OUT, "online status of the row's target"),
  }),
  sceneCheck(
    "resume-ended/target-gone",
    "rows whose targets were deleted are told: one that was listed after it, and one to a target who was registered anew",
    {
      away: async (t, [one, two], client) => {
        await t.admin.remove([one.id]);
        t.equal((await client.session.list()).length, 2, "number of rows listed after the deletion");
        await t.admin.remove([two.id]);
        await t.admin.register([two.id]);
      },
      back: (t, crowd, held, { watch, before }) => {
        t.equal(rowsHeld(held, crowd), [false, false, true, false], "which rows are held");
        for (const { id } of crowd.slice(0, 2)) endsAs(t, watch, before, id, "TARGET_GONE");
      },
    },
    { claims: ["user_registry", "admin"], tools: ["admin"] },
  ),
  {
    id: "resume-ended/refreshed",
    title: "a row that was refreshed with another ttl is told",
    claims: ["subscription_ttl"],
    applies: (profile) => longestRowMs(profile) > shortestRowMs(profile) || "all rows have one ttl",
    async run(t: Bench) {
      const [one, two] = await targets(t, 2);
      const client = await goAway(t, [one.id, two.id]);
      await client.session.subscribe([one.id], longestRowMs(t.profile));
      const { held } = await comeBack(t, client, "after a refresh");
      const [before, after] = [client.held.rows.get(one.id), held.rows.get(one.id)];
      t.equal(after?.generation, before?.generation, "generation of the row that was refreshed");
      t.ok(
        after?.expireTime?.seconds !== before?.expireTime?.seconds,
        "the row must be held with its newer expiry",
        after,
      );
    },
  },
  sceneCheck(
    "resume-ended/refreshed-later",
    "a row that was refreshed later, with the same ttl or none, is told as it stands",
    {
      away: async (t, [one, two, three, four], client) => {
        await t.time.pass(refreshedAfterMs, [client.session, ...[one, two, three, four].map(sessionOf)]);
        await client.session.subscribe([one.id]);
      },
      back: (t, [one, two], held, { before }) => {
        const [refreshed, row] = [held.rows.get(one.id), before.rows.get(one.id)];
        t.equal(refreshed?.generation, row?.generation, "generation of the row that was refreshed");
        t.equal(held.rows.get(two.id), before.rows.get(two.id), "a row that was not refreshed");
      },
    },
    { timeMs: () => refreshedAfterMs },
  ),
  sceneCheck(
    "resume-ended/absence",
    "rows that ended because their user stayed away are told",
    {
      away: async (t, _crowd, client) => {
        await client.session.logout();
        await t.time.pass(absenceMs(t.profile));
      },
      back: (t, crowd, held, { watch, before }) => {
        t.equal(held.rows.size, 0, "number of rows held");
        for (const { id } of crowd) endsAs(t, watch, before, id, "EXPIRED");
      },
    },
    { applies: (profile) => absenceMs(profile) > 0 || "rows don't end by absence", timeMs: absenceMs },
  ),
  {
    id: "resume-ended/expired",
    title: "rows whose time ran out are told",
    claims: ["subscription_ttl"],
    applies: (profile) => longestRowMs(profile) > shortestRowMs(profile) || "all rows have one ttl",
    timeMs: shortestRowMs,
    async run(t: Bench) {
      const [brief, lasting] = await targets(t, 2);
      const ttlMs = shortestRowMs(t.profile);
      const session = await t.session();
      const [row] = await session.subscribe([brief.id], ttlMs);
      await session.subscribe([lasting.id], longestRowMs(t.profile));
      t.ok(row?.result.case === "subscribed", "Subscribe must answer with a row", row?.result);
      const watch = await session.watch();
      const held = await foldToFence(watch);
      t.equal(held.rows.size, 2, "number of rows before");
      const { cursor } = watch;
      await watch.close();
      await t.time.pass(ttlMs, [brief, lasting].map(sessionOf));
      const back = await comeBack(t, { session, held, cursor }, "after the row's time");
      t.equal(rowsHeld(back.held, [brief, lasting]), [false, true], "which rows are held");
      endsAs(t, back.watch, held, brief.id, "EXPIRED");
    },
  },
  {
    id: "resume-ended/evicted",
    title: "a row that was evicted is told",
    applies: (profile: Profile) => {
      // One call more than it takes to fill the list: the rate must leave room for it.
      const { maxSubscriptions = 0, subscribeBatchMax = 1 } = profile.subscription ?? {};
      const calls = Math.ceil(maxSubscriptions / subscribeBatchMax) + 1;
      if (calls > callsAtOnce(profile, "Subscribe")) return `needs ${calls} calls of Subscribe at once`;
      return smallCap(profile);
    },
    async run(t: Bench) {
      const cap = t.profile.subscription?.maxSubscriptions ?? 0;
      const ids = (await t.users(cap + 1)).map((user) => user.id);
      const [oldest, newest] = [ids[0] ?? "", ids.at(-1) ?? ""];
      const client = await goAway(t, ids.slice(0, cap));
      await client.session.subscribe([newest]);
      const { held, watch } = await comeBack(t, client, "after an eviction");
      endsAs(t, watch, client.held, oldest, "EVICTED");
      t.equal(
        [held.rows.size, held.rows.has(oldest), held.rows.has(newest)],
        [cap, false, true],
        "number of rows, the oldest, the newest",
      );
    },
  },
  {
    id: "resume-ended/many",
    title: "the end of a row is told however many rows were made and ended after it: by its event, or by a snapshot",
    applies: churns,
    timeMs: (profile) => paceMs(profile, { Subscribe: churnCalls, Unsubscribe: churnCalls }),
    async run(t: Bench) {
      const batch = churnBatch(t.profile);
      const [first, ...others] = (await t.users(batch + 1)).map((user) => user.id);
      t.ok(first !== undefined, "there are users");
      const client = await goAway(t, [first]);
      await client.session.unsubscribe([first]);
      const pace = createPace(t);
      for (let ended = 0; ended < churnedRows; ended += batch) {
        await pace.subscribe(client.session, others);
        await pace.unsubscribe(client.session, others);
      }
      const { held } = await comeBack(t, client, "after many rows");
      t.equal(held.rows.size, 0, "number of rows held");
    },
  },
];

/** Checks of what a resumed Watch tells of rows. */
export const resumeRowChecks: readonly Check[] = rows;
