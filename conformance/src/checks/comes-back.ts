// Checks of SPEC §6.2, session-comes-back: a lost session whose place was taken meanwhile.
import { OnlineStatus, type Platform, type Profile } from "@userstatus/protocol";
import type { Bench, Check, TestSession, TestUser } from "../check.ts";
import { openAndDrop } from "./lib/a-calls.ts";
import {
  firstOf,
  gracesMs as gracesOf,
  knownPlatforms,
  type LimitCase,
  limitSamples,
  livenessOf,
} from "./lib/a-profile.ts";
import {
  allLive,
  closeLink,
  kicked,
  loginAll,
  lose,
  lostSession,
  shows,
  stateOf,
  toldSessions,
  whileBefore,
} from "./lib/a-scenes.ts";

/** Rules at whose limit a session can be lost and not be over: those whose last filling platform shows OFFLINE. */
function lossCases(profile: Profile): readonly LimitCase[] {
  return limitSamples(profile).filter(({ filling }) => livenessOf(profile, lastOf(filling)).offline);
}

function lastOf<T>(list: readonly T[]): T {
  return list.at(-1) ?? firstOf(list);
}

function applies(profile: Profile): true | string {
  return lossCases(profile).length > 0 || "no session rule can be filled with sessions whose loss shows OFFLINE";
}

function gracesMs(profile: Profile): number {
  return lossCases(profile).reduce((sum, { filling }) => sum + livenessOf(profile, lastOf(filling)).graceMs, 0);
}

/** Of these, those where one of the sessions that fill the rule can be away. */
function awayCases(profile: Profile): readonly LimitCase[] {
  return lossCases(profile).filter(({ filling }) => livenessOf(profile, lastOf(filling)).graceMs > 0);
}

/** A platform on which a session can be lost that then logs in on another, whose rule is full; better one that the rule does not count. */
function moveCases(profile: Profile): readonly { readonly limit: LimitCase; readonly from: Platform }[] {
  return limitSamples(profile).flatMap((limit) => {
    const candidates = limit.bystander === undefined ? knownPlatforms : [limit.bystander, ...knownPlatforms];
    const from = candidates.find((platform) => platform !== limit.extra && livenessOf(profile, platform).offline);
    return from === undefined ? [] : [{ limit, from }];
  });
}

interface Scene {
  readonly user: TestUser;
  /** The last of those who filled the rule; it is lost. */
  readonly lost: TestSession;
  /** Those who live now, in the order of their logins: the rule is full of them. */
  readonly live: readonly TestSession[];
}

async function placeTaken(t: Bench, { filling }: LimitCase): Promise<Scene> {
  const user = await t.user();
  const sessions = await loginAll(user, filling);
  const [lost, others] = [lastOf(sessions), sessions.slice(0, -1)];
  await lose(t, lost, others);
  const newest = await user.login({ platform: lost.platform });
  const live = [...others, newest];
  toldSessions(t, newest, live, "the Login that took the place of the lost session");
  return { user, lost, live };
}

async function overByNewer(t: Bench, { user, lost, live }: Scene, call: Promise<unknown>, what: string): Promise<void> {
  const { endReason } = await t.refused(call, "SESSION_ENDED", what);
  t.equal(endReason, "KICKED", `end_reason of ${what}`);
  const again = await t.refused(lost.raw.heartbeat(), "SESSION_ENDED", `Heartbeat after ${what}`);
  t.equal(again.endReason, "KICKED", `end_reason of Heartbeat after ${what}`);
  await allLive(t, live, `After ${what}`);
  await shows(t, user.id, OnlineStatus.ONLINE, `Status after ${what}`);
}

export const comesBackChecks: readonly Check[] = [
  {
    id: "session-comes-back/login",
    title: "A lost session that comes back by Login where the rule is full kicks the earliest live one, and goes on",
    applies,
    timeMs: gracesMs,
    run: async (t: Bench) => {
      for (const limit of lossCases(t.profile)) {
        const { user, lost, live } = await placeTaken(t, limit);
        const again = await user.login({ device: lost.device, platform: lost.platform });
        const what = `Login of a lost session at the limit of ${limit.title}`;
        t.equal(again.id, lost.id, `Session id in the answer of ${what}`);
        await kicked(t, firstOf(live), `the earliest, after ${what}`);
        await allLive(t, [...live.slice(1), again], `After ${what}`);
        toldSessions(t, again, [...live.slice(1), again], what);
      }
    },
  },
  {
    id: "session-comes-back/login-on-another-platform",
    title:
      "A lost session that comes back by Login on another platform, whose rule is full, kicks the earliest live one there",
    applies: (profile) => moveCases(profile).length > 0 || "no lost session can log in where a session rule is full",
    timeMs: (profile) =>
      gracesOf(
        profile,
        moveCases(profile).map(({ from }) => from),
      ),
    run: async (t: Bench) => {
      for (const { limit, from } of moveCases(t.profile)) {
        const { user, session: lost } = await lostSession(t, await t.user(), from);
        const live = await loginAll(user, limit.filling);
        toldSessions(t, lastOf(live), live, `the last Login at the limit of ${limit.title}, one being lost`);
        const again = await user.login({ device: lost.device, platform: limit.extra });
        const what = `Login of a lost session on another platform, at the limit of ${limit.title}`;
        t.equal(again.id, lost.id, `Session id in the answer of ${what}`);
        const left = [...live.slice(1), again];
        toldSessions(t, again, left, what);
        await kicked(t, firstOf(live), `the earliest, after ${what}`);
        await allLive(t, left, `After ${what}`);
      }
    },
  },
  {
    id: "session-comes-back/heartbeat",
    title: "A lost session that comes back by Heartbeat where the rule is full is refused as KICKED, and is over",
    applies,
    timeMs: gracesMs,
    run: async (t: Bench) => {
      for (const limit of lossCases(t.profile)) {
        const scene = await placeTaken(t, limit);
        const what = `Heartbeat of a lost session at the limit of ${limit.title}`;
        await overByNewer(t, scene, scene.lost.raw.heartbeat(), what);
      }
    },
  },
  {
    id: "session-comes-back/beside-one-away",
    title: "So it is while one of those that fill the rule is away: within its grace it keeps its place",
    applies: (profile) =>
      awayCases(profile).length > 0 || "no session rule can be filled with sessions that have a grace and show OFFLINE",
    timeMs: gracesMs,
    run: async (t: Bench) => {
      for (const limit of awayCases(t.profile)) {
        const scene = await placeTaken(t, limit);
        const away = lastOf(scene.live);
        const { from } = await closeLink(t, await away.watch());
        const what = `Heartbeat of a lost session while one is away, at the limit of ${limit.title}`;
        await whileBefore(t, from + livenessOf(t.profile, away.platform).graceMs, () =>
          overByNewer(t, scene, scene.lost.raw.heartbeat(), what),
        );
      }
    },
  },
  {
    id: "session-comes-back/watch",
    title: "A lost session that comes back by a Watch where the rule is full is refused as KICKED, and is over",
    applies,
    timeMs: gracesMs,
    run: async (t: Bench) => {
      for (const limit of lossCases(t.profile)) {
        const scene = await placeTaken(t, limit);
        const what = `Watch of a lost session at the limit of ${limit.title}`;
        await overByNewer(t, scene, openAndDrop(scene.user.client(), { sessionId: scene.lost.id }), what);
      }
    },
  },
  {
    id: "session-comes-back/room-again",
    title: "When a place is free again the lost session comes back by Heartbeat and kicks nobody",
    applies,
    timeMs: gracesMs,
    run: async (t: Bench) => {
      for (const limit of lossCases(t.profile)) {
        const { user, lost, live } = await placeTaken(t, limit);
        t.equal(await stateOf(t, lost), "SESSION_LOST", "A call of the lost session whose place was taken");
        await lastOf(live).logout();
        await lost.heartbeat();
        await allLive(
          t,
          [...live.slice(0, -1), lost],
          `After Heartbeat of a lost session, at the limit of ${limit.title}`,
        );
        await shows(t, user.id, OnlineStatus.ONLINE, "Status of the user who came back");
      }
    },
  },
];
