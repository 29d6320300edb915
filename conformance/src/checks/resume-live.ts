// SPEC §11.3, claim `resume`: a Watch that goes on from a cursor since which nothing happened tells what happens then, as any other does.
import { OnlineStatus, type Subscription, SubscriptionEndReason } from "@userstatus/protocol";
import type { Bench, Check, TestSession, TestWatch } from "../check.ts";
import { rowIn, sampleText, textOf } from "./lib/b-values.ts";
import { awaitEnd } from "./lib/b-watch.ts";

interface Resumed {
  readonly watcher: TestSession;
  readonly watch: TestWatch;
  /** Behind what the opening told. */
  readonly mark: number;
  readonly target: TestSession;
  readonly row: Subscription;
}

/** Somebody with a row to a target, and a Watch that goes on from a cursor that covers both. */
async function resumed(t: Bench): Promise<Resumed> {
  const [watcher, target] = [await t.session(), await t.session()];
  const { row } = rowIn(t, await watcher.subscribe([target.user.id]), target.user.id);
  const first = await watcher.watch();
  await first.fence();
  const watch = await watcher.watch({ cursor: first.cursor });
  return { watcher, watch, mark: await watch.fence(), target, row };
}

/** Checks of what comes live on a Watch that went on from a cursor. */
export const resumeLiveChecks: readonly Check[] = [
  {
    id: "sub-delivers/after-resuming",
    title: "A Watch goes on from a cursor since which nothing happened: a change of a target reaches it",
    claims: ["resume"],
    run: async (t: Bench) => {
      const { watch, mark, target } = await resumed(t);
      await target.logout();
      const what = "LOGGED_OUT on the Watch that goes on from a cursor";
      await watch.status(target.user.id, what, (one) => one.onlineStatus === OnlineStatus.LOGGED_OUT, mark);
    },
  },
  {
    id: "unsub-ends/after-resuming",
    title: "A Watch goes on from a cursor since which nothing happened: the end of a row that stood before reaches it",
    claims: ["resume"],
    run: async (t: Bench) => {
      const { watcher, watch, mark, target, row } = await resumed(t);
      await watcher.unsubscribe([target.user.id]);
      const { generation } = row;
      const expected = { id: target.user.id, generation, reason: SubscriptionEndReason.UNSUBSCRIBED };
      await awaitEnd(t, watch, expected, "on the Watch that goes on from a cursor", mark);
    },
  },
  {
    id: "watch-self/after-resuming",
    title: "A Watch goes on from a cursor since which nothing happened: one's own text that is set then reaches it",
    claims: ["resume"],
    run: async (t: Bench) => {
      const { watcher, watch, mark } = await resumed(t);
      const text = sampleText(t);
      await watcher.set(text);
      await watch.self("self with the text that was set", ({ status }) => textOf(status) === text, mark);
    },
  },
];
