// Checks of SPEC §9: QueryStatuses.
import { OnlineStatus, type Profile } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { distinct, mixed, reasonIn, sampleText, statusIn, textOf } from "./lib/b-values.ts";

function batchMax(profile: Profile): number {
  return profile.query?.batchMax ?? 1;
}

function listOf(count: number): (profile: Profile) => true | string {
  return (profile) => batchMax(profile) >= count || `a query takes fewer than ${count} ids`;
}

const inOrder: Check = {
  id: "query-result/order",
  title: "Asks for users out of order, some of them twice: each is answered once, in the order of first occurrence",
  applies: listOf(6),
  run: async (t: Bench) => {
    const asker = await t.session();
    const asked = mixed((await t.users(4)).map((user) => user.id));
    const results = await asker.query(asked);
    t.equal(
      results.map((one) => one.userId),
      distinct(asked),
      "users of the answer, in order",
    );
    for (const id of distinct(asked)) statusIn(t, results, id);
  },
};

const current: Check = {
  id: "query-result/current",
  title: "Asks for a user who is online, one with a text, and one who logged out, before and after a change of each",
  applies: listOf(3),
  timeMs: (profile) => paceMs(profile, { SetCustomStatus: 2, QueryStatuses: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const asker = await t.session();
    const [online, texted, away] = [await t.session(), await t.session(), await t.session()];
    const ids = [online.user.id, texted.user.id, away.user.id];
    const [first, second] = [sampleText(t, 0), sampleText(t, 1)];
    await pace.set(texted, first);
    await away.logout();
    const look = async (): Promise<[OnlineStatus, string][]> => {
      const results = await pace.query(asker, ids);
      return ids.map((id) => [statusIn(t, results, id).onlineStatus, textOf(statusIn(t, results, id))]);
    };
    t.equal(
      await look(),
      [
        [OnlineStatus.ONLINE, ""],
        [OnlineStatus.ONLINE, first],
        [OnlineStatus.LOGGED_OUT, ""],
      ],
      "online status and text of each",
    );
    await online.logout();
    await pace.set(texted, second);
    await away.user.login();
    t.equal(
      await look(),
      [
        [OnlineStatus.LOGGED_OUT, ""],
        [OnlineStatus.ONLINE, second],
        [OnlineStatus.ONLINE, ""],
      ],
      "online status and text of each after the changes",
    );
  },
};

function unregistered(t: Bench, count: number): string[] {
  return Array.from({ length: count }, () => t.unregisteredId());
}

const atLimit: Check = {
  id: "query-batch/limit",
  title: "Asks for batch_max users: accepted, each answered once",
  run: async (t: Bench) => {
    const asker = await t.session();
    const known = await t.user();
    const ids = [...unregistered(t, batchMax(t.profile) - 1), known.id];
    const results = await asker.query(ids);
    t.equal(
      results.map((one) => one.userId),
      ids,
      "users of the answer, in order",
    );
    statusIn(t, results, known.id);
  },
};

const belowLimit: Check = {
  id: "query-batch/limit-with-duplicates",
  title: "Asks for batch_max ids that are all the same: accepted, answered once",
  run: async (t: Bench) => {
    const asker = await t.session();
    const known = await t.user();
    const results = await asker.query(Array.from({ length: batchMax(t.profile) }, () => known.id));
    t.equal(results.length, 1, "results for one id, given batch_max times");
    statusIn(t, results, known.id);
  },
};

const overLimit: Check = {
  id: "query-batch/limit-plus-one",
  title: "Asks for one user more than batch_max: refused whole; one fewer is accepted",
  timeMs: (profile) => paceMs(profile, { QueryStatuses: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const asker = await t.session();
    const known = await t.user();
    const ids = [known.id, ...unregistered(t, batchMax(t.profile))];
    await pace.room(asker, "QueryStatuses");
    await t.refused(asker.raw.query(ids), "BATCH_TOO_LARGE", `QueryStatuses of ${ids.length} ids`);
    statusIn(t, await pace.query(asker, ids.slice(0, -1)), known.id);
  },
};

const duplicatesCount: Check = {
  id: "query-batch/duplicates-count",
  title: "Asks for one id more than batch_max, with duplicates: refused, for ids count before duplicates collapse",
  timeMs: (profile) => paceMs(profile, { QueryStatuses: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const asker = await t.session();
    const known = await t.user();
    const ids = Array.from({ length: batchMax(t.profile) + 1 }, () => known.id);
    await pace.room(asker, "QueryStatuses");
    await t.refused(asker.raw.query(ids), "BATCH_TOO_LARGE", `QueryStatuses of one id, ${ids.length} times`);
    statusIn(t, await pace.query(asker, ids.slice(1)), known.id);
  },
};

const empty: Check = {
  id: "query-empty/refused",
  title: "Asks for nobody: refused; asking for somebody works",
  timeMs: (profile) => paceMs(profile, { QueryStatuses: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const asker = await t.session();
    const known = await t.user();
    await pace.room(asker, "QueryStatuses");
    await t.refused(asker.raw.query([]), "BATCH_EMPTY", "QueryStatuses of no ids");
    statusIn(t, await pace.query(asker, [known.id]), known.id);
  },
};

const unknownAmongKnown: Check = {
  id: "query-unknown/among-known",
  title:
    "Asks for a user who is not registered between two who are: the error for him, statuses for the others, all in order",
  applies: listOf(3),
  run: async (t: Bench) => {
    const asker = await t.session();
    const [one, two] = [await t.session(), await t.user()];
    const unknown = t.unregisteredId();
    const ids = [one.user.id, unknown, two.id];
    const results = await asker.query(ids);
    t.equal(
      results.map((result) => result.userId),
      ids,
      "users of the answer, in order",
    );
    t.equal(
      statusIn(t, results, one.user.id).onlineStatus,
      OnlineStatus.ONLINE,
      "online status of the user before him",
    );
    statusIn(t, results, two.id);
    t.equal(reasonIn(results, unknown), "USER_NOT_FOUND", "reason of the error for the user who is not registered");
  },
};

const deleted: Check = {
  id: "query-unknown/deleted",
  title: "Asks for a user before and after he is deleted: the error afterwards",
  tools: ["admin"],
  timeMs: (profile) => paceMs(profile, { QueryStatuses: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const asker = await t.session();
    const target = await t.session();
    const id = target.user.id;
    t.equal(
      statusIn(t, await pace.query(asker, [id]), id).onlineStatus,
      OnlineStatus.ONLINE,
      "online status before he is deleted",
    );
    await t.admin.remove([id]);
    t.equal(reasonIn(await pace.query(asker, [id]), id), "USER_NOT_FOUND", "reason of the error after he was deleted");
  },
};

/** The caller asks for himself, alone or among others. */
function self(name: string, title: string, alone: boolean): Check {
  return {
    id: `query-self/${name}`,
    title,
    applies: alone ? listOf(1) : listOf(3),
    run: async (t: Bench) => {
      const text = sampleText(t);
      const asker = await t.session();
      await asker.set(text);
      const others = alone ? [] : [(await t.session()).user.id, (await t.session()).user.id];
      const me = asker.user.id;
      const ids = alone ? [me] : [others[0] ?? "", me, others[1] ?? ""];
      const results = await asker.query(ids);
      t.equal(
        results.map((one) => one.userId),
        ids,
        "users of the answer, in order",
      );
      for (const id of others)
        t.equal(statusIn(t, results, id).onlineStatus, OnlineStatus.ONLINE, "online status of another");
      if (t.profile.query?.selfAllowed) {
        const own = statusIn(t, results, me);
        t.equal([own.onlineStatus, textOf(own)], [OnlineStatus.ONLINE, text], "one's own online status and text");
      } else t.equal(reasonIn(results, me), "SELF_NOT_ALLOWED", "reason of the error for oneself");
    },
  };
}

export const queryChecks: readonly Check[] = [
  inOrder,
  current,
  atLimit,
  belowLimit,
  overLimit,
  duplicatesCount,
  empty,
  unknownAmongKnown,
  deleted,
  self("alone", "The caller asks for himself only: his status where self_allowed is set, else SELF_NOT_ALLOWED", true),
  self("among-others", "The caller asks for himself between two others: they are answered as ever", false),
];
