// Checks of SPEC §6.3, lost-decay: how long a lost session counts as OFFLINE. These are days of the profile's time, which only a
// clock that can be moved lets pass.
import { OnlineStatus, type Platform, type Profile } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import {
  gracesMs,
  hasOffline,
  knownPlatforms,
  livenessOf,
  offlineSamples,
  type Pair,
  pairOf,
  platformName,
} from "./lib/a-profile.ts";
import { lose, lostSession, shows, stateOf, twoSessions } from "./lib/a-scenes.ts";

function applies(profile: Profile): true | string {
  const verdict = hasOffline(profile);
  if (verdict !== true) return verdict;
  return decaying(profile).length > 0 || "no liveness rule has a decay";
}

function decaying(profile: Profile): readonly Platform[] {
  return offlineSamples(profile).filter((platform) => decays(profile, platform));
}

function decays(profile: Profile, platform: Platform): boolean {
  const { offline, decayMs } = livenessOf(profile, platform);
  return offline && Number.isFinite(decayMs);
}

function decaysMs(profile: Profile): number {
  return decaying(profile).reduce<number>((sum, platform) => sum + livenessOf(profile, platform).decayMs, 0);
}

/** Two platforms whose lost sessions decay, side by side; and both are kept when lost. */
function pair(profile: Profile): Pair | undefined {
  if (Math.max(0, ...profile.sessionRules.map(({ maxSessions }) => maxSessions)) < 2) return undefined;
  return pairOf(
    profile,
    knownPlatforms.filter((platform) => decays(profile, platform)),
  );
}

export const decayChecks: readonly Check[] = [
  {
    id: "lost-decay/at-its-end",
    title:
      "A lost session counts as OFFLINE just before its decay is over, and is over at its end: DECAYED, the user LOGGED_OUT",
    applies,
    timeMs: (profile) => decaysMs(profile) + gracesMs(profile, decaying(profile)),
    run: async (t: Bench) => {
      for (const platform of decaying(t.profile)) {
        const { session, user, lost } = await lostSession(t, await t.user(), platform);
        const { decayMs } = livenessOf(t.profile, platform);
        await t.time.justBefore(lost.from + decayMs);
        await shows(
          t,
          user.id,
          OnlineStatus.OFFLINE,
          `Status just before the end of the decay on ${platformName(platform)}`,
        );
        t.equal(await stateOf(t, session), "SESSION_LOST", "A call just before the end of the decay");
        await t.time.reach(lost.to + decayMs);
        await shows(t, user.id, OnlineStatus.LOGGED_OUT, `Status at the end of the decay on ${platformName(platform)}`);
        const { endReason } = await t.refused(session.raw.heartbeat(), "SESSION_ENDED", "Heartbeat after the decay");
        t.equal(endReason, "DECAYED", "end_reason after the decay");
        const again = await user.login({ device: session.device, platform });
        t.ok(again.id !== session.id, "Login with the same device after the decay gives a new session", again.id);
      }
    },
  },
  {
    id: "lost-decay/counted-anew",
    title: "The decay counts from the last loss: of a session that came back, and was lost again, not from the first",
    applies,
    timeMs: (profile) => 1.5 * decaysMs(profile) + 2 * gracesMs(profile, decaying(profile)),
    run: async (t: Bench) => {
      for (const platform of decaying(t.profile)) {
        const { session, user } = await lostSession(t, await t.user(), platform);
        const { decayMs } = livenessOf(t.profile, platform);
        await t.time.pass(Math.floor(decayMs / 2));
        await session.heartbeat();
        const again = await lose(t, session);
        const where = `counted from the second loss, on ${platformName(platform)}`;
        await t.time.justBefore(again.from + decayMs);
        await shows(t, user.id, OnlineStatus.OFFLINE, `Status just before the end of the decay, ${where}`);
        await t.time.reach(again.to + decayMs);
        await shows(t, user.id, OnlineStatus.LOGGED_OUT, `Status at the end of the decay, ${where}`);
      }
    },
  },
  {
    id: "lost-decay/beside-a-live-one",
    title: "A lost session decays at its time though another of the user lives, whom it leaves ONLINE",
    claims: ["multi_session"],
    applies: (profile) => pair(profile) !== undefined || "no two sessions that decay may be lost side by side",
    timeMs: (profile) => {
      const first = (pair(profile) ?? []).slice(0, 1);
      return gracesMs(profile, first) + Math.max(0, ...first.map((platform) => livenessOf(profile, platform).decayMs));
    },
    run: async (t: Bench) => {
      const [lost, live] = await twoSessions(t, pair(t.profile));
      const { decayMs } = livenessOf(t.profile, lost.platform);
      const { from, to } = await lose(t, lost, [live]);
      await t.time.justBefore(from + decayMs, "all");
      t.equal(await stateOf(t, lost), "SESSION_LOST", "A call of the lost session just before the end of its decay");
      await t.time.reach(to + decayMs, "all");
      const what = "the lost session at the end of its decay, while another lives";
      t.equal(await stateOf(t, lost), "SESSION_ENDED", `A call of ${what}`);
      const { endReason } = await t.refused(lost.raw.heartbeat(), "SESSION_ENDED", `Heartbeat of ${what}`);
      t.equal(endReason, "DECAYED", `end_reason of ${what}`);
      t.equal(await stateOf(t, live), "success", "A call of the session that lives");
      await shows(t, live.user.id, OnlineStatus.ONLINE, "Status when one of two sessions has decayed");
    },
  },
  {
    id: "lost-decay/each-by-itself",
    title: "Two lost sessions decay each at its own time: the user is OFFLINE until the later one is over",
    claims: ["multi_session"],
    applies: (profile) => pair(profile) !== undefined || "no two sessions that decay may be lost side by side",
    timeMs: (profile) => {
      const both = pair(profile) ?? [];
      return (
        gracesMs(profile, both) + 2 * Math.max(0, ...both.map((platform) => livenessOf(profile, platform).decayMs))
      );
    },
    run: async (t: Bench) => {
      const [early, late] = await twoSessions(t, pair(t.profile));
      const { user } = early;
      const apartMs = Math.floor(livenessOf(t.profile, late.platform).leaseMs / 2);
      const first = await lose(t, early, [late]);
      await t.time.pass(apartMs, [late]);
      const second = await lose(t, late);
      const ends = [
        { session: early, at: first.to + livenessOf(t.profile, early.platform).decayMs },
        { session: late, at: second.to + livenessOf(t.profile, late.platform).decayMs },
      ].sort((a, b) => a.at - b.at);
      for (const [index, { session, at }] of ends.entries()) {
        await t.time.reach(at);
        t.equal(
          await stateOf(t, session),
          "SESSION_ENDED",
          `A call of lost session ${index + 1} at the end of its decay`,
        );
        const expected = index === 0 ? OnlineStatus.OFFLINE : OnlineStatus.LOGGED_OUT;
        await shows(t, user.id, expected, `Status at the end of the decay of lost session ${index + 1} of 2`);
      }
    },
  },
];
