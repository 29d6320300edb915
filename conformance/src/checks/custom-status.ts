// Checks of SPEC §8, setting and clearing: who shows the text, who is told, whose text it is. Limits and ttls: custom-limits.ts; ends: custom-expiry.ts.
import type { Profile, UserStatus } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { exhaust, limited, ruleFor } from "./lib/b-rates.ts";
import { seen, twoSessions } from "./lib/b-sessions.ts";
import { higher, msOf, rowIn, rowListed, sampleText, textOf } from "./lib/b-values.ts";
import { silentAbout } from "./lib/b-watch.ts";
import { roomFor } from "./lib/c-actors.ts";

/** What a user who has no Watch learns of another: by Subscribe, by the list and by a query. */
async function shownTo(
  t: Bench,
  onlooker: TestSession,
  id: string,
): Promise<Record<"subscribe" | "list" | "query", UserStatus>> {
  const { status: subscribe } = rowIn(t, await onlooker.subscribe([id]), id);
  const { status: list } = rowListed(t, await onlooker.list(), id);
  return { subscribe, list, query: await onlooker.statusOf(id) };
}

const shownEverywhere: Check = {
  id: "custom-set/shown-everywhere",
  title:
    "Sets a text and finds it in the answer, in Subscribe, list and query of others, in Login, and on a watcher's stream",
  run: async (t: Bench) => {
    const { session: watcher, watch } = await t.watcher();
    const owner = await t.session();
    const id = owner.user.id;
    await watcher.subscribe([id]);
    const mark = watch.mark();
    const text = sampleText(t);
    const answer = await owner.set(text);
    t.equal(textOf(answer.self?.status), text, "text of the self status that SetCustomStatus answered with");
    const shown = await shownTo(t, await t.session(), id);
    t.equal(textOf(shown.subscribe), text, "text in another user's Subscribe");
    t.equal(textOf(shown.list), text, "text in another user's ListSubscriptions");
    t.equal(textOf(shown.query), text, "text in another user's QueryStatuses");
    await watch.status(
      id,
      "a status with the text on the Watch of a subscriber",
      (status) => textOf(status) === text,
      mark,
    );
    const again = await owner.user.login({ device: owner.device, platform: owner.platform });
    t.equal(textOf(again.login.self?.status), text, "text of the self status in a later Login");
  },
};

const replaced: Check = {
  id: "custom-set/replaced",
  title: "Sets one text, then another: the second holds, in answers and on a watcher's stream",
  timeMs: (profile) => paceMs(profile, { SetCustomStatus: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const { session: watcher, watch } = await t.watcher();
    const owner = await t.session();
    await watcher.subscribe([owner.user.id]);
    const [first, second] = [sampleText(t, 0), sampleText(t, 1)];
    await pace.set(owner, first);
    t.equal(textOf(await watcher.statusOf(owner.user.id)), first, "text in a query after the first SetCustomStatus");
    const answer = await pace.set(owner, second);
    t.equal(
      textOf(answer.self?.status),
      second,
      "text of the self status that the second SetCustomStatus answered with",
    );
    await watch.fence();
    t.equal(textOf(watch.held(owner.user.id)), second, "text that the Watch of a subscriber gave last");
  },
};

const setterTold: Check = {
  id: "custom-own-told/setter",
  title: "Sets and clears a text and finds both as `self` events on the setter's own Watch",
  timeMs: (profile) => paceMs(profile, { SetCustomStatus: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const { session, watch } = await t.watcher();
    const text = sampleText(t);
    let mark = watch.mark();
    await pace.set(session, text);
    await watch.self("`self` with the new text on the setter's Watch", (self) => textOf(self.status) === text, mark);
    mark = watch.mark();
    await pace.set(session, "");
    await watch.self("`self` without a text on the setter's Watch", (self) => textOf(self.status) === "", mark);
  },
};

const everySessionTold: Check = {
  id: "custom-own-told/every-session",
  title: "Sets a text by one of two sessions of the user: both Watches get it as a `self` event",
  claims: ["multi_session"],
  applies: roomFor(2),
  run: async (t: Bench) => {
    const [setter, other] = await twoSessions(t);
    const watches = [await setter.watch(), await other.watch()];
    const marks = watches.map((watch) => watch.mark());
    const text = sampleText(t);
    await setter.set(text);
    for (const [index, watch] of watches.entries()) {
      await watch.self("`self` with the new text on each Watch", (self) => textOf(self.status) === text, marks[index]);
    }
  },
};

async function clears(
  t: Bench,
  clear: (owner: TestSession) => Promise<{ self?: { status?: UserStatus | undefined } | undefined }>,
): Promise<void> {
  const pace = createPace(t);
  const { session: watcher, watch } = await t.watcher();
  const owner = await t.session();
  const id = owner.user.id;
  await watcher.subscribe([id]);
  const text = sampleText(t);
  await pace.set(owner, text);
  const before = await watch.status(id, "a status with the text", (status) => textOf(status) === text);
  const mark = watch.mark();
  await pace.room(owner, "SetCustomStatus");
  const answer = await clear(owner);
  t.ok(answer.self?.status !== undefined, "the answer has a self status", answer);
  t.equal(
    answer.self.status.customStatus,
    undefined,
    "custom status in the self status that the clearing call answered with",
  );
  const cleared = await watcher.statusOf(id);
  t.equal(cleared.customStatus, undefined, "custom status in a query after it was cleared");
  higher(t, cleared.revision, before.revision, "the revision of the cleared status");
  await watch.status(id, "a status without text on the Watch of a subscriber", (status) => textOf(status) === "", mark);
}

const clearedByEmpty: Check = {
  id: "custom-empty/empty-text",
  title: "Clears a text with an empty one: the answer, queries and watchers show none",
  timeMs: (profile) => paceMs(profile, { SetCustomStatus: 2 }),
  run: (t) => clears(t, (owner) => owner.set("")),
};

const clearedByNone: Check = {
  id: "custom-empty/no-custom-status",
  title: "Clears a text with a SetCustomStatus that carries no custom status",
  timeMs: (profile) => paceMs(profile, { SetCustomStatus: 2 }),
  run: (t) => clears(t, (owner) => owner.raw.set(undefined)),
};

const nothingToClear: Check = {
  id: "custom-empty/nothing-to-clear",
  title: "Clears where there is no text: no new revision of either view, and no event",
  timeMs: (profile) => paceMs(profile, { SetCustomStatus: 3 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const { session: watcher, watch } = await t.watcher();
    const { session: owner, watch: ownWatch } = await t.watcher();
    const id = owner.user.id;
    await watcher.subscribe([id]);
    await pace.set(owner, sampleText(t));
    const cleared = await pace.set(owner, "");
    const before = await seen(t, id);
    const marks = [await watch.fence(), await ownWatch.fence()];
    const again = await pace.set(owner, "");
    t.equal(again.self?.status?.customStatus, undefined, "custom status in the answer");
    t.equal(
      again.self?.status?.revision,
      cleared.self?.status?.revision,
      "revision of the self status, cleared once more",
    );
    t.equal((await seen(t, id)).revision, before.revision, "revision in a query, cleared once more");
    await silentAbout(t, watch, id, marks[0] ?? 0, "after there was nothing to clear");
    const fence = await ownWatch.fence();
    const told = ownWatch.seen.slice(marks[1], fence).filter(({ event }) => event.case === "self");
    t.equal(told.length, 0, "`self` events after there was nothing to clear");
  },
};

const nothingCounted: Check = {
  id: "custom-empty/counted",
  title: "Clears where there is no text max_calls times: admitted; once more: refused, for each was counted",
  applies: limited("SetCustomStatus"),
  run: async (t: Bench) => {
    const owner = await t.session();
    await exhaust(t, ruleFor(t, "SetCustomStatus"), () => owner.raw.set({ text: "" }));
  },
};

const oneForAllSessions: Check = {
  id: "custom-user-wide/one-text",
  title: "Two sessions of a user set a text each: there is one text, the later, and both see it",
  claims: ["multi_session"],
  applies: roomFor(2),
  timeMs: (profile) => paceMs(profile, { SetCustomStatus: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const [one, two] = await twoSessions(t);
    const watches = [await one.watch(), await two.watch()];
    const [first, second] = [sampleText(t, 0), sampleText(t, 1)];
    await pace.set(one, first);
    for (const watch of watches)
      await watch.self("`self` with the first text", (self) => textOf(self.status) === first);
    await pace.set(two, second);
    for (const watch of watches)
      await watch.self("`self` with the second text", (self) => textOf(self.status) === second);
    const onlooker = await t.session();
    t.equal(textOf(await onlooker.statusOf(one.user.id)), second, "text that others see");
    const again = await one.user.login({ device: one.device, platform: one.platform });
    t.equal(
      textOf(again.login.self?.status),
      second,
      "text in the self status of the session that set the earlier one",
    );
  },
};

/** Past what clears a text after a logout, if anything does. */
function pastClearing(profile: Profile): number {
  return 2 * (msOf(profile.customStatus?.clearAfterLogout) ?? 0);
}

const setterLogsOut: Check = {
  id: "custom-user-wide/setter-logs-out",
  title:
    "The session that set the text logs out while another lives: the text stays, also past the time after which a logout clears it",
  claims: ["multi_session"],
  applies: roomFor(2),
  timeMs: pastClearing,
  run: async (t: Bench) => {
    const [setter, other] = await twoSessions(t);
    const text = sampleText(t);
    await setter.set(text);
    const answer = await setter.logout();
    t.equal(textOf(answer.self?.status), text, "text in the answer to the setter's Logout");
    t.equal(textOf(await seen(t, other.user.id)), text, "text that others see after the setter's Logout");
    if (pastClearing(t.profile) === 0) return;
    await t.time.pass(pastClearing(t.profile), "all");
    t.equal(textOf(await seen(t, other.user.id)), text, "text that others see long after the setter's Logout");
  },
};

export const customStatusChecks: readonly Check[] = [
  shownEverywhere,
  replaced,
  setterTold,
  everySessionTold,
  clearedByEmpty,
  clearedByNone,
  nothingToClear,
  nothingCounted,
  oneForAllSessions,
  setterLogsOut,
];
