// Checks of SPEC §10.2, sub-target-gone, where somebody else looks, too: the Watches of all sessions, and an Unsubscribe that comes after the deletion.
import { SubscriptionEndReason } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { twoSessions } from "./lib/b-sessions.ts";
import { batchOf, rowIn, targetsOf } from "./lib/b-values.ts";
import { awaitEnd } from "./lib/b-watch.ts";
import { roomFor } from "./lib/c-actors.ts";
import { endsAs, sceneCheck } from "./lib/c-away.ts";

const everyWatch: Check = {
  id: "sub-target-gone/every-watch",
  title: "A target is deleted: the end of the row is told on the Watch of each session of the user",
  claims: ["multi_session"],
  tools: ["admin"],
  applies: roomFor(2),
  run: async (t: Bench) => {
    const [caller, other] = await twoSessions(t);
    const watches = [await caller.watch(), await other.watch()];
    const { id } = await t.user();
    const { generation } = rowIn(t, await caller.subscribe([id]), id).row;
    await t.admin.remove([id]);
    for (const watch of watches) {
      const expected = { id, generation, reason: SubscriptionEndReason.TARGET_GONE };
      await awaitEnd(t, watch, expected, "on each Watch, after the target was deleted");
    }
  },
};

const allAfterwards: Check = {
  id: "unsub-result/all-after-a-deletion",
  title: "One of two targets is deleted while no Watch is open, then all are unsubscribed: only the other is named",
  claims: ["user_registry"],
  tools: ["admin"],
  applies: batchOf(2),
  run: async (t: Bench) => {
    const watcher = await t.session();
    const [gone, other] = [await t.user(), await t.user()];
    const results = await watcher.subscribe([gone.id, other.id]);
    for (const { id } of [gone, other]) rowIn(t, results, id);
    await t.admin.remove([gone.id]);
    const answer = await watcher.unsubscribeAll();
    t.equal(answer.endedUserIds, [other.id], "ended_user_ids: the row to the deleted target had ended before");
    t.equal(answer.failures.length, 0, "failures");
    t.equal(await targetsOf(watcher), [], "targets of the rows after Unsubscribe with all");
  },
};

const more: Partial<Check> = { claims: ["user_registry", "admin"], tools: ["admin"], applies: batchOf(3) };

const resumedAfterAll = sceneCheck(
  "resume-ended/target-gone-then-all",
  "a target was deleted before all were unsubscribed: where its end is told, it is TARGET_GONE, that of the others UNSUBSCRIBED",
  {
    away: async (t, [one], client) => {
      await t.admin.remove([one.id]);
      await client.session.unsubscribeAll();
    },
    back: (t, [one, two, three], held, { watch, before }) => {
      t.equal(held.rows.size, 0, "number of rows held");
      endsAs(t, watch, before, one.id, "TARGET_GONE");
      for (const { id } of [two, three]) endsAs(t, watch, before, id, "UNSUBSCRIBED");
    },
  },
  more,
);

const resumedAfterList = sceneCheck(
  "resume-ended/target-gone-then-named",
  "a target was deleted and registered anew before it was unsubscribed: where the end of the row is told, it is TARGET_GONE",
  {
    away: async (t, [one, two], client) => {
      await t.admin.remove([one.id]);
      await t.admin.register([one.id]);
      const ids = [one.id, two.id].slice(0, t.profile.subscription?.unsubscribeBatchMax ?? 1);
      t.equal((await client.session.unsubscribe(ids)).endedUserIds, ids, "ended_user_ids");
    },
    back: (t: Bench, [one, two], held, { watch, before }) => {
      t.ok(!held.rows.has(one.id), "no row to the target that was deleted must be held", held.rows.get(one.id));
      endsAs(t, watch, before, one.id, "TARGET_GONE");
      endsAs(t, watch, before, two.id, "UNSUBSCRIBED");
    },
  },
  more,
);

/** Checks of rows to targets who are deleted. */
export const targetGoneChecks: readonly Check[] = [everyWatch, allAfterwards, resumedAfterAll, resumedAfterList];
