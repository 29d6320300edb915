// Checks of SPEC §10.1, `sub-refresh`: refresh_time is when the row was made, and then when it was last refreshed.
import type { Profile } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { sameInstant, spanOf } from "./lib/a-instants.ts";
import { rateOf, windowMs } from "./lib/b-pace.ts";
import { longestRowTtl } from "./lib/b-times.ts";
import { rowIn, rowListed, timeOf } from "./lib/b-values.ts";

/** What lies between the two calls: more than two tellings of one instant may where time runs, and room in the rate. */
function stepMs(profile: Profile): number {
  const rule = rateOf(profile, "Subscribe");
  return 4_000 + (rule === undefined ? 0 : windowMs(rule));
}

const refreshTime: Check = {
  id: "sub-refresh/refresh-time",
  title: "Subscribes to a target twice: refresh_time is when the call was made, each time, in answer, list and Watch",
  timeMs: stepMs,
  run: async (t: Bench) => {
    const { session: watcher, watch } = await t.watcher();
    const { id } = await t.user();
    for (const time of ["first", "second"]) {
      if (time === "second") await t.time.pass(stepMs(t.profile), "all");
      const mark = watch.mark();
      const answers: Awaited<ReturnType<typeof watcher.subscribe>> = [];
      const span = await spanOf(t, async () => {
        answers.push(...(await watcher.subscribe([id], longestRowTtl(t.profile))));
      });
      const answered = timeOf(rowIn(t, answers, id).row.refreshTime) ?? Number.NaN;
      sameInstant(t, answered, span, `refresh_time in the answer to the ${time} Subscribe`);
      const listed = rowListed(t, await watcher.list(), id).row;
      t.equal(timeOf(listed.refreshTime), answered, `refresh_time in ListSubscriptions after the ${time} Subscribe`);
      await watch.find(
        `\`subscribed\` with the refresh_time of the ${time} Subscribe`,
        (event) =>
          event.case === "subscribed" && event.value.userId === id && timeOf(event.value.refreshTime) === answered
            ? true
            : undefined,
        mark,
      );
    }
  },
};

export const subscribeRefreshTimeChecks: readonly Check[] = [refreshTime];
