// Checks of SPEC §7, online-platforms: the platforms that others see, everywhere and at every change.
import { Platform, type Profile } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { firstOf, fits, gracesMs, knownPlatforms, livenessOf, offlineSamples, onlineName } from "./lib/a-profile.ts";
import { loginAll, look, lose, views, watching } from "./lib/a-scenes.ts";

/** Of these as many as may live side by side, at most three. */
function besideEachOther(profile: Profile, platforms: readonly Platform[]): readonly Platform[] {
  const chosen: Platform[] = [];
  for (const platform of platforms) {
    if (chosen.length < 3 && fits(profile, [...chosen, platform])) chosen.push(platform);
  }
  return chosen;
}

const greatestFirst: readonly Platform[] = [...knownPlatforms].sort((a, b) => b - a);

/** Different platforms side by side, the greater numbers first. */
function differentPlatforms(profile: Profile): readonly Platform[] {
  return besideEachOther(profile, greatestFirst);
}

/** Different platforms side by side whose lost sessions show OFFLINE. */
function differentOffline(profile: Profile): readonly Platform[] {
  return besideEachOther(
    profile,
    greatestFirst.filter((platform) => livenessOf(profile, platform).offline),
  );
}

/** A negative number, a named platform and the greatest number, as far as they may live side by side. */
function withNegative(profile: Profile): readonly Platform[] {
  return besideEachOther(profile, [-1 as Platform, Platform.ANDROID, 2_147_483_647 as Platform]);
}

function ascending(platforms: readonly Platform[]): readonly Platform[] {
  return [...new Set(platforms)].sort((a, b) => a - b);
}

export const onlinePlatformChecks: readonly Check[] = [
  {
    id: "online-platforms/shown",
    title: "online_platforms lists the distinct platforms of the live sessions, ascending, and is empty unless ONLINE",
    applies: (profile) => profile.status?.targetPlatforms === true || "the profile shows no platforms of targets",
    timeMs: (profile) => gracesMs(profile, offlineSamples(profile).slice(0, 1)),
    run: async (t: Bench) => {
      const user = await t.user();
      const platforms = differentPlatforms(t.profile);
      const sessions = await loginAll(user, platforms);
      const twin = fits(t.profile, [...platforms, firstOf(platforms)])
        ? await user.login({ platform: firstOf(platforms) })
        : undefined;
      for (const [where, status] of Object.entries(await views(t, user.id))) {
        t.equal(
          status?.onlinePlatforms,
          [...ascending(platforms)],
          `Platforms of ${sessions.length} sessions, by ${where}`,
        );
      }
      await twin?.logout();
      while (sessions.length > 0) {
        const expected = ascending(sessions.map(({ platform }) => platform));
        t.equal((await look(t, user.id)).onlinePlatforms, [...expected], `Platforms of ${sessions.length} sessions`);
        await sessions.pop()?.logout();
      }
      for (const [where, status] of Object.entries(await views(t, user.id))) {
        t.equal(status?.onlinePlatforms, [], `Platforms of a user who is LOGGED_OUT, by ${where}`);
      }
      const [sample] = offlineSamples(t.profile);
      if (sample === undefined) return;
      await lose(t, await user.login({ platform: sample }));
      for (const [where, status] of Object.entries(await views(t, user.id))) {
        t.equal(onlineName(status?.onlineStatus ?? 0), "OFFLINE", `Status of the lost user, by ${where}`);
        t.equal(status?.onlinePlatforms, [], `Platforms of a user who is OFFLINE, by ${where}`);
      }
    },
  },
  {
    id: "online-platforms/told",
    title: "A second platform that comes and goes is told to watchers as a new revision",
    claims: ["multi_session"],
    applies: (profile) => {
      if (!profile.status?.targetPlatforms) return "the profile shows no platforms of targets";
      return differentPlatforms(profile).length > 1 || "the session rules allow one platform at a time";
    },
    run: async (t: Bench) => {
      const user = await t.user();
      const [first, second] = differentPlatforms(t.profile);
      const one = await user.login({ platform: first ?? firstOf(knownPlatforms) });
      const { watch } = await watching(t, user.id);
      await watch.fence();
      const before = watch.held(user.id);
      const two = await user.login({ platform: second ?? firstOf(knownPlatforms) });
      await watch.fence();
      const both = watch.held(user.id);
      t.equal(
        both?.onlinePlatforms,
        [...ascending([one.platform, two.platform])],
        "Platforms on the Watch with two sessions",
      );
      t.ok(
        (both?.revision ?? 0n) > (before?.revision ?? 0n),
        "The second platform makes a higher revision",
        both?.revision,
      );
      await two.logout();
      await watch.fence();
      t.equal(watch.held(user.id)?.onlinePlatforms, [one.platform], "Platforms on the Watch when one has logged out");
    },
  },
  {
    id: "online-platforms/lost-beside-live",
    title:
      "Of two sessions on different platforms one is lost: others see the platform of the other only, and both when it is back",
    claims: ["multi_session"],
    applies: (profile) => {
      if (!profile.status?.targetPlatforms) return "the profile shows no platforms of targets";
      return differentOffline(profile).length > 1 || "no two platforms whose loss shows OFFLINE may live side by side";
    },
    timeMs: (profile) => gracesMs(profile, differentOffline(profile).slice(0, 1)),
    run: async (t: Bench) => {
      const user = await t.user();
      const platforms = differentOffline(t.profile).slice(0, 2);
      const [lost, live] = await loginAll(user, platforms);
      t.ok(lost !== undefined && live !== undefined, "The user has two sessions");
      const { observer, watch } = await watching(t, user.id);
      t.equal(watch.held(user.id)?.onlinePlatforms, [...ascending(platforms)], "Platforms while both sessions live");
      await lose(t, lost, [live, observer]);
      for (const [where, status] of Object.entries(await views(t, user.id)))
        t.equal(status?.onlinePlatforms, [live.platform], `Platforms while one session is lost, by ${where}`);
      await watch.fence();
      t.equal(watch.held(user.id)?.onlinePlatforms, [live.platform], "Platforms told to who watched before the loss");
      await lost.heartbeat();
      t.equal((await look(t, user.id)).onlinePlatforms, [...ascending(platforms)], "Platforms when it is back");
    },
  },
  {
    id: "online-platforms/negative",
    title: "A platform with a negative number stands before those with positive ones",
    claims: ["multi_session"],
    applies: (profile) => {
      if (!profile.status?.targetPlatforms) return "the profile shows no platforms of targets";
      const [negative = 0, ...others] = withNegative(profile);
      return (negative < 0 && others.length > 0) || "no other session may live beside one with a negative platform";
    },
    run: async (t: Bench) => {
      const user = await t.user();
      const platforms = withNegative(t.profile);
      await loginAll(user, platforms.toReversed());
      for (const [where, status] of Object.entries(await views(t, user.id)))
        t.equal(status?.onlinePlatforms, [...ascending(platforms)], `Platforms, by ${where}`);
    },
  },
  {
    id: "online-platforms/hidden",
    title: "Where the profile does not show platforms of targets, online_platforms is empty in what others see",
    applies: (profile) => profile.status?.targetPlatforms !== true || "the profile shows platforms of targets",
    run: async (t: Bench) => {
      const session = await t.session();
      for (const [where, status] of Object.entries(await views(t, session.user.id))) {
        t.equal(onlineName(status?.onlineStatus ?? 0), "ONLINE", `Status of the user, by ${where}`);
        t.equal(status?.onlinePlatforms, [], `Platforms, by ${where}`);
      }
    },
  },
];
