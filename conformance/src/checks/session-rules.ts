// Checks of SPEC §6.1 and §6.2 beyond single rules: any order of logins, moves and logouts under all rules together.
import type { Platform, Profile, SessionRule } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import {
  counts,
  hasLimit,
  knownPlatforms,
  type LimitCase,
  limitSamples,
  platformName,
  rulePlatform,
} from "./lib/a-profile.ts";
import { allLive, kicked, loginAll, toldSessions } from "./lib/a-scenes.ts";

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

/** Rules that a session from a platform beside them can move into when they are full. */
function movable(profile: Profile): readonly (LimitCase & { readonly bystander: Platform })[] {
  return limitSamples(profile).flatMap((limit) => {
    const { bystander } = limit;
    return bystander === undefined ? [] : [{ ...limit, bystander }];
  });
}

export const sessionRuleChecks: readonly Check[] = [
  {
    id: "login-same-device/moves-beyond-a-rule",
    title:
      "Login again on a platform whose rule is full kicks nobody; the next login there kicks until the rule holds, the moved session like any other",
    applies: (profile) => movable(profile).length > 0 || "no session can move to where a session rule is full",
    run: async (t: Bench) => {
      for (const { filling, extra, bystander, title } of movable(t.profile)) {
        const user = await t.user();
        const mover = await user.login({ platform: bystander });
        const sessions = await loginAll(user, filling);
        const moved = await user.login({ device: mover.device, platform: extra });
        const live = [moved, ...sessions];
        toldSessions(t, moved, live, `Login again, to ${title}`);
        const newest = await user.login({ platform: extra });
        const left = afterLogin(t.profile, live, newest);
        toldSessions(t, newest, left, `Login after a move, two beyond ${title}`);
        for (const session of live.filter((one) => !left.includes(one)))
          await kicked(t, session, `one of the two earliest logins, after a move beyond ${title}`);
        await allLive(t, left, `After a move and a login, two beyond ${title}`);
      }
    },
  },
  {
    id: "session-limit/walk",
    title:
      "Over many logins, moves to other platforms, and logouts just those live whom the rules leave, taken in order",
    applies: hasLimit,
    run: async (t: Bench) => {
      const user = await t.user();
      let live: readonly TestSession[] = [];
      for (let step = 0; step < steps; step++) {
        const chance = t.random.int(8);
        const one = live.length > 1 ? t.random.pick(live) : undefined;
        const platform = t.random.pick(knownPlatforms);
        if (one && chance === 0) {
          await one.logout();
          live = live.filter((session) => session !== one);
        } else if (one && (chance === 1 || chance === 2)) {
          const moved = await user.login({ device: one.device, platform });
          live = live.map((session) => (session === one ? moved : session));
          toldSessions(t, moved, live, `step ${step + 1}, Login again, on ${platformName(platform)}`);
        } else {
          const newest = await user.login({ platform });
          live = afterLogin(t.profile, live, newest);
          toldSessions(t, newest, live, `step ${step + 1}, Login on ${platformName(platform)}`);
        }
      }
      await allLive(t, live, `After ${steps} logins, moves and logouts`);
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
