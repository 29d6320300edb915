// Checks of SPEC §10.1, what Subscribe takes and refuses: size of the batch, oneself, users who are not registered. Ttls: subscribe-ttl.ts.
import { OnlineStatus, type Profile } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { batchOf, reasonIn, rowIn, rowLimits, targetsOf } from "./lib/b-values.ts";

const twoCalls = (profile: Profile): number => paceMs(profile, { Subscribe: 2 });

const atLimit: Check = {
  id: "sub-batch/limit",
  title: "Subscribes to subscribe_batch_max targets in one call: accepted, with a row to each",
  applies: (profile) =>
    rowLimits(profile).subscribeMax <= rowLimits(profile).rowsMax || "a batch is larger than all rows of a user may be",
  run: async (t: Bench) => {
    const watcher = await t.session();
    const ids = (await t.users(rowLimits(t.profile).subscribeMax)).map((user) => user.id);
    const results = await watcher.subscribe(ids);
    t.equal(
      results.map((one) => one.userId),
      ids,
      "users of the answer, in order",
    );
    for (const id of ids) rowIn(t, results, id);
  },
};

/** Ids of a list that is one too long are refused, those of a list one shorter are taken. */
async function refusesLonger(t: Bench, ids: readonly string[], known: string): Promise<void> {
  const pace = createPace(t);
  const watcher = await t.session();
  await pace.room(watcher, "Subscribe");
  await t.refused(watcher.raw.subscribe(ids), "BATCH_TOO_LARGE", `Subscribe to ${ids.length} ids`);
  rowIn(t, await pace.subscribe(watcher, ids.slice(0, -1)), known);
}

const overLimit: Check = {
  id: "sub-batch/limit-plus-one",
  title: "Subscribes to one target more than subscribe_batch_max: refused whole; one fewer is accepted",
  timeMs: twoCalls,
  run: async (t: Bench) => {
    const known = await t.user();
    const others = Array.from({ length: rowLimits(t.profile).subscribeMax }, () => t.unregisteredId());
    // In a server without a registry the others get rows too: then the known one goes last, so that no cap evicts it within the call.
    const ids = t.claims.has("user_registry") ? [known.id, ...others] : [...others.slice(1), known.id, others[0] ?? ""];
    await refusesLonger(t, ids, known.id);
  },
};

const duplicatesCount: Check = {
  id: "sub-batch/duplicates-count",
  title:
    "Subscribes with one id more than subscribe_batch_max, all the same: refused, for ids count before duplicates collapse",
  timeMs: twoCalls,
  run: async (t: Bench) => {
    const known = await t.user();
    await refusesLonger(
      t,
      Array.from({ length: rowLimits(t.profile).subscribeMax + 1 }, () => known.id),
      known.id,
    );
  },
};

const empty: Check = {
  id: "sub-empty/refused",
  title: "Subscribes to nobody: refused; subscribing to somebody works",
  timeMs: twoCalls,
  run: async (t: Bench) => {
    const pace = createPace(t);
    const watcher = await t.session();
    const { id } = await t.user();
    await pace.room(watcher, "Subscribe");
    await t.refused(watcher.raw.subscribe([]), "BATCH_EMPTY", "Subscribe to no ids");
    rowIn(t, await pace.subscribe(watcher, [id]), id);
  },
};

const selfAlone: Check = {
  id: "sub-self/alone",
  title: "The caller subscribes to himself only: the call succeeds, with the error SELF_NOT_ALLOWED and no row",
  run: async (t: Bench) => {
    const watcher = await t.session();
    const results = await watcher.subscribe([watcher.user.id]);
    t.equal(reasonIn(results, watcher.user.id), "SELF_NOT_ALLOWED", "reason of the error for oneself");
    t.equal(await targetsOf(watcher), [], "targets of the rows");
  },
};

const selfAmongOthers: Check = {
  id: "sub-self/among-others",
  title: "The caller subscribes to himself between two others: the error for him, rows for them",
  applies: batchOf(3),
  run: async (t: Bench) => {
    const watcher = await t.session();
    const [one, two] = [await t.session(), await t.session()];
    const ids = [one.user.id, watcher.user.id, two.user.id];
    const results = await watcher.subscribe(ids);
    t.equal(
      results.map((result) => result.userId),
      ids,
      "users of the answer, in order",
    );
    for (const { user } of [one, two]) {
      t.equal(rowIn(t, results, user.id).status.onlineStatus, OnlineStatus.ONLINE, "online status of another");
    }
    t.equal(reasonIn(results, watcher.user.id), "SELF_NOT_ALLOWED", "reason of the error for oneself");
    t.equal((await targetsOf(watcher)).sort(), [one.user.id, two.user.id].sort(), "targets of the rows");
  },
};

const unknownAmongKnown: Check = {
  id: "sub-unknown/among-known",
  title: "Subscribes to a user who is not registered between two who are: the error for him, rows for them",
  applies: batchOf(3),
  run: async (t: Bench) => {
    const watcher = await t.session();
    const [one, two] = [await t.user(), await t.session()];
    const unknown = t.unregisteredId();
    const ids = [one.id, unknown, two.user.id];
    const results = await watcher.subscribe(ids);
    t.equal(
      results.map((result) => result.userId),
      ids,
      "users of the answer, in order",
    );
    rowIn(t, results, one.id);
    t.equal(
      rowIn(t, results, two.user.id).status.onlineStatus,
      OnlineStatus.ONLINE,
      "online status of the user after him",
    );
    t.equal(reasonIn(results, unknown), "USER_NOT_FOUND", "reason of the error for the user who is not registered");
    t.equal((await targetsOf(watcher)).sort(), [one.id, two.user.id].sort(), "targets of the rows");
  },
};

export const subscribeArgumentsChecks: readonly Check[] = [
  atLimit,
  overLimit,
  duplicatesCount,
  empty,
  selfAlone,
  selfAmongOthers,
  unknownAmongKnown,
];
