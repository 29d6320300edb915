// client-fold: what answers bring beside Subscribe's, and the least of revisions.
import { durationOf } from "../../units.ts";
import type { ClientCheck } from "../check.ts";
import { firstEpoch, firstSession, selfOf, statusOf, subscribedResult } from "../server/replies.ts";
import { row, self, status, target } from "./lib.ts";

const epoch = firstEpoch;

export const answerFoldChecks: readonly ClientCheck[] = [
  {
    id: "client-fold/login",
    title: "one's own status in the answer to Login is held before the stream tells it",
    run: async (t) => {
      t.server.script({
        login: () => ({
          sessionId: firstSession,
          epoch,
          self: selfOf(t.user, 5, "at lunch"),
          lease: durationOf(t.server.settings.heartbeatMs * 3),
          heartbeatInterval: durationOf(t.server.settings.heartbeatMs),
        }),
      });
      const watch = await t.connect({ incomplete: true });
      const during = await t.fence(watch);
      t.equal(
        during.self?.text,
        "at lunch",
        "the own text of the answer to Login, in a snapshot that has not told it yet",
      );
      watch.send(self(t.user, 5, "at lunch"));
      watch.completeSnapshot();
      watch.send(self(t.user, 6, "back"));
      const after = await t.fence(watch);
      t.equal(after.self?.text, "back", "the own text after an event of revision 6, where Login answered 5");
    },
  },
  {
    id: "client-fold/query-self",
    title: "an answer to QueryStatuses about oneself, which is the view of others, leaves one's own revisions alone",
    ops: ["query"],
    run: async (t) => {
      const watch = await t.connect({ events: [self(t.user, 8, "at lunch")] });
      const value = statusOf(t.user, 900, "at lunch");
      t.server.script({
        queryStatuses: () => ({ epoch, results: [{ userId: t.user, result: { case: "status", value } }] }),
      });
      // A client may answer, or refuse, this by itself.
      await t.client.ask({ op: "query", users: [t.user] });
      const first = await t.fence(watch);
      t.equal(first.self?.revision, 8, "the own revision after an answer with the view of others (revision 900)");
      watch.send(self(t.user, 9, "back"));
      const second = await t.fence(watch);
      t.equal(second.self?.text, "back", "the own text after an event of revision 9 in the own view");
    },
  },
  {
    id: "client-fold/revision-zero",
    title:
      "a status of revision 0, which ids that were never used have, is held, from stream and answer; so is the next",
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 1) });
      watch.send(row("dora", 1), status("dora", 0, "", 3));
      const emil = subscribedResult("emil", 1, statusOf("emil", 0, "", 3));
      t.server.script({ subscribe: () => ({ epoch, results: [emil] }) });
      await t.must("subscribe must succeed", t.client.ask({ op: "subscribe", users: ["emil"] }));
      const { statuses } = await t.fence(watch);
      t.equal(statuses.dora?.online, "LOGGED_OUT", "the online status of dora, whom the stream told at revision 0");
      t.equal(statuses.emil?.online, "LOGGED_OUT", "the online status of emil, whom an answer told at revision 0");
      watch.send(status("dora", 1, "new here"));
      const after = await t.fence(watch);
      t.equal(after.statuses.dora?.text, "new here", "dora's text after a status of revision 1");
    },
  },
];
