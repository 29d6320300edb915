// SPEC §11.3, claim `resume`: one of several sessions of a user that is lost while the client is away, and that no call tells of.
import type { Platform, Profile } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { fits, gracesMs, hasPair, knownPlatforms, type Pair, pairOf, ruleSamples } from "./lib/a-profile.ts";
import { lose } from "./lib/a-scenes.ts";
import { sessionOf, targets } from "./lib/c-actors.ts";
import { comeBack, goAway, sameDevice } from "./lib/c-away.ts";
import { foldToFence, type Held } from "./lib/c-state.ts";

/** The grace of whichever platform. */
const graceMs = (profile: Profile): number => gracesMs(profile, ruleSamples(profile));

/** Two platforms, the same one if that may be: then others see nothing of the second session. */
function unseenPair(profile: Profile): Pair | undefined {
  const twice = knownPlatforms.find((platform) => fits(profile, [platform, platform]));
  return twice === undefined ? pairOf(profile) : [twice, twice];
}

function platformBeside(t: Bench, { platform }: TestSession): Platform {
  const beside = knownPlatforms.find((one) => one !== platform && fits(t.profile, [platform, one]));
  return beside ?? t.notApplicable("no two platforms may live side by side");
}

const sessionsHeld = (held: Held): string[] | undefined => held.self?.sessions.map(({ sessionId }) => sessionId);

/** Checks of what a resumed Watch tells of sessions that were lost beside others. */
export const resumeLostChecks: readonly Check[] = [
  {
    id: "resume-covers/platform-lost",
    title: "a target whose session on one of two platforms was lost is told, though he was online all the time",
    claims: ["multi_session"],
    applies: (profile) => profile.status?.targetPlatforms === true || "platforms of others are not shown",
    timeMs: graceMs,
    async run(t: Bench) {
      const [one] = await targets(t, 1);
      const stays = sessionOf(one);
      const goes = await one.user.login({ platform: platformBeside(t, stays) });
      const client = await goAway(t, [one.id]);
      const before = client.held.statuses.get(one.id)?.onlinePlatforms;
      const both = [stays.platform, goes.platform].sort((a, b) => a - b);
      t.equal(before, both, "platforms held of the target before one was lost");
      await lose(t, goes, [stays, client.session]);
      const { held } = await comeBack(t, client, "after a session of the target was lost");
      t.equal(held.statuses.get(one.id)?.onlinePlatforms, [stays.platform], "platforms held after one was lost");
    },
  },
  {
    id: "resume-covers/own-session-lost",
    title: "a session of one's own that was lost is told, though others saw nothing of it",
    claims: ["multi_session"],
    applies: hasPair,
    timeMs: graceMs,
    async run(t: Bench) {
      const [here, there] = unseenPair(t.profile) ?? t.notApplicable("the session rules allow one session");
      const user = await t.user();
      const [first, other] = [await user.login({ platform: here }), await user.login({ platform: there })];
      const watch = await first.watch();
      const held = await foldToFence(watch);
      t.equal(sessionsHeld(held), [first.id, other.id], "sessions of self held before one was lost");
      const { cursor } = watch;
      await watch.close();
      const session = await sameDevice(first);
      await lose(t, other, [session]);
      const back = await comeBack(t, { session, held, cursor }, "after a session of one's own was lost");
      t.equal(sessionsHeld(back.held), [back.session.id], "sessions of self held after one was lost");
    },
  },
];
