// client-asked: rows and text change when the app asks for it, and not by themselves.
import type { ClientBench, ClientCheck } from "../check.ts";
import type { ServerWatch } from "../server/server-watch.ts";
import { secondSession } from "./lib.ts";

/** Longer than a client takes for what it does when a stream has begun. */
const quietMs = 700;

/** Sees to it that it changes nothing, though its stream has just begun. */
async function changesNothing(t: ClientBench, mark: number, when: string): Promise<void> {
  await t.quiet(`${when} a client must change nothing that the app did not ask for`, quietMs, () => {
    const [call] = t.server.arrivals.after(mark, "subscribe", "unsubscribe", "setCustomStatus");
    return call === undefined ? undefined : `a call of ${call.method}`;
  });
}

/** Lets it come back, once to its session and once after a new login; each snapshot is without rows of before. */
async function comesBackTwice(t: ClientBench, watch: ServerWatch): Promise<void> {
  let mark = t.server.arrivals.mark();
  watch.finish();
  const next = await t.nextOpenWatch("a client must come back after a stream that closed");
  await changesNothing(t, mark, "after a return to its session");
  mark = t.server.arrivals.mark();
  await secondSession(t, next);
  await changesNothing(t, mark, "after a new login");
}

export const askedChecks: readonly ClientCheck[] = [
  {
    id: "client-asked/rows",
    title: "after a return it does not subscribe by itself to whom it was subscribed",
    longMs: () => quietMs * 2,
    run: async (t) => {
      const watch = await t.connect();
      await t.must("subscribe must succeed", t.client.ask({ op: "subscribe", users: ["alice"] }));
      await comesBackTwice(t, watch);
    },
  },
  {
    id: "client-asked/text",
    title: "neither after a return nor by a new login it sets the text anew that was set last",
    ops: ["setText"],
    longMs: () => quietMs * 2,
    run: async (t) => {
      const watch = await t.connect();
      await t.must("setText must succeed", t.client.ask({ op: "setText", text: "at lunch" }));
      await comesBackTwice(t, watch);
      const texts = t.server.arrivals
        .after(0, "login")
        .map(({ request }) => (request as { customStatus?: { text?: string } }).customStatus?.text ?? "");
      t.equal([...new Set(texts)], [""], "the texts in its logins, which the app gave none");
    },
  },
];
