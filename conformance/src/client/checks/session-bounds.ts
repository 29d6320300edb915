// client-session, at its bounds: a login says what it logs in, another one may follow a logout, and what is closed leaves its stream.
import { setTimeout as sleep } from "node:timers/promises";
import type { ClientBench, ClientCheck } from "../check.ts";
import type { Backoff } from "../contract/contract.ts";
import type { ServerWatch } from "../server/server-watch.ts";
import { logsInAgain } from "./again.ts";
import { target } from "./lib.ts";

/** How often a stream is looked at. */
const lookMs = 25;

/** Longer than the first waits of any client, so that one that comes back is seen. */
function quietMs({ baseMs }: Backoff): number {
  return Math.min(6_000, Math.max(1_000, baseMs * 4));
}

/** Waits until the client has left the stream. A client that was closed is asked nothing more. */
async function leaves(t: ClientBench, watch: ServerWatch, what: string): Promise<void> {
  const until = performance.now() + t.patienceMs;
  while (!watch.isOver() && performance.now() < until) await sleep(lookMs);
  t.ok(watch.isOver(), what, "an end of its stream", "it is still open");
}

export const sessionBoundsChecks: readonly ClientCheck[] = [
  {
    id: "client-session/platform",
    title: "each login names a platform: no server takes one without",
    run: async (t) => {
      await t.connect();
      const platforms = t.server.arrivals.after(0, "login").map(({ request }) => Number(request.platform ?? 0));
      t.ok(
        platforms.every((platform) => platform !== 0),
        "the platform of Login",
        "any but UNSPECIFIED",
        "UNSPECIFIED",
      );
    },
  },
  {
    id: "client-session/login-again",
    title: "after a logout the user can log in again, and is told what goes on",
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 5) });
      const next = await logsInAgain(t, watch, () => ({ events: target("alice", 9, "again") }));
      const { statuses } = await t.fence(next);
      t.equal(statuses.alice?.text, "again", "alice's text after the second login");
    },
  },
  {
    id: "client-session/closed-stream",
    title: "a client that is closed leaves its stream, and opens no other",
    longMs: quietMs,
    run: async (t) => {
      const watch = await t.connect({ events: target("alice", 1) });
      const mark = t.server.arrivals.mark();
      await t.must("close must succeed", t.client.ask({ op: "close" }));
      await leaves(t, watch, "a client that is closed must leave its stream");
      await t.quiet("a client that is closed must not come back", quietMs(t.backoff), () => {
        const [call] = t.server.arrivals.after(mark, "watch", "login");
        return call === undefined ? undefined : `a call of ${call.method}`;
      });
    },
  },
];
