// Checks of SPEC §6.2, session-limit, beyond single rules: any order of logins and logouts under all rules together.
import type { Platform, Profile, SessionRule } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { counts, hasLimit, knownPlatforms, platformName, rulePlatform } from "./lib/a-profile.ts";
import { allLive, loginAll, toldSessions } from "./lib/a-scenes.ts";

/** Steps of one walk. */
const steps = 40;
/** Sessions on a platform that no rule names. */
const unlimitedCount = 12;

/** Platforms that no rule counts. */
function unnamed(profile: Profile): readonly Platform[] {
  return knownPlatforms.filter((platform) => !profile.sessionRules.some((rule) => counts(rule, platform)));
}

/** Who lives after one more login, by the words of the specification: each rule in order, after the kicks of the earlier ones. */
function afterLogin(profile: Profile, live: readonly TestSession[], newest: TestSession): readonly TestSession[] {
  let left = [...live, newest];
  for (const rule of profile.sessionRules.filter((one) => counts(one, newest.platform))) {
    const counted = left.filter((session) => countedWith(rule, session.platform, newest.platform));
    const kicked = counted.slice(0, Math.max(0, counted.length - rule.maxSessions));
    left = left.filter((session) => !kicked.includes(session));
  }
  return left;
}

function countedWith(rule: SessionRule, platform: Platform, newest: Platform): boolean {
  return counts(rule, platform) && (!rule.perPlatform || rulePlatform(platform) === rulePlatform(newest));
}

export const sessionRuleChecks: readonly Check[] = [
  {
    id: "session-limit/walk",
    title: "Over many logins and logouts on all platforms just those live whom the rules leave, taken in order",
    applies: hasLimit,
    run: async (t: Bench) => {
      const user = await t.user();
      let live: readonly TestSession[] = [];
      for (let step = 0; step < steps; step++) {
        if (live.length > 1 && t.random.int(6) === 0) {
          const leaving = t.random.pick(live);
          await leaving.logout();
          live = live.filter((session) => session !== leaving);
          continue;
        }
        const newest = await user.login({ platform: t.random.pick(knownPlatforms) });
        live = afterLogin(t.profile, live, newest);
        toldSessions(t, newest, live, `login ${step + 1}, on ${platformName(newest.platform)}`);
      }
      await allLive(t, live, `After ${steps} logins and logouts`);
    },
  },
  {
    id: "session-limit/no-rule",
    title: "On a platform that no rule names there is no limit",
    applies: (profile) => unnamed(profile).length > 0 || "the rules name every platform",
    run: async (t: Bench) => {
      for (const platform of unnamed(t.profile)) {
        const platforms = Array.from({ length: unlimitedCount }, () => platform);
        const sessions = await loginAll(await t.user(), platforms);
        await allLive(t, sessions, `${unlimitedCount} sessions on ${platformName(platform)}, which no rule names`);
        for (const last of sessions.slice(-1)) toldSessions(t, last, sessions, "the last Login");
      }
    },
  },
];
