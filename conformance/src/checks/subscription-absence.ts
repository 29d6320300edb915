// Checks of SPEC §10.2, `sub-absence`: rows end when their owner has not been ONLINE for drop_after_absence, and not before.
import { OnlineStatus, type Profile, SubscriptionEndReason } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { longestRowTtl, lossInstant, lossMs, platformLostTo, rowLastsMs } from "./lib/b-times.ts";
import { all, higher, msOf, rowIn, targetsOf } from "./lib/b-values.ts";
import { endsOf, silentAbout } from "./lib/b-watch.ts";

function dropMs(profile: Profile): number {
  return msOf(profile.subscription?.dropAfterAbsence) ?? 0;
}

function drops(profile: Profile): true | string {
  return dropMs(profile) > 0 || "rows don't end by absence";
}

/** Makes a row that lasts as long as the profile allows, and answers with its generation. */
async function makeRow(t: Bench, watcher: TestSession, id: string): Promise<bigint> {
  return rowIn(t, await watcher.subscribe([id], longestRowTtl(t.profile)), id).row.generation;
}

/** A user with one row, which he has just made. */
async function withRow(t: Bench, id: string): Promise<TestSession> {
  const watcher = await t.session();
  await makeRow(t, watcher, id);
  return watcher;
}

/** For `applies`: rows don't end by their own time before absence ends them. */
function rowsLast(times: number): (profile: Profile) => true | string {
  return (profile) => rowLastsMs(profile) > times * dropMs(profile) || "rows end by their own time before";
}

const afterLogout = afterLeaving(
  {
    id: "sub-absence/after-logout",
    title:
      "A user who is back just before drop_after_absence finds his row; one who is back at it finds none, and a Watch tells nothing of the target",
  },
  (_t, watcher) => watcher.logout(),
);

const afterEndSessions = afterLeaving(
  {
    id: "sub-absence/ended-by-backend",
    title:
      "The absence of a user whose sessions the backend ended counts from then: just before drop_after_absence he finds his row, at it none",
    tools: ["admin"],
  },
  (t, watcher) => t.admin.endSessions(watcher.user.id),
);

function afterLeaving(
  check: Pick<Check, "id" | "title" | "tools">,
  leave: (t: Bench, watcher: TestSession) => Promise<unknown>,
): Check {
  return { ...check, applies: all(drops, rowsLast(1)), timeMs: dropMs, run: (t: Bench) => endsByAbsence(t, leave) };
}

async function endsByAbsence(t: Bench, leave: (t: Bench, watcher: TestSession) => Promise<unknown>): Promise<void> {
  const target = await t.user();
  const [earlier, later] = [await withRow(t, target.id), await withRow(t, target.id)];
  const earliest = await t.time.now();
  await leave(t, earlier);
  await leave(t, later);
  const latest = await t.time.now();
  await t.time.justBefore(earliest + dropMs(t.profile), undefined, { acts: true });
  const back = await earlier.user.login();
  t.equal(await targetsOf(back), [target.id], "targets of the rows just before drop_after_absence");
  await t.time.reach(latest + dropMs(t.profile));
  const late = await later.user.login();
  t.equal(await targetsOf(late), [], "targets of the rows at drop_after_absence");
  const watch = await late.watch();
  await target.login();
  await silentAbout(t, watch, target.id, 0, "after the row ended by absence");
}

const untilDropAfterLoss = (profile: Profile): number => {
  const platform = platformLostTo(profile, OnlineStatus.OFFLINE);
  return platform === undefined ? 0 : lossMs(profile, platform) + dropMs(profile);
};

const afterLoss: Check = {
  id: "sub-absence/after-loss",
  title:
    "Absence counts from the loss of the last session: just before that plus drop_after_absence the row stands, at it it is gone, also if that session was logged out meanwhile",
  applies: all(drops, rowsLast(2), (profile) => untilDropAfterLoss(profile) > 0 || "no platform shows OFFLINE"),
  timeMs: untilDropAfterLoss,
  run: async (t: Bench) => {
    const target = await t.user();
    const platform = platformLostTo(t.profile, OnlineStatus.OFFLINE);
    t.ok(platform !== undefined, "the profile has a platform whose lost sessions count as OFFLINE");
    const login = async (): Promise<TestSession> => (await t.user()).login({ platform });
    const [earlier, later, out] = [await login(), await login(), await login()];
    for (const watcher of [earlier, later, out]) await makeRow(t, watcher, target.id);
    await t.time.reach(lossInstant(t, out) + Math.floor(dropMs(t.profile) / 2));
    // Over already, where lost sessions decay sooner.
    if (t.liveness(platform).decayMs > dropMs(t.profile)) await out.logout();
    await t.time.justBefore(lossInstant(t, earlier) + dropMs(t.profile), undefined, { acts: true });
    const back = await earlier.user.login({ device: earlier.device, platform });
    t.equal(await targetsOf(back), [target.id], "targets of the rows just before drop_after_absence");
    await t.time.reach(lossInstant(t, later) + dropMs(t.profile));
    const late = await later.user.login({ device: later.device, platform });
    t.equal(await targetsOf(late), [], "targets of the rows at drop_after_absence");
    await t.time.reach(lossInstant(t, out) + dropMs(t.profile));
    const afterOut = await out.user.login({ platform });
    t.equal(await targetsOf(afterOut), [], "targets of the rows then, of a user who logged out when he was lost");
  },
};

const whileOnline: Check = {
  id: "sub-absence/while-online",
  title: "A user is back in time and stays ONLINE: his rows stand past drop_after_absence, and deliver",
  applies: all(drops, rowsLast(3)),
  timeMs: (profile) => 2 * dropMs(profile),
  run: async (t: Bench) => {
    const target = await t.session();
    const id = target.user.id;
    const away = await withRow(t, id);
    await away.logout();
    await t.time.pass(Math.floor(dropMs(t.profile) / 2), "all");
    const watcher = await away.user.login();
    const watch = await watcher.watch();
    await t.time.pass(Math.ceil(1.5 * dropMs(t.profile)), "all");
    t.equal(await targetsOf(watcher), [id], "targets of the rows past drop_after_absence");
    const mark = watch.mark();
    await target.logout();
    await watch.status(
      id,
      "LOGGED_OUT on the Watch",
      (status) => status.onlineStatus === OnlineStatus.LOGGED_OUT,
      mark,
    );
    t.equal(endsOf(watch, id).length, 0, "ends told of the row");
  },
};

const countsAnew: Check = {
  id: "sub-absence/counts-anew",
  title: "A user is back in time and leaves again: his absence counts from the second logout",
  applies: all(drops, rowsLast(2)),
  timeMs: (profile) => Math.ceil(1.5 * dropMs(profile)),
  run: async (t: Bench) => {
    const target = await t.user();
    const watcher = await withRow(t, target.id);
    await watcher.logout();
    await t.time.pass(Math.floor(dropMs(t.profile) / 2));
    const back = await watcher.user.login();
    await back.logout();
    await t.time.pass(Math.floor(0.8 * dropMs(t.profile)));
    const again = await watcher.user.login();
    t.equal(
      await targetsOf(again),
      [target.id],
      "targets of the rows, 0.8 of drop_after_absence after the second logout",
    );
  },
};

const endsAsExpired: Check = {
  id: "sub-absence/expired",
  title: "Where a Watch tells of a row that absence ended, it tells EXPIRED; a row made anew has a higher generation",
  applies: all(drops, rowsLast(1)),
  timeMs: dropMs,
  run: async (t: Bench) => {
    const target = await t.user();
    const { session: watcher, watch } = await t.watcher();
    const generation = await makeRow(t, watcher, target.id);
    await watch.fence();
    const cursor = watch.cursor;
    await watcher.logout();
    await t.time.pass(dropMs(t.profile));
    const back = await watcher.user.login();
    t.equal(await targetsOf(back), [], "targets of the rows at drop_after_absence");
    const resumed = await back.watch({ cursor });
    for (const ended of endsOf(resumed, target.id)) {
      t.equal(
        ended.reason,
        SubscriptionEndReason.EXPIRED,
        "reason of the end told on a Watch that goes on from a cursor",
      );
      t.equal(ended.generation, generation, "generation of the row whose end was told");
    }
    const anew = await makeRow(t, back, target.id);
    higher(t, anew, generation, "the generation of the new row");
  },
};

export const subscriptionAbsenceChecks: readonly Check[] = [
  afterLogout,
  afterEndSessions,
  afterLoss,
  whileOnline,
  countsAnew,
  endsAsExpired,
];
