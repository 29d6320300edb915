// Checks of SPEC §6.1, logout: at once, for every call and the Watch, and for sessions whose link is away.
import { OnlineStatus, type Platform, type Profile, type SessionEndName, WatchEndReason } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { allRefused, sessionCalls } from "./lib/a-calls.ts";
import {
  firstOf,
  gracesMs,
  hasLimit,
  hasOffline,
  hasPair,
  knownPlatforms,
  limitSamples,
  livenessOf,
  lossStatus,
  mostSideBySide,
  offlineSamples,
  onlineName,
  pairOf,
  platformName,
  ruleSamples,
} from "./lib/a-profile.ts";
import {
  closeLink,
  kicked,
  loggedInAt,
  loginAll,
  look,
  lostSession,
  shows,
  stateOf,
  twoSessions,
  watching,
  whileBefore,
} from "./lib/a-scenes.ts";

/** How many ended sessions of a user a server remembers at least. */
const rememberedMin = 16;

async function everyCallEnded(t: Bench, session: TestSession, targetId: string, what: string): Promise<void> {
  const options = { client: session.user.client(), sessionId: session.id, targetId, profile: t.profile };
  await allRefused(t, sessionCalls(options), "SESSION_ENDED", what, ({ endReason }, name) => {
    t.equal(endReason, "LOGGED_OUT", `end_reason of ${name} ${what}`);
  });
}

/** Each of them is remembered as over for this reason. */
async function allOver(t: Bench, sessions: readonly TestSession[], expected: SessionEndName): Promise<void> {
  for (const [index, { raw }] of sessions.entries()) {
    const what = `Heartbeat of session ${index + 1} of ${sessions.length} that are over (${expected})`;
    const { endReason } = await t.refused(raw.heartbeat(), "SESSION_ENDED", what);
    t.equal(endReason, expected, `end_reason of ${what}`);
  }
}

/** How long after its last sign of life a session is over, in milliseconds. */
function endMs(profile: Profile, platform: Platform): number {
  const { leaseMs, graceMs, decayMs, offline } = livenessOf(profile, platform);
  return leaseMs + graceMs + (offline ? decayMs : 0);
}

/** A check of sessions that fell silent side by side, on platforms whose lost sessions show OFFLINE (or are over), and ended by themselves. */
function remembersSilent(id: string, title: string, offline: boolean): Check {
  const silent = (profile: Profile): readonly Platform[] => {
    const ofKind = knownPlatforms.filter((platform) => livenessOf(profile, platform).offline === offline);
    const ending = ofKind.filter((platform) => Number.isFinite(endMs(profile, platform)));
    return mostSideBySide(profile, rememberedMin, ending);
  };
  return {
    id,
    title,
    applies: (profile) =>
      silent(profile).length > 1 || "no two sessions that end so by themselves may live side by side",
    timeMs: (profile) => Math.max(0, ...silent(profile).map((platform) => endMs(profile, platform))),
    run: async (t: Bench) => {
      const sessions = await loginAll(await t.user(), silent(t.profile));
      const ends = sessions.map((session) => loggedInAt(t, session) + endMs(t.profile, session.platform));
      await t.time.reach(Math.max(...ends));
      await allOver(t, sessions, offline ? "DECAYED" : "LINK_LOST");
    },
  };
}

export const logoutChecks: readonly Check[] = [
  {
    id: "logout-at-once/last-session",
    title:
      "Once Logout of the only session is answered the user is LOGGED_OUT, and never OFFLINE between, on every kind of platform",
    run: async (t: Bench) => {
      for (const platform of ruleSamples(t.profile)) {
        const session = await (await t.user()).login({ platform });
        await session.watch();
        const { user } = session;
        const { watch } = await watching(t, user.id);
        await shows(t, user.id, OnlineStatus.ONLINE, "Status before Logout");
        await watch.fence();
        const mark = watch.mark();
        const { self } = await session.logout();
        t.equal(self?.sessions.length, 0, "Sessions in the answer of Logout");
        await shows(t, user.id, OnlineStatus.LOGGED_OUT, `Status after Logout on ${platformName(platform)}`);
        await watch.fence();
        const told = watch.statusesOf(user.id, mark).map(({ onlineStatus }) => onlineName(onlineStatus));
        t.equal(told.at(-1), "LOGGED_OUT", "Last status on the Watch after Logout");
        t.ok(!told.includes("OFFLINE"), "The Watch shows no OFFLINE between", told);
      }
    },
  },
  {
    id: "logout-at-once/last-of-two",
    title: "With two sessions the logout of one leaves the user ONLINE, of the other LOGGED_OUT",
    claims: ["multi_session"],
    applies: hasPair,
    run: async (t: Bench) => {
      const [first, second] = await twoSessions(t, pairOf(t.profile));
      const { user } = first;
      const { self } = await first.logout();
      t.equal(
        self?.sessions.map(({ sessionId }) => sessionId),
        [second.id],
        "Sessions in the answer of the first Logout",
      );
      await shows(t, user.id, OnlineStatus.ONLINE, "Status after the logout of one of two sessions");
      await second.logout();
      await shows(t, user.id, OnlineStatus.LOGGED_OUT, "Status after the logout of the other session");
    },
  },
  {
    id: "logout-ends-session/every-call",
    title: "After Logout every call with the session id is refused with SESSION_ENDED, LOGGED_OUT",
    run: async (t: Bench) => {
      const target = await t.user();
      const session = await t.session();
      t.equal(await stateOf(t, session), "success", "A call before Logout");
      await session.logout();
      await everyCallEnded(t, session, target.id, "after Logout");
      await shows(t, session.user.id, OnlineStatus.LOGGED_OUT, "Status after the refused calls");
    },
  },
  {
    id: "logout-ends-session/while-another-lives",
    title: "A session that was logged out stays ended while another of the user lives",
    claims: ["multi_session"],
    applies: hasPair,
    run: async (t: Bench) => {
      const target = await t.user();
      const [first, second] = await twoSessions(t, pairOf(t.profile));
      await first.logout();
      await everyCallEnded(t, first, target.id, "of one of two sessions, after its Logout");
      t.equal(await stateOf(t, second), "success", "A call of the other session");
    },
  },
  {
    id: "logout-ends-session/remembers",
    title: `The last ${rememberedMin} sessions of a user that were logged out are remembered, of one device or of many`,
    run: async (t: Bench) => {
      const user = await t.user();
      const ended: TestSession[] = [];
      for (let made = 0; made < rememberedMin; made++) {
        const session = await user.login(made % 2 === 0 ? { device: "the-same-device" } : {});
        await session.logout();
        ended.push(session);
      }
      await allOver(t, ended, "LOGGED_OUT");
    },
  },
  {
    id: "logout-ends-session/remembers-kicked",
    title: `So are the last ${rememberedMin} that were kicked`,
    applies: hasLimit,
    run: async (t: Bench) => {
      const { filling, extra } = firstOf(limitSamples(t.profile));
      const user = await t.user();
      const sessions = await loginAll(user, filling);
      while (sessions.length < filling.length + rememberedMin) sessions.push(await user.login({ platform: extra }));
      for (const [index, session] of sessions.slice(0, rememberedMin).entries()) {
        await kicked(t, session, `session ${index + 1} of ${rememberedMin} that were kicked`);
      }
    },
  },
  {
    id: "logout-ends-session/remembers-ended-by-admin",
    title: `So are the last ${rememberedMin} that the backend ended`,
    tools: ["admin"],
    run: async (t: Bench) => {
      const user = await t.user();
      const ended: TestSession[] = [];
      for (let made = 0; made < rememberedMin; made++) {
        ended.push(await user.login());
        await t.admin.endSessions(user.id);
      }
      await allOver(t, ended, "ADMIN");
    },
  },
  remembersSilent(
    "lost-decay/remembered",
    `A server remembers up to ${rememberedMin} that were lost side by side, and decayed`,
    true,
  ),
  remembersSilent(
    "logout-ends-session/remembers-link-lost",
    `So are up to ${rememberedMin} that were lost side by side, and over with it`,
    false,
  ),
  {
    id: "logout-ends-watch/told",
    title: "The Watch of a session that is logged out ends with LOGGED_OUT and without may_resume",
    run: async (t: Bench) => {
      const { session, watch } = await t.watcher();
      await watch.fence();
      await session.logout();
      const { end } = await watch.end("The Watch of the session that was logged out");
      t.equal(end?.reason, WatchEndReason.LOGGED_OUT, "Reason of watch_end after Logout");
      t.equal(end?.mayResume, false, "may_resume of watch_end after Logout");
    },
  },
  {
    id: "logout-ends-watch/that-one-only",
    title: "The Watches of the user's other sessions go on",
    claims: ["multi_session"],
    applies: hasPair,
    run: async (t: Bench) => {
      const [first, second] = await twoSessions(t, pairOf(t.profile));
      const gone = await first.watch();
      const stays = await second.watch();
      await first.logout();
      const { end } = await gone.end("The Watch of the session that was logged out");
      t.equal(end?.reason, WatchEndReason.LOGGED_OUT, "Reason of watch_end after Logout");
      await stays.fence();
    },
  },
  {
    id: "logout-lost/in-grace",
    title: "Logout ends a session whose link is away, within its grace, at once",
    applies: (profile) =>
      ruleSamples(profile).some((platform) => livenessOf(profile, platform).graceMs > 0) || "the profile has no grace",
    timeMs: (profile) => gracesMs(profile, ruleSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of ruleSamples(t.profile)) {
        if (livenessOf(t.profile, platform).graceMs === 0) continue;
        const session = await (await t.user()).login({ platform });
        const { from } = await closeLink(t, await session.watch());
        await whileBefore(t, from + livenessOf(t.profile, platform).graceMs, async () => {
          await shows(t, session.user.id, OnlineStatus.ONLINE, `Status in the grace on ${platformName(platform)}`);
          await session.logout();
        });
        await shows(
          t,
          session.user.id,
          OnlineStatus.LOGGED_OUT,
          `Status after Logout in the grace on ${platformName(platform)}`,
        );
        const { endReason } = await t.refused(
          session.raw.heartbeat(),
          "SESSION_ENDED",
          "Heartbeat after Logout in the grace",
        );
        t.equal(endReason, "LOGGED_OUT", "end_reason after Logout in the grace");
      }
    },
  },
  {
    id: "logout-lost/lost",
    title: "Logout ends a session that is lost: its user is LOGGED_OUT and no more OFFLINE",
    applies: hasOffline,
    timeMs: (profile) => gracesMs(profile, offlineSamples(profile).slice(0, 1)),
    run: async (t: Bench) => {
      const platform = firstOf(offlineSamples(t.profile));
      const { session, user } = await lostSession(t, await t.user(), platform);
      await shows(t, user.id, lossStatus(t.profile, platform), "Status before Logout of the lost session");
      await session.logout();
      const { onlineStatus } = await look(t, user.id);
      t.equal(onlineName(onlineStatus), "LOGGED_OUT", "Status after Logout of the lost session");
      await everyCallEnded(t, session, (await t.user()).id, "after Logout of the lost session");
    },
  },
];
