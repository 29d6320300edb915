// client-snapshot, of cursors: one comes back as it was given, and only from a client that still holds what it stands for.
import type { ClientBench, ClientCheck } from "../check.ts";
import type { EventInit, ServerWatch } from "../server/server-watch.ts";
import { logsInAgain } from "./again.ts";
import { heldTargets, target } from "./lib.ts";

/** Every byte that there is; the shortest one; what is no text. */
const cursors = [
  Uint8Array.from({ length: 256 }, (_, at) => 255 - at),
  Uint8Array.of(0),
  Uint8Array.of(255, 0, 192, 10),
];
const [first = new Uint8Array(), second = new Uint8Array(), third = new Uint8Array()] = cursors;

function snapshotEnd(cursor: Uint8Array): EventInit {
  return { case: "snapshotEnd", value: { cursor } };
}

function hex(cursor: Uint8Array): string {
  return Buffer.from(cursor).toString("hex");
}

/** The next Watch, after this one has broken. */
async function comesBack(t: ClientBench, watch: ServerWatch): Promise<ServerWatch> {
  watch.finish();
  return await t.nextWatch("after a stream that broke a client must come back");
}

export const cursorChecks: readonly ClientCheck[] = [
  {
    id: "client-snapshot/cursor-bytes",
    title: "a cursor comes back byte by byte as it was given, text or not",
    run: async (t) => {
      const login = t.client.ask({ op: "login" });
      const watch = await t.nextWatch("a client that logs in must open a Watch");
      watch.open({ incomplete: true });
      // Keep-alives have cursors of their own.
      watch.silence();
      watch.send(snapshotEnd(first));
      await t.must("login must succeed", login);
      await t.fence(watch);
      const next = await comesBack(t, watch);
      next.open({ resumed: next.cursor.length > 0, incomplete: true });
      next.silence();
      next.send(snapshotEnd(second));
      next.send({ case: "progress", value: { cursor: third } });
      if (next.cursor.length === 0) t.notApplicable("the client opens each Watch without a cursor");
      t.equal(hex(next.cursor), hex(first), "the cursor of a Watch after one whose snapshot_end gave this one");
      await t.fence(next);
      const last = hex((await comesBack(t, next)).cursor);
      t.ok(
        last === "" || cursors.some((cursor) => hex(cursor) === last),
        "the cursor of the Watch after a progress with another one",
        cursors.map(hex).join(", or "),
        last,
      );
    },
  },
  {
    id: "client-snapshot/cursor-after-logout",
    title: "a Watch after a logout and a login that goes on from a cursor: what it does not name is still held",
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 5) });
      const next = await logsInAgain(t, watch, ({ cursor }) =>
        cursor.length > 0 ? { resumed: true } : { events: target("alice", 5) },
      );
      const { statuses, subscriptions } = await t.fence(next);
      t.equal(heldTargets(statuses), ["alice"], "the targets held after a login from whose cursor on there is no news");
      t.equal(heldTargets(subscriptions), ["alice"], "the rows held after it");
    },
  },
];
