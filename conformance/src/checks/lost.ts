// Checks of SPEC §6.3, lost sessions: what they count as, which calls they refuse and which revive them, and when they are over.
import { OnlineStatus, type Platform, type Profile } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { allRefused, plainCalls } from "./lib/a-calls.ts";
import {
  fits,
  gracesMs,
  hasOffline,
  hasOfflinePair,
  hasOver,
  livenessOf,
  offlinePair,
  offlineSamples,
  onlineName,
  overSamples,
  type Pair,
  platformName,
  silenceMs,
} from "./lib/a-profile.ts";
import {
  closeLink,
  loggedInAt,
  look,
  lose,
  lostSession,
  shows,
  stateOf,
  twoSessions,
  watching,
} from "./lib/a-scenes.ts";

const { ONLINE, OFFLINE, LOGGED_OUT } = OnlineStatus;

/** A platform whose lost sessions are over, beside one whose lost sessions show OFFLINE. */
function mixedPair(profile: Profile): Pair | undefined {
  for (const over of overSamples(profile)) {
    const offline = offlineSamples(profile).find((platform) => fits(profile, [over, platform]));
    if (offline !== undefined) return [over, offline];
  }
  return undefined;
}

/** The time in which sessions on both platforms are lost, one after the other. */
function pairMs(profile: Profile, pair: readonly Platform[] | undefined): number {
  return gracesMs(profile, pair ?? []);
}

/** The three ways to come back. */
const revivals: Record<string, (t: Bench, session: TestSession) => Promise<unknown>> = {
  Heartbeat: (_, session) => session.heartbeat(),
  Watch: (_, session) => session.watch(),
  Login: async (t, session) => {
    const again = await session.user.login({ device: session.device, platform: session.platform });
    t.equal(again.id, session.id, "Session id of Login with the device of the lost session");
  },
};

export const lostChecks: readonly Check[] = [
  {
    id: "lost-offline/alone",
    title: "A user whose only session was lost is OFFLINE, for those who ask and those who watch",
    applies: hasOffline,
    timeMs: (profile) => gracesMs(profile, offlineSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of offlineSamples(t.profile)) {
        const user = await t.user();
        const { observer, watch } = await watching(t, user.id);
        await lostSession(t, user, platform, [observer]);
        await shows(t, user.id, OFFLINE, `Status of a user who was lost on ${platformName(platform)}`);
        await watch.status(user.id, "The loss on the Watch of another", ({ onlineStatus }) => onlineStatus === OFFLINE);
        const [result] = await (await t.session()).subscribe([user.id]);
        const status = result?.result.case === "subscribed" ? result.result.value.status : undefined;
        t.equal(onlineName(status?.onlineStatus ?? 0), "OFFLINE", "Status in the answer of Subscribe");
      }
    },
  },
  {
    id: "lost-offline/both-lost",
    title: "A user whose two sessions were both lost is OFFLINE",
    claims: ["multi_session"],
    applies: hasOfflinePair,
    timeMs: (profile) => pairMs(profile, offlinePair(profile)),
    run: async (t: Bench) => {
      const [first, second] = await twoSessions(t, offlinePair(t.profile));
      await lose(t, first, [second]);
      await shows(t, first.user.id, ONLINE, "Status while one of two sessions is lost");
      await lose(t, second);
      await shows(t, first.user.id, OFFLINE, "Status when both sessions are lost");
    },
  },
  {
    id: "lost-offline/beside-a-logout",
    title: "A user with one session lost and the other logged out is OFFLINE, whichever came first",
    claims: ["multi_session"],
    applies: hasOfflinePair,
    timeMs: (profile) => 2 * pairMs(profile, offlinePair(profile)),
    run: async (t: Bench) => {
      const [lost, leaving] = await twoSessions(t, offlinePair(t.profile));
      await lose(t, lost, [leaving]);
      await leaving.logout();
      await shows(t, lost.user.id, OFFLINE, "Status after a loss and then the logout of the other session");
      const [early, late] = await twoSessions(t, offlinePair(t.profile));
      await early.logout();
      await lose(t, late);
      await shows(t, late.user.id, OFFLINE, "Status after a logout and then the loss of the other session");
      await late.logout();
      await shows(t, late.user.id, LOGGED_OUT, "Status after the logout of the lost session too");
    },
  },
  {
    id: "lost-logged-out/closed",
    title: "A session whose after_loss is LOGGED_OUT is over when its grace is: its user LOGGED_OUT, and never OFFLINE",
    applies: hasOver,
    timeMs: (profile) => gracesMs(profile, overSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of overSamples(t.profile)) {
        const session = await (await t.user()).login({ platform });
        const { user } = session;
        const { observer, watch } = await watching(t, user.id);
        const mark = watch.mark();
        const { to } = await closeLink(t, await session.watch());
        await t.time.reach(to + livenessOf(t.profile, platform).graceMs, [observer]);
        await watch.status(
          user.id,
          "The loss on the Watch of another",
          ({ onlineStatus }) => onlineStatus === LOGGED_OUT,
          mark,
        );
        await shows(t, user.id, LOGGED_OUT, `Status of a user who was lost on ${platformName(platform)}`);
        const told = watch.statusesOf(user.id).map(({ onlineStatus }) => onlineName(onlineStatus));
        t.ok(!told.includes("OFFLINE"), "The Watch shows no OFFLINE", told);
        await over(t, session);
      }
    },
  },
  {
    id: "lost-logged-out/silent",
    title: "So it is when its lease ended in silence",
    applies: hasOver,
    timeMs: (profile) => silenceMs(profile, overSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of overSamples(t.profile)) {
        const session = await (await t.user()).login({ platform });
        const { user } = session;
        const { observer, watch } = await watching(t, user.id);
        const { leaseMs, graceMs } = livenessOf(t.profile, platform);
        await t.time.reach(loggedInAt(t, session) + leaseMs + graceMs, [observer]);
        await watch.status(
          user.id,
          "The loss on the Watch of another",
          ({ onlineStatus }) => onlineStatus === LOGGED_OUT,
        );
        await shows(t, user.id, LOGGED_OUT, `Status of a user who fell silent on ${platformName(platform)}`);
        const told = watch.statusesOf(user.id).map(({ onlineStatus }) => onlineName(onlineStatus));
        t.ok(!told.includes("OFFLINE"), "The Watch shows no OFFLINE", told);
        await over(t, session);
      }
    },
  },
  {
    id: "lost-logged-out/beside-others",
    title: "Beside a live session its loss shows nothing; beside a lost one the user is OFFLINE by that one",
    claims: ["multi_session"],
    applies: (profile) => mixedPair(profile) !== undefined || "no two sessions of both kinds may live side by side",
    timeMs: (profile) => pairMs(profile, mixedPair(profile)),
    run: async (t: Bench) => {
      const [web, native] = await twoSessions(t, mixedPair(t.profile));
      await lose(t, web, [native]);
      await shows(
        t,
        native.user.id,
        ONLINE,
        "Status when the session that is over at once was lost, and the other lives",
      );
      await lose(t, native);
      await shows(t, native.user.id, OFFLINE, "Status when the other was lost too");
      await native.logout();
      await shows(t, native.user.id, LOGGED_OUT, "Status when the other has logged out");
    },
  },
  {
    id: "lost-calls/refused",
    title: "With a lost session every call but Login, Watch, Heartbeat and Logout is refused with SESSION_LOST",
    applies: hasOffline,
    timeMs: (profile) => gracesMs(profile, offlineSamples(profile)),
    run: async (t: Bench) => {
      const target = await t.user();
      for (const platform of offlineSamples(t.profile)) {
        const { session, user } = await lostSession(t, await t.user(), platform);
        const options = { client: user.client(), sessionId: session.id, targetId: target.id, profile: t.profile };
        await allRefused(t, plainCalls(options), "SESSION_LOST", `with a session lost on ${platformName(platform)}`);
        await shows(t, user.id, OFFLINE, "Status after the refused calls");
      }
    },
  },
  {
    id: "lost-revive/three-ways",
    title:
      "Heartbeat, Watch and Login revive a lost session: the same session, the user ONLINE, every call works, watchers are told",
    applies: hasOffline,
    timeMs: (profile) => 3 * gracesMs(profile, offlineSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of offlineSamples(t.profile)) {
        for (const [way, revive] of Object.entries(revivals)) {
          const what = `after a revival by ${way} on ${platformName(platform)}`;
          const { session, user } = await lostSession(t, await t.user(), platform);
          await shows(t, user.id, OFFLINE, `Status before a revival by ${way}`);
          const { watch } = await watching(t, user.id);
          const mark = watch.mark();
          await revive(t, session);
          await shows(t, user.id, ONLINE, `Status ${what}`);
          await watch.status(user.id, `The status ${what}`, ({ onlineStatus }) => onlineStatus === ONLINE, mark);
          t.equal(await stateOf(t, session), "success", `A call of the same session ${what}`);
          const { self } = await session.logout();
          t.equal(self?.sessions.length, 0, `Sessions of the user ${what} and a Logout`);
        }
      }
    },
  },
];

/** The session is over: not even Heartbeat brings it back, and Login makes a new one. */
async function over(t: Bench, session: TestSession): Promise<void> {
  const { endReason } = await t.refused(
    session.raw.heartbeat(),
    "SESSION_ENDED",
    "Heartbeat of the session that is over",
  );
  t.equal(endReason, "LINK_LOST", "end_reason of the session that is over");
  const again = await session.user.login({ device: session.device, platform: session.platform });
  t.ok(again.id !== session.id, "Login with the same device gives a new session", again.id);
  const { onlineStatus } = await look(t, session.user.id);
  t.equal(onlineName(onlineStatus), "ONLINE", "Status after Login with the same device");
}
