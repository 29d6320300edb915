// A Watch that was opened with a cursor, whether it is RESUMED or not, is a Watch as any other: for the lease, the link and a logout (SPEC §6).
// What comes live on it: resume-live.ts.
import { WatchEndReason } from "@userstatus/protocol";
import type { Bench, Check, TestSession, TestWatch } from "../check.ts";
import { half, halvesMs, livesUntil, lostAfterGrace } from "./lib/a-lease.ts";
import { gracesMs, platformName, ruleSamples, silenceMs } from "./lib/a-profile.ts";
import { closeLink, openedAt } from "./lib/a-scenes.ts";

/** A Watch with the cursor of the one that it replaces. */
async function watchAgain(session: TestSession, first: TestWatch): Promise<TestWatch> {
  await first.fence();
  return session.watch({ cursor: first.cursor });
}

/** Checks of what a Watch with a cursor does beside what it tells. */
export const cursorOpenedChecks: readonly Check[] = [
  {
    id: "lease-watch/with-a-cursor",
    title: "Opening a Watch with a cursor starts the lease anew",
    timeMs: (profile) => halvesMs(profile, ruleSamples(profile)) + silenceMs(profile, ruleSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of ruleSamples(t.profile)) {
        const session = await (await t.user()).login({ platform });
        const first = await session.watch();
        await t.time.pass(half(t.profile, platform));
        const watch = await watchAgain(session, first);
        await livesUntil(
          t,
          session,
          openedAt(t, watch),
          "a session that opened a Watch with a cursor at half its lease",
        );
      }
    },
  },
  {
    id: "link-close/with-a-cursor",
    title: "When the client ends a Watch that was opened with a cursor the grace starts at once",
    timeMs: (profile) => gracesMs(profile, ruleSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of ruleSamples(t.profile)) {
        const session = await (await t.user()).login({ platform });
        const span = await closeLink(t, await watchAgain(session, await session.watch()));
        const what = `after the client ended a Watch that was opened with a cursor, on ${platformName(platform)}`;
        await lostAfterGrace(t, session, span, what);
      }
    },
  },
  {
    id: "logout-ends-watch/with-a-cursor",
    title: "The Watch that was opened with a cursor, of a session that is logged out, ends with LOGGED_OUT",
    run: async (t: Bench) => {
      const { session, watch: first } = await t.watcher();
      const watch = await watchAgain(session, first);
      await watch.fence();
      await session.logout();
      const { end } = await watch.end("The Watch that was opened with a cursor, of a session that was logged out");
      t.equal(end?.reason, WatchEndReason.LOGGED_OUT, "Reason of watch_end after Logout");
      t.equal(end?.mayResume, false, "may_resume of watch_end after Logout");
    },
  },
];
