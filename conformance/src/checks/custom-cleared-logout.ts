// Checks of SPEC §8, `custom-clear-logout`: where the profile says so, some time logged out clears the custom status, however the user came to be.
import { OnlineStatus, type Profile } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { type Span, spanOf } from "./lib/a-instants.ts";
import { gracesMs } from "./lib/a-profile.ts";
import { lose } from "./lib/a-scenes.ts";
import {
  clearMs,
  clearsAfterLogout,
  decayOf,
  endsByLoss,
  keepsOffline,
  loginLostTo,
  lossOf,
  showsOffline,
} from "./lib/b-clearing.ts";
import { seen } from "./lib/b-sessions.ts";
import { lossInstant, platformLostTo } from "./lib/b-times.ts";
import { all, higher, msOf, sampleText, textOf } from "./lib/b-values.ts";

/** How a user comes to be LOGGED_OUT. */
interface Departure {
  readonly logIn: (t: Bench) => Promise<TestSession>;
  /** Answers between which instants he was LOGGED_OUT; `watcher` is kept alive where time passes. */
  readonly leave: (t: Bench, owner: TestSession, watcher: TestSession) => Promise<Span>;
}

function clearedAfter(name: string, title: string, { logIn, leave }: Departure, more: Partial<Check> = {}): Check {
  return {
    id: `custom-clear-logout/${name}`,
    title: `${title} the text stays up to clear_after_logout, then it is gone, and a subscriber's Watch is told`,
    applies: clearsAfterLogout,
    timeMs: clearMs,
    ...more,
    run: async (t: Bench) => {
      const { session: watcher, watch } = await t.watcher();
      const owner = await logIn(t);
      const id = owner.user.id;
      await watcher.subscribe([id]);
      const text = sampleText(t);
      await owner.set(text);
      const { from, to } = await leave(t, owner, watcher);
      await t.time.justBefore(from + clearMs(t.profile), "all");
      t.equal(textOf(await seen(t, id)), text, "text in a query just before clear_after_logout");
      const mark = await watch.fence();
      const held = watch.held(id);
      t.equal(
        [held?.onlineStatus, textOf(held)],
        [OnlineStatus.LOGGED_OUT, text],
        "status on the Watch just before clear_after_logout",
      );
      await t.time.reach(to + clearMs(t.profile), "all");
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
}

const clearedAfterLogout = clearedAfter("at-its-time", "After a logout", {
  logIn: (t) => t.session(),
  leave: (t, owner) => spanOf(t, () => owner.logout()),
});

const clearedAfterEnd = clearedAfter(
  "by-the-backend",
  "After the backend has ended the only session",
  {
    logIn: (t) => t.session(),
    leave: (t, owner) => spanOf(t, () => t.admin.endSessions(owner.user.id)),
  },
  { tools: ["admin"] },
);

const clearedFromOffline = clearedAfter(
  "logout-of-a-lost-session",
  "After the logout of a session that was lost, on a platform that shows OFFLINE,",
  {
    logIn: (t) => loginLostTo(t, OnlineStatus.OFFLINE),
    leave: async (t, owner, watcher) => {
      await lose(t, owner, [watcher]);
      return spanOf(t, () => owner.logout());
    },
  },
  {
    applies: all(clearsAfterLogout, keepsOffline, showsOffline),
    timeMs: (profile) => {
      const platform = platformLostTo(profile, OnlineStatus.OFFLINE);
      return clearMs(profile) + gracesMs(profile, platform === undefined ? [] : [platform]);
    },
  },
);

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

/** For `applies`: a text without a ttl is still there when a silent session was lost, and over, and some time passed. */
function outlives(status: OnlineStatus): (profile: Profile) => true | string {
  return (profile) =>
    (msOf(profile.customStatus?.defaultTtl) ?? Number.POSITIVE_INFINITY) > silentMs(profile, status) ||
    "default_ttl is shorter than what is looked at";
}

/** From the last sign of life to the moment at which the text goes. */
function silentMs(profile: Profile, status: OnlineStatus): number {
  return lossOf(profile, status) + decayOf(profile, status) + clearMs(profile);
}

/** The only session falls silent, on a platform that turns to `status`, and is over by itself. */
function clearedAfterLoss(
  name: string,
  title: string,
  status: OnlineStatus,
  applies: NonNullable<Check["applies"]>,
): Check {
  return {
    id: `custom-clear-logout/${name}`,
    title: `${title}: clear_after_logout later the text is gone, and not before`,
    applies: all(clearsAfterLogout, applies, outlives(status)),
    timeMs: (profile) => silentMs(profile, status),
    run: async (t: Bench) => {
      const text = sampleText(t);
      const owner = await loginLostTo(t, status, text);
      const clearAt = lossInstant(t, owner) + decayOf(t.profile, status) + clearMs(t.profile);
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
}

export const customClearedLogoutChecks: readonly Check[] = [
  clearedAfterLogout,
  clearedAfterEnd,
  clearedFromOffline,
  backInTime,
  clearedAfterLoss(
    "lost-session",
    "A session is lost on a platform that never shows OFFLINE",
    OnlineStatus.LOGGED_OUT,
    endsByLoss,
  ),
  clearedAfterLoss(
    "decayed",
    "A session is lost on a platform that shows OFFLINE, and decays",
    OnlineStatus.OFFLINE,
    all(keepsOffline, showsOffline),
  ),
];
