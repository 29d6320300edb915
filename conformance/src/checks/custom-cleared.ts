// Checks of SPEC §8, what clears a custom status where the profile says so: going OFFLINE, or some time logged out.
import { OnlineStatus } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import {
  clearMs,
  clearsAfterLogout,
  clearsOffline,
  endsByLoss,
  loginLostTo,
  lossOf,
  showsOffline,
} from "./lib/b-clearing.ts";
import { seen, twoSessions } from "./lib/b-sessions.ts";
import { lossInstant } from "./lib/b-times.ts";
import { all, higher, sampleText, textOf, timeOf } from "./lib/b-values.ts";
import { roomFor } from "./lib/c-actors.ts";

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
    for (const { event } of watch.seen.slice(mark, fence)) {
      if (event.case !== "status" || event.value.userId !== id) continue;
      const halfWay = (event.value.onlineStatus === OnlineStatus.ONLINE) !== (textOf(event.value) === text);
      t.ok(!halfWay, "no status is OFFLINE with the text, or ONLINE without it", event.value);
    }
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

const clearedAfterLogout: Check = {
  id: "custom-clear-logout/at-its-time",
  title: "After a logout the text stays up to clear_after_logout, then it is gone, and a subscriber's Watch is told",
  applies: clearsAfterLogout,
  timeMs: clearMs,
  run: async (t: Bench) => {
    const { session: watcher, watch } = await t.watcher();
    const owner = await t.session();
    const id = owner.user.id;
    await watcher.subscribe([id]);
    const text = sampleText(t);
    await owner.set(text);
    const earliest = await t.time.now();
    await owner.logout();
    const latest = await t.time.now();
    await t.time.justBefore(earliest + clearMs(t.profile), "all");
    t.equal(textOf(await seen(t, id)), text, "text in a query just before clear_after_logout");
    const mark = await watch.fence();
    const held = watch.held(id);
    t.equal(
      [held?.onlineStatus, textOf(held)],
      [OnlineStatus.LOGGED_OUT, text],
      "status on the Watch just before clear_after_logout",
    );
    await t.time.reach(latest + clearMs(t.profile), "all");
    const told = await watch.status(
      id,
      "a status without the text, after clear_after_logout",
      (status) => textOf(status) === "",
      mark,
    );
    higher(t, told.revision, held?.revision, "the revision once the text is gone");
    t.equal(textOf(await seen(t, id)), "", "text in a query at clear_after_logout");
    const again = await owner.user.login();
    t.equal(textOf(again.login.self?.status), "", "text in the self status of the next Login");
  },
};

const backInTime: Check = {
  id: "custom-clear-logout/back-in-time",
  title: "A user who is back before clear_after_logout keeps his text; a second logout starts the time anew",
  applies: clearsAfterLogout,
  timeMs: (profile) => 4 * clearMs(profile),
  run: async (t: Bench) => {
    const owner = await t.session();
    const text = sampleText(t);
    await owner.set(text);
    const firstOutMs = await t.time.now();
    await owner.logout();
    await t.time.justBefore(firstOutMs + clearMs(t.profile), "all", { acts: true });
    const again = await owner.user.login();
    t.equal(
      textOf(again.login.self?.status),
      text,
      "text in the self status of a Login just before clear_after_logout",
    );
    await t.time.pass(2 * clearMs(t.profile), "all");
    t.equal(textOf(await seen(t, owner.user.id)), text, "text of the user who is back, long after the logout");
    const earliest = await t.time.now();
    await again.logout();
    const latest = await t.time.now();
    await t.time.justBefore(earliest + clearMs(t.profile), "all");
    t.equal(textOf(await seen(t, owner.user.id)), text, "text just before clear_after_logout from the second logout");
    await t.time.reach(latest + clearMs(t.profile), "all");
    t.equal(textOf(await seen(t, owner.user.id)), "", "text at clear_after_logout from the second logout");
  },
};

const clearedAfterLoss: Check = {
  id: "custom-clear-logout/lost-session",
  title:
    "A session is lost on a platform that never shows OFFLINE: clear_after_logout later the text is gone, and not before",
  applies: all(clearsAfterLogout, endsByLoss),
  timeMs: (profile) => lossOf(profile, OnlineStatus.LOGGED_OUT) + clearMs(profile),
  run: async (t: Bench) => {
    const text = sampleText(t);
    const owner = await loginLostTo(t, OnlineStatus.LOGGED_OUT, text);
    const clearAt = lossInstant(t, owner) + clearMs(t.profile);
    await t.time.justBefore(clearAt);
    const before = await seen(t, owner.user.id);
    t.equal(
      [before.onlineStatus, textOf(before)],
      [OnlineStatus.LOGGED_OUT, text],
      "status just before clear_after_logout",
    );
    await t.time.reach(clearAt);
    t.equal(textOf(await seen(t, owner.user.id)), "", "text at clear_after_logout");
  },
};

export const customClearedChecks: readonly Check[] = [
  clearedByLoss,
  goneForGood,
  otherSessionLives,
  clearedAfterLogout,
  backInTime,
  clearedAfterLoss,
];
