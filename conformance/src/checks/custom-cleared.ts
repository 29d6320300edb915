// Checks of SPEC §8, `custom-clear-offline`: where the profile says so, going OFFLINE clears the custom status. Some time logged out: custom-cleared-logout.ts.
import { OnlineStatus } from "@userstatus/protocol";
import type { Bench, Check, TestSession, TestWatch } from "../check.ts";
import { gracesMs, hasOfflinePair, offlinePair } from "./lib/a-profile.ts";
import { lose, twoSessions as sessionsOn } from "./lib/a-scenes.ts";
import { clearsOffline, loginLostTo, lossOf, showsOffline } from "./lib/b-clearing.ts";
import { seen, twoSessions } from "./lib/b-sessions.ts";
import { lossInstant } from "./lib/b-times.ts";
import { all, sampleText, textOf, timeOf } from "./lib/b-values.ts";
import { roomFor } from "./lib/c-actors.ts";

/** Nothing that the Watch carried from `mark` to a fence shows OFFLINE with the text, or ONLINE without it. */
function neverHalfWay(t: Bench, watch: TestWatch, { id, text, mark, fence }: Stretch): void {
  for (const { event } of watch.seen.slice(mark, fence)) {
    if (event.case !== "status" || event.value.userId !== id) continue;
    const halfWay = (event.value.onlineStatus === OnlineStatus.ONLINE) !== (textOf(event.value) === text);
    t.ok(!halfWay, "no status is OFFLINE with the text, or ONLINE without it", event.value);
  }
}

interface Stretch {
  readonly id: string;
  readonly text: string;
  readonly mark: number;
  readonly fence: number;
}

const clearedByLoss: Check = {
  id: "custom-clear-offline/same-revision",
  title:
    "A silent session is lost: the text is there just before, no status shows the one change without the other, and both are there then",
  applies: all(clearsOffline, showsOffline),
  timeMs: (profile) => lossOf(profile, OnlineStatus.OFFLINE),
  run: async (t: Bench) => {
    const { session: watcher, watch } = await t.watcher();
    const text = sampleText(t);
    const owner = await loginLostTo(t, OnlineStatus.OFFLINE, text);
    const id = owner.user.id;
    await watcher.subscribe([id]);
    const mark = await watch.fence();
    t.equal(textOf(watch.held(id)), text, "text that the Watch gave before the loss");
    await t.time.justBefore(lossInstant(t, owner), [watcher]);
    t.equal(textOf(await seen(t, id)), text, "text in a query just before the loss");
    await t.time.reach(lossInstant(t, owner), [watcher]);
    const status = await watch.status(
      id,
      "OFFLINE on the Watch",
      (one) => one.onlineStatus === OnlineStatus.OFFLINE,
      mark,
    );
    t.equal(textOf(status), "", "text of the status that says OFFLINE");
    const fence = await watch.fence();
    neverHalfWay(t, watch, { id, text, mark, fence });
    const query = await seen(t, id);
    t.equal(
      [query.onlineStatus, textOf(query)],
      [OnlineStatus.OFFLINE, ""],
      "online status and text in a query after the loss",
    );
    t.equal(query.revision, watch.held(id)?.revision, "revision in a query after the loss, against that on the Watch");
    if (t.profile.status?.timestamps) {
      t.equal(timeOf(query.customStatusUpdateTime), timeOf(query.onlineStatusUpdateTime), "times of the two changes");
    }
  },
};

const goneForGood: Check = {
  id: "custom-clear-offline/back-without-it",
  title: "A user who is back after having been OFFLINE finds no text",
  applies: all(clearsOffline, showsOffline),
  timeMs: (profile) => lossOf(profile, OnlineStatus.OFFLINE),
  run: async (t: Bench) => {
    const text = sampleText(t);
    const owner = await loginLostTo(t, OnlineStatus.OFFLINE, text);
    t.equal(textOf(await seen(t, owner.user.id)), text, "text before the loss");
    await t.time.reach(lossInstant(t, owner));
    const again = await owner.user.login({ device: owner.device, platform: owner.platform });
    t.equal(textOf(again.login.self?.status), "", "text in the self status of the Login after the loss");
    const status = await seen(t, owner.user.id);
    t.equal(
      [status.onlineStatus, textOf(status)],
      [OnlineStatus.ONLINE, ""],
      "online status and text after the user is back",
    );
  },
};

const otherSessionLives: Check = {
  id: "custom-clear-offline/other-session-lives",
  title: "One of two sessions is lost: the user is not OFFLINE, and his text stays",
  claims: ["multi_session"],
  applies: all(clearsOffline, roomFor(2)),
  timeMs: (profile) => Math.max(lossOf(profile, OnlineStatus.OFFLINE), lossOf(profile, OnlineStatus.LOGGED_OUT)),
  run: async (t: Bench) => {
    const [silent, lively] = await twoSessions(t);
    const text = sampleText(t);
    await silent.set(text);
    await t.time.reach(lossInstant(t, silent), [lively]);
    const status = await seen(t, lively.user.id);
    t.equal(
      [status.onlineStatus, textOf(status)],
      [OnlineStatus.ONLINE, text],
      "online status and text after the loss of one session",
    );
  },
};

/** One of two sessions is lost, and the other ends: that is the change to OFFLINE, and clears the text. */
function clearedWithTheLast(
  name: string,
  title: string,
  end: (t: Bench, last: TestSession) => Promise<unknown>,
  more: Partial<Check> = {},
): Check {
  return {
    id: `custom-clear-offline/${name}`,
    title,
    claims: ["multi_session"],
    applies: all(clearsOffline, hasOfflinePair),
    timeMs: (profile) => gracesMs(profile, (offlinePair(profile) ?? []).slice(0, 1)),
    ...more,
    run: async (t: Bench) => {
      const { session: watcher, watch } = await t.watcher();
      const [lost, last] = await sessionsOn(t, offlinePair(t.profile));
      const id = last.user.id;
      await watcher.subscribe([id]);
      const text = sampleText(t);
      await last.set(text);
      await lose(t, lost, [last, watcher]);
      const mark = await watch.fence();
      t.equal(textOf(watch.held(id)), text, "text that the Watch gave last, while one session is lost and one lives");
      await end(t, last);
      const query = await seen(t, id);
      const gone = [OnlineStatus.OFFLINE, ""];
      t.equal([query.onlineStatus, textOf(query)], gone, "online status and text in a query, once no session lives");
      const fence = await watch.fence();
      neverHalfWay(t, watch, { id, text, mark, fence });
      const held = watch.held(id);
      t.equal([held?.onlineStatus, textOf(held)], gone, "status that the Watch gave last, once no session lives");
    },
  };
}

const clearedByLogout = clearedWithTheLast(
  "by-logout",
  "One of two sessions is lost and the other logs out: the user is OFFLINE, and his text is gone in the same revision",
  async (t, last) => t.equal(textOf((await last.logout()).self?.status), "", "text in the answer to Logout"),
);

const clearedByBackend = clearedWithTheLast(
  "by-the-backend",
  "One of two sessions is lost and the backend ends the other: the user is OFFLINE, and his text is gone in the same revision",
  (t, last) => t.admin.endSessions(last.user.id, [last.id]),
  { tools: ["admin"] },
);

export const customClearedChecks: readonly Check[] = [
  clearedByLoss,
  goneForGood,
  otherSessionLives,
  clearedByLogout,
  clearedByBackend,
];
