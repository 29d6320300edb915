// A logout, and the login after it, as a right server answers them.
import { WatchEndReason } from "@userstatus/protocol";
import { CheckFailure } from "../../failure.ts";
import { durationOf } from "../../units.ts";
import type { ClientBench } from "../check.ts";
import { firstEpoch, selfOf, statusOf } from "../server/replies.ts";
import type { OpeningOptions, ServerWatch } from "../server/server-watch.ts";

const loggedOut = 3;

/** Higher than what the usual answers tell of oneself. */
const lateRevision = 2_000_000;

/** Lets the client log out, and in again: the next Watch is of another session, and opened as `openingOf` says. */
export async function logsInAgain(
  t: ClientBench,
  watch: ServerWatch,
  openingOf: (next: ServerWatch) => OpeningOptions,
): Promise<ServerWatch> {
  const { heartbeatMs } = t.server.settings;
  t.server.script({
    logout: () => {
      watch.end({ reason: WatchEndReason.LOGGED_OUT });
      return { epoch: firstEpoch, self: { status: statusOf(t.user, lateRevision, "", loggedOut), sessions: [] } };
    },
    login: () => ({
      sessionId: "session-2",
      epoch: firstEpoch,
      self: selfOf(t.user, lateRevision + 1),
      lease: durationOf(heartbeatMs * 3),
      heartbeatInterval: durationOf(heartbeatMs),
    }),
  });
  await t.must("logout must succeed", t.client.ask({ op: "logout" }));
  const what = "a client that logs in again after a logout must open a Watch";
  const login = t.client.ask({ op: "login" });
  const refused = login.then((answer): Promise<never> => {
    if ("error" in answer) throw new CheckFailure(what, "a login that succeeds", JSON.stringify(answer.error));
    return new Promise(() => {});
  });
  const next = await Promise.race([t.nextWatch(what), refused]);
  t.equal(next.sessionId, "session-2", "the session of the Watch after the second login");
  t.server.fenceRevision.next();
  next.open(openingOf(next));
  await t.must("a login after a logout must succeed", login);
  return next;
}
