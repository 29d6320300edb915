// Checks of SPEC §10.1, ttls of rows: the range that the caller may give, and what holds without.
import type { Profile } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { between } from "./lib/a-instants.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { all, msOf, rowEndOf, rowIn, rowListed, timeOf } from "./lib/b-values.ts";
import { awaitRow } from "./lib/b-watch.ts";

const twoCalls = (profile: Profile): number => paceMs(profile, { Subscribe: 2 });

function ttlRange(t: Bench): [number, number] {
  const minMs = msOf(t.profile.subscription?.minTtl);
  const maxMs = msOf(t.profile.subscription?.maxTtl);
  t.ok(minMs !== undefined && maxMs !== undefined, "the profile gives min_ttl and max_ttl of subscriptions");
  return [minMs, maxMs];
}

function takes(name: string, title: string, pick: (minMs: number, maxMs: number) => number): Check {
  return {
    id: `sub-ttl/${name}`,
    title,
    run: async (t: Bench) => {
      const [minMs, maxMs] = ttlRange(t);
      const ttlMs = pick(minMs, maxMs);
      const { session: watcher, watch } = await t.watcher();
      const { id } = await t.user();
      const earliest = await t.time.now();
      const { row } = rowIn(t, await watcher.subscribe([id], ttlMs), id);
      const latest = await t.time.now();
      const end = rowEndOf(t, row, "Subscribe");
      const madeAt = end - ttlMs;
      between(t, madeAt, earliest, latest, "expire_time less the ttl");
      t.equal(
        timeOf(rowListed(t, await watcher.list(), id).row.expireTime),
        end,
        "expire_time in ListSubscriptions, against Subscribe",
      );
      const told = await awaitRow(watch, id, "`subscribed` on the caller's Watch");
      t.equal(timeOf(told.row.expireTime), end, "expire_time on the Watch, against Subscribe");
    },
  };
}

function refuses(name: string, title: string, pick: (minMs: number, maxMs: number) => number): Check {
  return {
    id: `sub-ttl/${name}`,
    title,
    timeMs: twoCalls,
    run: async (t: Bench) => {
      const pace = createPace(t);
      const [minMs, maxMs] = ttlRange(t);
      const ttlMs = pick(minMs, maxMs);
      const watcher = await t.session();
      const { id } = await t.user();
      await pace.room(watcher, "Subscribe");
      await t.refused(watcher.raw.subscribe([id], ttlMs), "TTL_OUT_OF_RANGE", `Subscribe with a ttl of ${ttlMs} ms`);
      rowEndOf(t, rowIn(t, await pace.subscribe(watcher, [id], maxMs), id).row, "Subscribe with a ttl in range");
    },
  };
}

/** Close to the longest duration that Protobuf can say: 10,000 years. */
const hugeMs = 315_576_000_000_000;

const ttlDefault: Check = {
  id: "sub-ttl-absent/default",
  title: "Subscribes without a ttl where there is a default: the row ends default_ttl later",
  applies: (profile) => profile.subscription?.defaultTtl !== undefined || "rows have no default_ttl",
  run: async (t: Bench) => {
    const defaultMs = msOf(t.profile.subscription?.defaultTtl) ?? 0;
    const watcher = await t.session();
    const { id } = await t.user();
    const earliest = await t.time.now();
    const { row } = rowIn(t, await watcher.subscribe([id], null), id);
    const latest = await t.time.now();
    const end = rowEndOf(t, row, "Subscribe without a ttl");
    const madeAt = end - defaultMs;
    between(t, madeAt, earliest, latest, "expire_time less default_ttl");
    t.equal(
      timeOf(rowListed(t, await watcher.list(), id).row.expireTime),
      end,
      "expire_time in ListSubscriptions, against Subscribe",
    );
  },
};

const ttlMissing: Check = {
  id: "sub-ttl-absent/needed",
  title: "Subscribes without a ttl where the caller must give one: refused; with one it works",
  applies: all(
    (profile) => profile.subscription?.callerTtl === true || "the caller may not give a ttl",
    (profile) => profile.subscription?.defaultTtl === undefined || "rows have a default_ttl",
  ),
  timeMs: twoCalls,
  run: async (t: Bench) => {
    const pace = createPace(t);
    const [minMs] = ttlRange(t);
    const watcher = await t.session();
    const { id } = await t.user();
    await pace.room(watcher, "Subscribe");
    await t.refused(watcher.raw.subscribe([id], null), "TTL_OUT_OF_RANGE", "Subscribe without a ttl");
    rowEndOf(t, rowIn(t, await pace.subscribe(watcher, [id], minMs), id).row, "Subscribe with a ttl");
  },
};

const ttlNone: Check = {
  id: "sub-ttl-absent/none",
  title:
    "Subscribes without a ttl where rows have no time of their own: expire_time is unset in answer, list and Watch",
  applies: all(
    (profile) => profile.subscription?.callerTtl !== true || "the caller may give a ttl",
    (profile) => profile.subscription?.defaultTtl === undefined || "rows have a default_ttl",
  ),
  run: async (t: Bench) => {
    const { session: watcher, watch } = await t.watcher();
    const { id } = await t.user();
    const { row } = rowIn(t, await watcher.subscribe([id], null), id);
    t.equal(timeOf(row.expireTime), undefined, "expire_time in Subscribe");
    t.equal(
      timeOf(rowListed(t, await watcher.list(), id).row.expireTime),
      undefined,
      "expire_time in ListSubscriptions",
    );
    const told = await awaitRow(watch, id, "`subscribed` on the caller's Watch");
    t.equal(timeOf(told.row.expireTime), undefined, "expire_time on the Watch");
  },
};

const ttlUnsupported: Check = {
  id: "sub-ttl-unsupported/refused",
  title: "Gives a ttl where the profile takes none: refused; without it the row is made",
  applies: (profile) => profile.subscription?.callerTtl !== true || "the caller may give a ttl",
  timeMs: twoCalls,
  run: async (t: Bench) => {
    const pace = createPace(t);
    const watcher = await t.session();
    const { id } = await t.user();
    await pace.room(watcher, "Subscribe");
    await t.refused(watcher.raw.subscribe([id], 3_600_000), "TTL_NOT_SUPPORTED", "Subscribe with a ttl");
    rowIn(t, await pace.subscribe(watcher, [id], null), id);
  },
};

export const subscribeTtlChecks: readonly Check[] = [
  takes("least", "Gives min_ttl: taken, and shown as expire_time in answer, list and Watch", (minMs) => minMs),
  takes("greatest", "Gives max_ttl: taken, and shown as expire_time in answer, list and Watch", (_, maxMs) => maxMs),
  takes("between", "Gives a ttl that is no whole number of seconds: taken to the millisecond", (minMs, maxMs) =>
    Math.min(minMs + 1, maxMs),
  ),
  refuses("below-least", "Gives a ttl a tenth of a millisecond below min_ttl: refused", (minMs) => minMs - 0.1),
  refuses("above-greatest", "Gives a ttl a tenth of a millisecond above max_ttl: refused", (_, maxMs) => maxMs + 0.1),
  refuses("zero", "Gives a ttl of 0: refused", () => 0),
  refuses("negative", "Gives a negative ttl: refused", (minMs) => -minMs),
  refuses("huge", "Gives a ttl of 10,000 years: refused", () => hugeMs),
  ttlDefault,
  ttlMissing,
  ttlNone,
  ttlUnsupported,
];
