// SPEC §11.3, claim `resume`: that a Watch is RESUMED whatever happened meanwhile, save what the requirement names.
import { type Profile, ResumeResult } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { callsAtOnce, flip, logInTimes, roomFor, targets } from "./lib/c-actors.ts";
import { comeBack, goAway, sameDevice } from "./lib/c-away.ts";
import { foldToFence, holdsAll, resumeResultOf } from "./lib/c-state.ts";
import { keepAliveMs, progressBy, progressDueMs } from "./lib/c-wall.ts";

/** So many rows may end before a server may give RESET. */
const endedMax = 500;
/** At most so many calls of each kind end them. */
const endingCalls = 20;
/** Changes that each of a crowd makes. */
const changesEach = 50;
/** How long a Watch stays open: longer than what a cursor needs is kept after its end. */
const longWatchMs = 120_000;

/** Sizes of the batches in which rows are made and ended, without running into a limit. One call is left to make another row. */
function endingBatches(profile: Profile): number[] {
  const { subscribeBatchMax = 1, unsubscribeBatchMax = 1, maxSubscriptions = 1 } = profile.subscription ?? {};
  const size = Math.min(endedMax, subscribeBatchMax, unsubscribeBatchMax, maxSubscriptions);
  const calls = Math.min(endingCalls, callsAtOnce(profile, "Subscribe") - 1, callsAtOnce(profile, "Unsubscribe"));
  const sizes: number[] = [];
  for (let left = Math.min(endedMax, size * calls); left > 0; left -= size) sizes.push(Math.min(size, left));
  return sizes;
}

/** Checks of when a Watch is resumed. */
export const resumeUsedChecks: readonly Check[] = [
  {
    id: "resume-used/rows-ended",
    title: "one's own text was set, up to 500 rows ended, and one was made anew: a Watch is RESUMED",
    async run(t: Bench) {
      const sizes = endingBatches(t.profile);
      const [first = 0] = sizes;
      const ids = (await t.users(first)).map((user) => user.id);
      const client = await goAway(t, ids);
      await client.session.set("mine");
      for (const [round, size] of sizes.entries()) {
        if (round > 0) await client.session.subscribe(ids.slice(0, size));
        await client.session.unsubscribe(ids.slice(0, size));
      }
      if (first > 0) await client.session.subscribe(ids.slice(0, 1));
      const { watch } = await comeBack(t, client, "after rows ended");
      t.equal(resumeResultOf(watch), ResumeResult.RESUMED, "resume_result after at most 500 rows ended");
    },
  },
  {
    id: "resume-used/others-changed",
    title: "a Watch is RESUMED however often other users changed meanwhile, targets and strangers",
    async run(t: Bench) {
      const crowd = await targets(t, 8);
      const client = await goAway(
        t,
        crowd.slice(0, 2).map((target) => target.id),
      );
      await Promise.all(
        crowd.map(async (target) => {
          for (let changes = 0; changes < changesEach; changes += 1) await flip(target);
        }),
      );
      const { watch } = await comeBack(t, client, "after many changes of others");
      t.equal(resumeResultOf(watch), ResumeResult.RESUMED, "resume_result after many changes of others");
    },
  },
  {
    id: "resume-used/another-watch",
    title: "a Watch is RESUMED from its last cursor while another Watch of the user is open, which began later",
    claims: ["multi_session"],
    applies: roomFor(2),
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const [first, second] = await logInTimes(t, await t.user(), 2);
      await first.subscribe([target.id]);
      const watch = await first.watch();
      const held = await foldToFence(watch);
      await watch.close();
      await flip(target);
      const other = await second.watch();
      await flip(target);
      await other.fence();
      const back = await sameDevice(first);
      const again = await back.watch({ cursor: watch.cursor });
      t.equal(resumeResultOf(again), ResumeResult.RESUMED, "resume_result while another Watch of the user is open");
      await holdsAll(t, await foldToFence(again, held), back, "while another Watch of the user is open");
    },
  },
  {
    id: "resume-used/long-watch",
    title: "a Watch that was open for minutes is RESUMED from its last cursor, when that came at its opening, too",
    timeMs: () => longWatchMs,
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const session = await t.session();
      await session.subscribe([target.id]);
      const watch = await session.watch();
      await t.time.pass(longWatchMs, "all");
      await flip(target);
      const held = await foldToFence(watch);
      await watch.close();
      await flip(target);
      const back = await sameDevice(session);
      const again = await back.watch({ cursor: watch.cursor });
      t.equal(resumeResultOf(again), ResumeResult.RESUMED, "resume_result after a Watch that was open for minutes");
      await holdsAll(t, await foldToFence(again, held), back, "after a Watch that was open for minutes");
    },
  },
  {
    id: "resume-used/keep-alive",
    title: "a Watch whose last cursor is that of a keep-alive is RESUMED from it",
    wallMs: progressDueMs,
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const { session, watch } = await t.watcher();
      await session.subscribe([target.id]);
      const came = await progressBy(session, watch, progressDueMs(keepAliveMs(t)));
      t.ok(came, "a progress must come within the keep_alive_interval and some slack");
      const held = await foldToFence(watch);
      await watch.close();
      await flip(target);
      const back = await sameDevice(session);
      const again = await back.watch({ cursor: watch.cursor });
      t.equal(resumeResultOf(again), ResumeResult.RESUMED, "resume_result with the cursor of a keep-alive");
      await holdsAll(t, await foldToFence(again, held), back, "with the cursor of a keep-alive");
    },
  },
];
