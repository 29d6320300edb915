// SPEC §11.2, watch-self-view: the times of one's own status when only the own view changes.
import { type Profile, SelfView } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { fits, hasPair, knownPlatforms, pairOf } from "./lib/a-profile.ts";
import { all } from "./lib/b-values.ts";
import { content, foldToFence, type PlainStatus } from "./lib/c-state.ts";

/** Long enough for a time to be another one. */
const laterMs = 1_000;

function showsTimes(profile: Profile): true | string {
  if (profile.status?.selfView !== SelfView.FULL) return "the self view is not SELF_VIEW_FULL";
  return profile.status.timestamps || "the profile shows no times";
}

const timesOf = ({ updateMs, onlineMs, customMs }: PlainStatus): unknown => ({ updateMs, onlineMs, customMs });

/** Checks of the times that self shows. */
export const watchSelfTimesChecks: readonly Check[] = [
  {
    id: "watch-self-view/times-of-others",
    title:
      "when another session of one's own comes, of which others see nothing where that can be, the times of self are those that others see",
    claims: ["multi_session"],
    applies: all(showsTimes, hasPair),
    timeMs: () => laterMs,
    async run(t: Bench) {
      const twice = knownPlatforms.find((platform) => fits(t.profile, [platform, platform]));
      const [here, there] =
        twice === undefined
          ? (pairOf(t.profile) ?? t.notApplicable("the session rules allow one session"))
          : [twice, twice];
      const user = await t.user();
      const first = await user.login({ platform: here });
      const watch = await first.watch();
      await t.time.pass(laterMs, [first]);
      const { login } = await user.login({ platform: there });
      const told = await watch.self("`self` with both sessions", (self) => self.sessions.length === 2);
      const fresh = (await foldToFence(await first.watch())).self;
      const seen = timesOf(content(await (await t.session()).statusOf(user.id)));
      for (const [where, self] of [
        ["the answer to the second Login", login.self],
        ["the Watch of the first session", told],
        ["a new Watch of it", fresh],
      ] as const) {
        t.ok(self?.status !== undefined, `${where} must have a self status`, self);
        t.equal(
          timesOf(content(self.status)),
          seen,
          `the three times of self in ${where}, against those that others see`,
        );
      }
    },
  },
];
