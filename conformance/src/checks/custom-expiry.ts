// Checks of SPEC §8, `custom-expires`: until expire_time the text is there, from then on it is gone, and everybody is told.
import { OnlineStatus } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { seen } from "./lib/b-sessions.ts";
import { textsEnd, textTtlMs, textTtlOf } from "./lib/b-times.ts";
import { all, higher, rowIn, rowListed, sampleText, textEnd, textEndOf, textOf, timeOf } from "./lib/b-values.ts";

/** Sets a text that ends by itself; answers with its instant. */
async function setEnding(t: Bench, owner: TestSession, text: string): Promise<number> {
  const { givenMs } = textTtlOf(t);
  const answer = givenMs === undefined ? await owner.set(text) : await owner.set(text, givenMs);
  t.equal(textOf(answer.self?.status), text, "text in the answer to SetCustomStatus");
  return textEndOf(t, answer.self?.status, "the answer to SetCustomStatus");
}

/** The text of a user in every answer that shows it to another. */
async function textsShownTo(t: Bench, onlooker: TestSession, id: string): Promise<Record<string, string>> {
  const [query, subscribed] = await Promise.all([onlooker.statusOf(id), onlooker.subscribe([id])]);
  const list = await onlooker.list();
  return {
    QueryStatuses: textOf(query),
    Subscribe: textOf(rowIn(t, subscribed, id).status),
    ListSubscriptions: textOf(rowListed(t, list, id).status),
  };
}

const answers: Check = {
  id: "custom-expires/answers",
  title:
    "Just before expire_time query, Subscribe and list show the text, at expire_time none of them does, nor does the owner's Login",
  applies: textsEnd,
  timeMs: textTtlMs,
  run: async (t: Bench) => {
    const [earlier, later, owner] = [await t.session(), await t.session(), await t.session()];
    const text = sampleText(t);
    const end = await setEnding(t, owner, text);
    await t.time.justBefore(end, "all");
    const before = await textsShownTo(t, earlier, owner.user.id);
    t.equal(
      before,
      { QueryStatuses: text, Subscribe: text, ListSubscriptions: text },
      "text just before its expire_time",
    );
    await t.time.reach(end, "all");
    const after = await textsShownTo(t, later, owner.user.id);
    t.equal(after, { QueryStatuses: "", Subscribe: "", ListSubscriptions: "" }, "text at its expire_time");
    const again = await owner.user.login({ device: owner.device, platform: owner.platform });
    t.equal(textOf(again.login.self?.status), "", "text in the self status of a Login at its expire_time");
  },
};

const watchersTold: Check = {
  id: "custom-expires/watchers-told",
  title:
    "A subscriber's Watch holds the text just before expire_time, and is then told that it is gone, with a higher revision",
  applies: textsEnd,
  timeMs: textTtlMs,
  run: async (t: Bench) => {
    const { session: watcher, watch } = await t.watcher();
    const owner = await t.session();
    const id = owner.user.id;
    await watcher.subscribe([id]);
    const text = sampleText(t);
    const end = await setEnding(t, owner, text);
    await t.time.justBefore(end, "all");
    const mark = await watch.fence();
    const held = watch.held(id);
    t.equal(textOf(held), text, "text that the Watch gave last, just before its expire_time");
    t.equal(textEnd(held), end, "expire_time on the Watch, against that of the answer");
    await t.time.reach(end, "all");
    const told = await watch.status(
      id,
      "a status without the text, after its expire_time",
      (status) => textOf(status) === "",
      mark,
    );
    higher(t, told.revision, held?.revision, "the revision once the text is gone");
    t.equal(told.onlineStatus, OnlineStatus.ONLINE, "online status when the text ran out");
  },
};

const ownerTold: Check = {
  id: "custom-expires/owner-told",
  title: "The owner's Watch is told by `self` that his text ran out, and not before expire_time",
  applies: textsEnd,
  timeMs: textTtlMs,
  run: async (t: Bench) => {
    const { session: owner, watch } = await t.watcher();
    const text = sampleText(t);
    const mark = watch.mark();
    const end = await setEnding(t, owner, text);
    const set = await watch.self("`self` with the text", (self) => textOf(self.status) === text, mark);
    await t.time.justBefore(end, "all");
    const fence = await watch.fence();
    const texts = watch.seen
      .slice(mark, fence)
      .flatMap(({ event }) => (event.case === "self" ? [textOf(event.value.status)] : []));
    t.equal(texts.at(-1), text, "text of the last `self` just before expire_time");
    await t.time.reach(end, "all");
    const gone = await watch.self(
      "`self` without the text, after its expire_time",
      (self) => textOf(self.status) === "",
      fence,
    );
    higher(t, gone.status?.revision, set.status?.revision, "the revision of `self` once the text is gone");
  },
};

const atItsTime: Check = {
  id: "custom-expires/change-time",
  title: "Asked a while after expire_time, the status says that its custom status changed at expire_time",
  applies: all(textsEnd, (profile) => profile.status?.timestamps === true || "the profile shows no times"),
  timeMs: (profile) => 2 * textTtlMs(profile),
  run: async (t: Bench) => {
    const owner = await t.session();
    const { lastsMs } = textTtlOf(t);
    const end = await setEnding(t, owner, sampleText(t));
    await t.time.pass(Math.ceil(1.5 * lastsMs), "all");
    const status = await seen(t, owner.user.id);
    t.equal(textOf(status), "", "text after its expire_time");
    t.equal(
      timeOf(status.customStatusUpdateTime),
      end,
      "custom_status_update_time after the text ran out, against its expire_time",
    );
  },
};

const toTheBackend: Check = {
  id: "custom-expires/admin-query",
  title: "The admin's QueryStatuses shows the text just before expire_time and not at it",
  tools: ["admin"],
  applies: textsEnd,
  timeMs: textTtlMs,
  run: async (t: Bench) => {
    const owner = await t.session();
    const shown = async (): Promise<string> => {
      const [result] = await t.admin.query([owner.user.id]);
      t.equal(result?.result.case, "status", "kind of the admin's result");
      return textOf(result?.result.case === "status" ? result.result.value : undefined);
    };
    const text = sampleText(t);
    const end = await setEnding(t, owner, text);
    await t.time.justBefore(end, "all");
    t.equal(await shown(), text, "text in the admin's query just before its expire_time");
    await t.time.reach(end, "all");
    t.equal(await shown(), "", "text in the admin's query at its expire_time");
  },
};

const ownerAway: Check = {
  id: "custom-expires/owner-away",
  title: "The owner has logged out when his text runs out: a subscriber's Watch is told all the same",
  applies: all(
    textsEnd,
    (profile) => profile.customStatus?.clearAfterLogout === undefined || "a logout clears the text",
  ),
  timeMs: textTtlMs,
  run: async (t: Bench) => {
    const { session: watcher, watch } = await t.watcher();
    const owner = await t.session();
    const id = owner.user.id;
    await watcher.subscribe([id]);
    const text = sampleText(t);
    const end = await setEnding(t, owner, text);
    await owner.logout();
    await t.time.justBefore(end, "all");
    const mark = await watch.fence();
    t.equal(textOf(watch.held(id)), text, "text that the Watch gave last, just before its expire_time");
    await t.time.reach(end, "all");
    await watch.status(id, "a status without the text, after its expire_time", (status) => textOf(status) === "", mark);
    t.equal(textOf(await seen(t, id)), "", "text in a query at its expire_time");
  },
};

const replacedInTime: Check = {
  id: "custom-expires/replaced-in-time",
  title: "A text replaced by another half-way does not take the other with it when its own time would have been up",
  applies: textsEnd,
  timeMs: (profile) => textTtlMs(profile) + paceMs(profile, { SetCustomStatus: 2 }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const { session: watcher, watch } = await t.watcher();
    const owner = await t.session();
    const id = owner.user.id;
    await watcher.subscribe([id]);
    const { givenMs, lastsMs } = textTtlOf(t);
    const [first, second] = [sampleText(t, 0), sampleText(t, 1)];
    const firstEnd = textEndOf(t, (await pace.set(owner, first, givenMs)).self?.status, "the first SetCustomStatus");
    await t.time.pass(Math.ceil(lastsMs / 2), "all");
    await pace.set(owner, second, givenMs);
    await t.time.reach(firstEnd, "all");
    t.equal(textOf(await seen(t, id)), second, "text in a query when the replaced one would have ended");
    await watch.fence();
    t.equal(textOf(watch.held(id)), second, "text that the Watch gave last, when the replaced one would have ended");
  },
};

const withNewRevision: Check = {
  id: "custom-expires/new-revision",
  title: "The status without the text has a higher revision in a query than the one with it",
  applies: textsEnd,
  timeMs: textTtlMs,
  run: async (t: Bench) => {
    const owner = await t.session();
    const text = sampleText(t);
    const end = await setEnding(t, owner, text);
    const before = await seen(t, owner.user.id);
    t.equal(textOf(before), text, "text before its expire_time");
    await t.time.reach(end, "all");
    const after = await seen(t, owner.user.id);
    t.equal(textOf(after), "", "text at its expire_time");
    higher(t, after.revision, before.revision, "the revision once the text is gone");
  },
};

export const customExpiryChecks: readonly Check[] = [
  answers,
  watchersTold,
  ownerTold,
  atItsTime,
  toTheBackend,
  ownerAway,
  replacedInTime,
  withNewRevision,
];
