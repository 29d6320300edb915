// Checks of SPEC §8, custom-expires: that the end of a text goes with the text.

import type { Profile } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { seen } from "./lib/b-sessions.ts";
import { all, sampleText, textEndOf, textOf } from "./lib/b-values.ts";
import { textsEnd, textTtl } from "./lib/c-actors.ts";

/** The first text is set, cleared, and another set. */
const calls = 3;

/** Long enough to set, clear and set again before the end of the first. */
function ttlOf(profile: Profile): { ttlMs: number; given: boolean } | undefined {
  return textTtl(profile, 3_000 + 2 * paceMs(profile, { SetCustomStatus: calls }));
}

function lastsMs(profile: Profile): number {
  return ttlOf(profile)?.ttlMs ?? 0;
}

/** Checks of texts that are set when the one before was cleared. */
export const customTimerChecks: readonly Check[] = [
  {
    id: "custom-expires/set-after-clearing",
    title:
      "A text is cleared, and another set half-way through its time: that one stays when the first would have ended, and goes at its own end",
    applies: all(
      textsEnd,
      (profile) =>
        lastsMs(profile) > 2 * paceMs(profile, { SetCustomStatus: calls }) ||
        "texts end before the rate lets another be set",
    ),
    timeMs: (profile) => 2 * lastsMs(profile),
    run: async (t: Bench) => {
      const pace = createPace(t);
      const { session: watcher, watch } = await t.watcher();
      const owner = await t.session();
      const id = owner.user.id;
      await watcher.subscribe([id]);
      const givenMs = ttlOf(t.profile)?.given ? lastsMs(t.profile) : undefined;
      const [first, second] = [sampleText(t, 0), sampleText(t, 1)];
      const firstEnd = textEndOf(t, (await pace.set(owner, first, givenMs)).self?.status, "the first SetCustomStatus");
      await pace.set(owner, "");
      await pace.room(owner, "SetCustomStatus");
      await t.time.reach(firstEnd - Math.floor(lastsMs(t.profile) / 2), "all");
      const answer = givenMs === undefined ? await owner.set(second) : await owner.set(second, givenMs);
      const secondEnd = textEndOf(t, answer.self?.status, "the second SetCustomStatus");
      await t.time.reach(firstEnd, "all");
      t.equal(textOf(await seen(t, id)), second, "text in a query when the one that was cleared would have ended");
      const mark = await watch.fence();
      t.equal(textOf(watch.held(id)), second, "text on the Watch when the one that was cleared would have ended");
      await t.time.reach(secondEnd, "all");
      t.equal(textOf(await seen(t, id)), "", "text in a query at its own expire_time");
      await watch.status(id, "a status without the text, after its own expire_time", (one) => textOf(one) === "", mark);
    },
  },
];
