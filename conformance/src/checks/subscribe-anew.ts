// Checks of SPEC §10.2, sub-expires, of a row that was made anew: nothing of the one before is left.
import type { Bench, Check } from "../check.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { rowTtlMs, rowTtlsDiffer } from "./lib/b-times.ts";
import { rowEndOf, rowIn, rowListed, timeOf } from "./lib/b-values.ts";
import { endsOf } from "./lib/b-watch.ts";

const ownTime: Check = {
  id: "sub-expires/made-anew",
  title:
    "Subscribes, unsubscribes, and subscribes with a longer ttl: when the first row would have ended, the new one stands",
  applies: rowTtlsDiffer,
  timeMs: (profile) => rowTtlMs(profile) + paceMs(profile, { Subscribe: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const { session: watcher, watch } = await t.watcher();
    const { id } = await t.user();
    const first = rowIn(t, await pace.subscribe(watcher, [id], rowTtlMs(t.profile)), id).row;
    await pace.unsubscribe(watcher, [id]);
    const { row } = rowIn(t, await pace.subscribe(watcher, [id], rowTtlMs(t.profile, 3)), id);
    await t.time.reach(rowEndOf(t, first, "the first Subscribe"), "all");
    const listed = rowListed(t, await watcher.list(), id, "ListSubscriptions at the end of the first row").row;
    t.equal(listed.generation, row.generation, "generation of the row at the end of the first one");
    t.equal(timeOf(listed.expireTime), timeOf(row.expireTime), "expire_time of the row at the end of the first one");
    await watch.fence();
    const ended = endsOf(watch, id).filter(({ generation }) => generation >= row.generation);
    t.equal(ended.length, 0, "ends told of the new row at the end of the first one");
  },
};

/** Checks of rows that were made anew. */
export const subscribeAnewChecks: readonly Check[] = [ownTime];
