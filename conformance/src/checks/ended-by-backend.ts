// Checks of SPEC §18 and §7, sessions that the backend ends: which of those that it names, and when its user's status changed.
import { OnlineStatus } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { sameInstant, spanOf } from "./lib/a-instants.ts";
import { look, msOf } from "./lib/a-scenes.ts";

/** More than what two instants that are the same may be told apart where time runs. */
const apartMs = 3_000;

async function overFor(t: Bench, { raw }: TestSession, reason: string, what: string): Promise<void> {
  const { endReason } = await t.refused(raw.heartbeat(), "SESSION_ENDED", `Heartbeat of ${what}`);
  t.equal(endReason, reason, `end_reason of ${what}`);
}

export const endedByBackendChecks: readonly Check[] = [
  {
    id: "admin-end/over-already",
    title: "EndSessions names of the sessions that it is given only those that it ended: none that were over before",
    tools: ["admin"],
    run: async (t: Bench) => {
      const user = await t.user();
      const loggedOut = await user.login();
      await loggedOut.logout();
      const ended = await user.login();
      t.equal(await t.admin.endSessions(user.id, [ended.id]), [ended.id], "sessions that the first EndSessions ended");
      const live = await user.login();
      const named = [loggedOut.id, ended.id, live.id];
      t.equal(
        await t.admin.endSessions(user.id, named),
        [live.id],
        "sessions that EndSessions ended of one live and two over",
      );
      await overFor(t, loggedOut, "LOGGED_OUT", "the session that was logged out before");
      await overFor(t, live, "ADMIN", "the session that was live");
    },
  },
  {
    id: "online-times/ended-by-backend",
    title:
      "online_status_update_time of a user whose sessions the backend ended is when it did; the time of his text stays",
    tools: ["admin"],
    applies: (profile) => profile.status?.timestamps === true || "the profile shows no times",
    timeMs: () => apartMs,
    run: async (t: Bench) => {
      const session = await t.session({ text: "still here" });
      const { id } = session.user;
      const before = await look(t, id);
      await t.time.pass(apartMs, [session]);
      const change = await spanOf(t, () => t.admin.endSessions(id));
      const after = await look(t, id);
      t.equal(after.onlineStatus, OnlineStatus.LOGGED_OUT, "online status after EndSessions");
      sameInstant(t, msOf(after.onlineStatusUpdateTime), change, "online_status_update_time after EndSessions");
      t.ok(
        msOf(after.updateTime) >= msOf(after.onlineStatusUpdateTime),
        "update_time after EndSessions is that of the change, or later",
        after.updateTime,
      );
      t.equal(
        after.customStatusUpdateTime,
        before.customStatusUpdateTime,
        "custom_status_update_time after EndSessions",
      );
    },
  },
];
