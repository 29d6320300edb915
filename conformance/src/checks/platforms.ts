// Checks of SPEC §3, enums: platforms by number, named, unspecified, and unheard of.
import { Platform, type Profile } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import {
  fits,
  hasLimit,
  knownPlatforms,
  limitCases,
  livenessOf,
  platformName,
  unheardPlatform,
} from "./lib/a-profile.ts";
import { allLive, durationOf, loginAll, look, stateOf } from "./lib/a-scenes.ts";

/** Further numbers without a name: a small one, and the ends of what an enum can be. */
const numbers: readonly Platform[] = [
  100 as Platform,
  2_147_483_647 as Platform,
  -1 as Platform,
  -2_147_483_648 as Platform,
];

export const platformChecks: readonly Check[] = [
  {
    id: "enum-unspecified/login",
    title: "Login with the platform UNSPECIFIED is refused, and with every named one accepted",
    run: async (t: Bench) => {
      const user = await t.user();
      const login = user.client().login({ deviceId: "some-device", platform: Platform.UNSPECIFIED });
      await t.refused(login, "INVALID_FIELD", "Login with the platform UNSPECIFIED");
      for (const platform of knownPlatforms) {
        const { self } = (await (await t.user()).login({ platform })).login;
        t.equal(self?.sessions[0]?.platform, platform, `Platform of a session on ${platformName(platform)}`);
      }
      t.equal((await user.login()).login.self?.sessions.length, 1, "Sessions of the user: the refused Login made none");
    },
  },
  {
    id: "enum-unknown/echoed",
    title:
      "A platform number without a name, a negative one too, is accepted, lives by the rule of OTHER, and is shown as it was sent",
    run: async (t: Bench) => {
      for (const platform of [unheardPlatform, ...numbers]) {
        const session = await (await t.user()).login({ platform });
        t.equal(session.login.self?.sessions[0]?.platform, platform, "Platform of the session");
        const { leaseMs, heartbeatMs } = livenessOf(t.profile, Platform.OTHER);
        t.equal(durationOf(session.login.lease), leaseMs, "Lease, as of OTHER");
        t.equal(durationOf(session.login.heartbeatInterval), heartbeatMs, "Heartbeat interval, as of OTHER");
        const expected = t.profile.status?.targetPlatforms ? [platform] : [];
        t.equal((await look(t, session.user.id)).onlinePlatforms, expected, "Platforms that others see");
      }
    },
  },
  {
    id: "enum-unknown/counted-as-other",
    title: "Sessions on a platform without a name count with those on OTHER under the session rules",
    applies: (profile) => {
      const verdict = hasLimit(profile);
      if (verdict !== true) return verdict;
      return otherLimit(profile) !== undefined || "no session rule is reached by sessions on OTHER alone";
    },
    run: async (t: Bench) => {
      const most = otherLimit(t.profile) ?? 1;
      const user = await t.user();
      const mixed = Array.from({ length: most }, (_, index) => (index % 2 === 0 ? unheardPlatform : Platform.OTHER));
      const sessions = await loginAll(user, mixed);
      await allLive(t, sessions, "As many sessions on OTHER and on a platform without a name as the rule allows");
      await user.login({ platform: most % 2 === 0 ? unheardPlatform : Platform.OTHER });
      const [first, ...rest] = sessions;
      if (first) t.equal(await stateOf(t, first), "SESSION_ENDED", "The earliest of them after one more login");
      await allLive(t, rest, "The others after one more login");
    },
  },
];
/** How many sessions on OTHER alone a rule allows; undefined if none limits them to a number that can be tried. */
function otherLimit(profile: Profile): number | undefined {
  const most = Math.max(0, ...limitCases(profile).map(({ rule }) => rule.maxSessions));
  for (let count = 1; count <= most; count++) {
    const platforms = Array.from({ length: count + 1 }, () => Platform.OTHER);
    if (!fits(profile, platforms)) return fits(profile, platforms.slice(1)) ? count : undefined;
  }
  return undefined;
}
