// client-resume-advice: what the refusal of a call or a Watch says of the session: to log in anew, or never by itself.
import { type SessionEndReason, WatchEndReason } from "@userstatus/protocol";
import { durationOf } from "../../units.ts";
import type { ClientBench, ClientCheck } from "../check.ts";
import { firstEpoch, refusal, selfOf } from "../server/replies.ts";
import { bytes, type ServerWatch } from "../server/server-watch.ts";
import { staysAway, watchMs } from "./advice.ts";
import { target } from "./lib.ts";

type EndReason = Exclude<keyof typeof SessionEndReason, "UNSPECIFIED">;

/** A call is the first to tell of a kick; then the stream breaks, and each Watch is refused. */
function kickSeenBy(
  id: string,
  title: string,
  provoke: (t: ClientBench, watch: ServerWatch) => Promise<void>,
): ClientCheck {
  return {
    id: `client-resume-advice/${id}`,
    title,
    longMs: () => 2_500,
    run: async (t) => {
      const watch = await t.connect();
      const kicked = (): never => {
        throw refusal("SESSION_ENDED", { end_reason: "KICKED" });
      };
      t.server.script({ heartbeat: kicked, subscribe: kicked });
      t.server.onWatch(kicked);
      const mark = t.server.arrivals.mark();
      await provoke(t, watch);
      await t.quiet("a client whose call was refused because of a kick must not log in by itself", watchMs(t), () => {
        const logins = t.server.arrivals.after(mark, "login").length;
        const watches = t.server.arrivals.after(mark, "watch").length;
        // Its Watch may be tried once more: only the answer may have told it.
        return logins === 0 && watches <= 1 ? undefined : `${logins} logins, ${watches} Watches`;
      });
    },
  };
}

/** Its stream breaks, and the next Watch is refused: the session is over for good. */
function refusedForGood(id: string, endReason: EndReason, title: string): ClientCheck {
  return {
    id: `client-resume-advice/${id}`,
    title,
    longMs: () => 2_000,
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 1) });
      t.server.onWatch(() => {
        throw refusal("SESSION_ENDED", { end_reason: endReason });
      });
      const mark = t.server.arrivals.mark();
      watch.finish();
      const what = "after a stream that broke a client must come back";
      const refused = await t.server.arrivals.next(what, mark, t.backoff.maxMs + t.patienceMs, "watch");
      const stays = `after a refusal with the end_reason ${endReason} a client must not come back by itself`;
      await staysAway(t, refused.index + 1, stays);
    },
  };
}

/** Its stream ends, and the next Watch is refused: the session is over, and another one may be had. */
function logsInAnew(id: string, endReason: EndReason, title: string): ClientCheck {
  return {
    id: `client-resume-advice/${id}`,
    title,
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 1) });
      t.server.onWatch(({ request }) => {
        if (request.sessionId === "session-1") throw refusal("SESSION_ENDED", { end_reason: endReason });
      });
      t.server.script({
        login: () => ({
          sessionId: "session-2",
          epoch: firstEpoch,
          self: selfOf(t.user, 2),
          lease: durationOf(90_000),
          heartbeatInterval: durationOf(30_000),
        }),
      });
      watch.end({ reason: WatchEndReason.LEASE_EXPIRED, mayResume: true });
      const limitMs = t.backoff.maxMs * 2 + t.patienceMs;
      const next = await t.nextOpenWatch(
        `a client that may resume must log in where its session is over with the end_reason ${endReason}`,
        { events: target("alice", 2) },
        limitMs,
      );
      t.equal(next.sessionId, "session-2", "the session of the new Watch");
    },
  };
}

export const adviceSessionsChecks: readonly ClientCheck[] = [
  kickSeenBy(
    "kick-seen-by-call",
    "where a call is the first to tell of the kick, the client stays away as well",
    async (t, watch) => {
      const mark = t.server.arrivals.mark();
      watch.send({ case: "progress", value: { cursor: bytes("cursor-1"), heartbeatRequested: true } });
      await t.server.arrivals.next("a client must answer heartbeat_requested", mark, t.patienceMs, "heartbeat");
      watch.finish();
    },
  ),
  kickSeenBy(
    "kick-seen-by-subscribe",
    "a call of the app that is refused because of a kick is not made again after a login",
    async (t, watch) => {
      const mark = t.server.arrivals.mark();
      // Whether it fails, and when, is no matter here.
      t.client.ask({ op: "subscribe", users: ["alice"] }).catch(() => {});
      await t.server.arrivals.next("the command subscribe must call Subscribe", mark, t.patienceMs, "subscribe");
      watch.end({ reason: WatchEndReason.KICKED });
    },
  ),
  refusedForGood(
    "ended-by-admin",
    "ADMIN",
    "stays away where its Watch is refused because the app's backend ended the session",
  ),
  refusedForGood(
    "ended-with-user",
    "USER_DELETED",
    "stays away where its Watch is refused because the user was deleted",
  ),
  logsInAnew(
    "lease-expired",
    "LINK_LOST",
    "after LEASE_EXPIRED with may_resume, and a session that is over because its link was lost, it logs in anew",
  ),
  logsInAnew("decayed", "DECAYED", "where the session is over because it decayed, it logs in anew"),
];
