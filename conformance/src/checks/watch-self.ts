// SPEC §11.2: one's own status on one's own Watches.

import { timestampMs } from "@bufbuild/protobuf/wkt";
import { type Profile, type SelfStatus, SelfView } from "@userstatus/protocol";
import type { Bench, Check, TestSession, TestWatch } from "../check.ts";
import { logInTimes, lossMs, roomFor, roomUpTo, sideBySide } from "./lib/c-actors.ts";
import { content, fold, foldToFence } from "./lib/c-state.ts";

/** What `self` the Watch carried between a mark and a fence made now; fails where none came. */
async function selfSince(t: Bench, watch: TestWatch, mark: number, what: string): Promise<SelfStatus> {
  const marker = await watch.fence();
  const { self } = fold(
    undefined,
    watch.seen.filter(({ index, event }) => index >= mark && index < marker && event.case === "self"),
  );
  t.ok(self !== undefined, `a self event must come between ${what} and the marker after it`);
  return self;
}

function sessionIds(self: SelfStatus | undefined): string[] {
  return self?.sessions.map((one) => one.sessionId) ?? [];
}

function ids(sessions: readonly TestSession[]): string[] {
  return sessions.map((session) => session.id);
}

const told: Check[] = [
  {
    id: "watch-self/own-text",
    title: "setting the text is told to the setter's own Watch, as it was answered",
    async run(t: Bench) {
      const { session, watch } = await t.watcher();
      const mark = watch.mark();
      const answer = await session.set("own");
      const self = await selfSince(t, watch, mark, "SetCustomStatus");
      t.equal(self.status?.customStatus?.text, "own", "own text on the Watch");
      t.equal(
        self.status?.revision,
        answer.self?.status?.revision,
        "revision of self on the Watch, against the answer",
      );
    },
  },
  {
    id: "watch-self/every-watch",
    title: "setting the text from one session is told to the Watches of all sessions, up to four",
    claims: ["multi_session"],
    applies: roomFor(2),
    async run(t: Bench) {
      const sessions = await logInTimes(t, await t.user(), roomUpTo(t.profile, 4));
      const watches: TestWatch[] = [];
      for (const session of sessions) watches.push(await session.watch());
      const marks = watches.map((watch) => watch.mark());
      await sessions.at(-1)?.set("all");
      for (const [place, watch] of watches.entries()) {
        const self = await selfSince(t, watch, marks[place] ?? 0, "SetCustomStatus of one session");
        t.equal(self.status?.customStatus?.text, "all", `own text on the Watch of session ${place + 1}`);
      }
    },
  },
  {
    id: "watch-self/second-login",
    title: "login and logout of another session of the user are told, with the sessions that live",
    claims: ["multi_session"],
    applies: roomFor(2),
    async run(t: Bench) {
      const user = await t.user();
      const platforms = sideBySide(t.profile, 2) ?? [];
      const first = await user.login(platforms[0] === undefined ? {} : { platform: platforms[0] });
      const watch = await first.watch();
      let mark = watch.mark();
      const second = await user.login(platforms[1] === undefined ? {} : { platform: platforms[1] });
      t.equal(
        sessionIds(await selfSince(t, watch, mark, "the second login")),
        ids([first, second]),
        "sessions after the second login",
      );
      mark = watch.mark();
      await second.logout();
      t.equal(
        sessionIds(await selfSince(t, watch, mark, "the second one's logout")),
        ids([first]),
        "sessions after its logout",
      );
    },
  },
  {
    id: "watch-self/session-lost",
    title: "a session that falls silent is gone from self when it is lost",
    claims: ["multi_session"],
    applies: roomFor(2),
    timeMs: (profile) => lossMs(profile, sideBySide(profile, 2)?.[1]),
    async run(t: Bench) {
      const [first, second] = await logInTimes(t, await t.user(), 2);
      const watch = await first.watch();
      t.equal(sessionIds((await foldToFence(watch)).self), ids([first, second]), "sessions while both live");
      const mark = watch.mark();
      const { leaseMs, graceMs } = t.liveness(second.platform);
      await t.time.pass(leaseMs + graceMs, [first]);
      t.equal(
        sessionIds(await selfSince(t, watch, mark, "the loss of a session")),
        ids([first]),
        "sessions after the other was lost",
      );
    },
  },
];

function showsFull(profile: Profile): true | string {
  return profile.status?.selfView === SelfView.FULL || "the self view is not SELF_VIEW_FULL";
}

function showsPlatforms(profile: Profile): true | string {
  return profile.status?.selfView === SelfView.PLATFORMS || "the self view is not SELF_VIEW_PLATFORMS";
}

/** As many sessions as the rules allow, up to two. */
async function oneOrTwo(t: Bench): Promise<TestSession[]> {
  const several = t.claims.has("multi_session") && sideBySide(t.profile, 2) !== undefined;
  return logInTimes(t, await t.user(), several ? 2 : 1);
}

function platformsOf(sessions: readonly TestSession[]): number[] {
  return [...new Set(sessions.map((session) => session.platform as number))].sort((one, other) => one - other);
}

const view: Check[] = [
  {
    id: "watch-self-view/full",
    title: "under SELF_VIEW_FULL self shows what others see, and the platforms of the live sessions",
    applies: showsFull,
    async run(t: Bench) {
      const sessions = await oneOrTwo(t);
      const [setter] = sessions;
      t.ok(setter !== undefined, "a session must be there");
      const watch = await setter.watch();
      const answer = await setter.set("all");
      const { self } = await foldToFence(watch);
      const seen = content(await (await t.session()).statusOf(setter.user.id));
      for (const [where, one] of [
        ["the answer to SetCustomStatus", answer.self],
        ["the Watch", self],
      ] as const) {
        t.ok(one?.status !== undefined, `${where} must have a self status`, one);
        const own = content(one.status);
        t.equal(one.status.userId, setter.user.id, `user of self in ${where}`);
        t.equal(
          [own.online, own.text, own.expireMs],
          [seen.online, seen.text, seen.expireMs],
          `status and text of self in ${where}`,
        );
        t.equal(
          [own.updateMs, own.onlineMs, own.customMs],
          [seen.updateMs, seen.onlineMs, seen.customMs],
          `the three times of self in ${where}`,
        );
        t.equal(own.platforms, platformsOf(sessions), `platforms of self in ${where}`);
      }
    },
  },
  {
    id: "watch-self-view/platforms",
    title: "under SELF_VIEW_PLATFORMS self shows platforms and text, and neither online status nor times",
    applies: showsPlatforms,
    async run(t: Bench) {
      const sessions = await oneOrTwo(t);
      const [setter] = sessions;
      t.ok(setter !== undefined, "a session must be there");
      const early = await setter.watch();
      const answer = await setter.set("part");
      const live = (await foldToFence(early)).self;
      const watch = await setter.watch();
      const snapshot = (await foldToFence(watch)).self;
      const all = [
        ["the answer to SetCustomStatus", answer.self],
        ["a live event", live],
        ["the snapshot", snapshot],
      ] as const;
      for (const [where, one] of all) {
        t.ok(one?.status !== undefined, `${where} must have a self status`, one);
        const { online, platforms, text, updateMs, onlineMs, customMs } = content(one.status);
        t.equal(one.status.userId, setter.user.id, `user of self in ${where}`);
        t.equal({ online, updateMs, onlineMs, customMs }, withoutTimes, `online status and times of self in ${where}`);
        t.equal(
          { platforms, text },
          { platforms: platformsOf(sessions), text: "part" },
          `platforms and text of self in ${where}`,
        );
      }
    },
  },
  {
    id: "watch-self-view/sessions-in-order",
    title: "sessions lists the live sessions in the order of their logins, a repeated login in its old place",
    claims: ["multi_session"],
    applies: roomFor(3),
    async run(t: Bench) {
      const [first, second, third] = await logInTimes(t, await t.user(), 3);
      const watch = await first.watch();
      await second.logout();
      const fourth = await first.user.login({ platform: second.platform });
      await first.user.login({ device: first.device, platform: first.platform });
      const { self } = await foldToFence(watch);
      const expected = [first, third, fourth].map((one) => ({
        id: one.id,
        device: one.device,
        platform: one.platform as number,
      }));
      t.equal(
        self?.sessions.map((one) => ({ id: one.sessionId, device: one.deviceId, platform: one.platform as number })),
        expected,
        "sessions of self, in order",
      );
      const times = self?.sessions.map((one) => (one.loginTime === undefined ? 0 : timestampMs(one.loginTime))) ?? [];
      t.equal(
        times,
        [...times].sort((one, other) => one - other),
        "login times, in the order of the sessions",
      );
      t.ok(
        times.every((time) => time > 0),
        "every session must have a login time",
        times,
      );
    },
  },
];

const withoutTimes = { online: 0, updateMs: undefined, onlineMs: undefined, customMs: undefined };

/** Checks of `self` on the Watch, and of what it shows. */
export const watchSelfChecks: readonly Check[] = [...told, ...view];
