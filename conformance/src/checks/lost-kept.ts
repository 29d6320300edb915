// Checks of SPEC §6.2, session-lost-uncounted: how many lost sessions of a user a server keeps at least.
import type { Platform, Profile } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { counts, knownPlatforms, livenessOf, mostSideBySide } from "./lib/a-profile.ts";
import { instantOf, lose } from "./lib/a-scenes.ts";

/** Lost sessions are lost one after the other, so that one is lost longest. */
const apartMs = 10;
/** What one loss takes at most beside its grace, where time runs. */
const perLossMs = 1000;
/** More than this are not tried. */
const keptMax = 60;

/** Platforms of as many sessions as rules let live side by side, of those whose lost sessions show OFFLINE. */
function crowd(profile: Profile): readonly Platform[] {
  // Where no rule names a platform any number could live: nobody keeps any number.
  const limited = knownPlatforms.filter((platform) => profile.sessionRules.some((rule) => counts(rule, platform)));
  const offline = limited.filter((platform) => livenessOf(profile, platform).offline);
  return mostSideBySide(profile, keptMax, offline);
}

function applies(profile: Profile): true | string {
  const platforms = crowd(profile);
  if (platforms.length === 0) return "no session rule counts a platform whose lost sessions show OFFLINE";
  const decays = platforms.map((platform) => livenessOf(profile, platform).decayMs);
  const needed = platforms.reduce<number>(
    (sum, platform) => sum + livenessOf(profile, platform).graceMs + perLossMs,
    0,
  );
  return Math.min(...decays) > needed || "the first lost sessions decay before the last are lost";
}

async function allKept(t: Bench, lost: readonly TestSession[]): Promise<void> {
  t.equal(new Set(lost.map(({ id }) => id)).size, lost.length, "Different session ids of different devices");
  for (const [index, { raw }] of lost.entries()) {
    const what = `ListSubscriptions of lost session ${index + 1} of ${lost.length}`;
    await t.refused(raw.list(), "SESSION_LOST", what);
  }
  for (const session of [lost[0], lost.at(-1)]) await session?.heartbeat();
}

export const lostKeptChecks: readonly Check[] = [
  {
    id: "session-lost-uncounted/kept-one-by-one",
    title: "As many sessions as could live side by side are kept when they were lost one after the other",
    applies,
    timeMs: (profile) =>
      crowd(profile).reduce<number>((sum, platform) => sum + livenessOf(profile, platform).graceMs + apartMs, 0),
    run: async (t: Bench) => {
      const user = await t.user();
      const lost: TestSession[] = [];
      for (const platform of crowd(t.profile)) {
        const session = await user.login({ platform });
        t.ok(!lost.some(({ id }) => id === session.id), "A new device gets a session of its own", session.id);
        await lose(t, session);
        await t.time.pass(apartMs);
        lost.push(session);
      }
      await allKept(t, lost);
    },
  },
  {
    id: "session-lost-uncounted/kept-at-once",
    title: "As many sessions as may live side by side are kept when they all fell silent at once",
    applies,
    timeMs: (profile) => {
      const spans = crowd(profile).map((platform) => livenessOf(profile, platform));
      return Math.max(0, ...spans.map(({ leaseMs, graceMs }) => leaseMs + graceMs));
    },
    run: async (t: Bench) => {
      const user = await t.user();
      const silent: TestSession[] = [];
      const ends: number[] = [];
      for (const platform of crowd(t.profile)) {
        const session = await user.login({ platform });
        const { leaseMs, graceMs } = livenessOf(t.profile, platform);
        ends.push(instantOf(t, session.login.serverTime, "server_time of Login") + leaseMs + graceMs);
        silent.push(session);
      }
      await t.time.reach(Math.max(...ends));
      await allKept(t, silent);
    },
  },
];
