// Checks of SPEC §8, what clears a custom status: it does so each time, not only the first.
import { OnlineStatus } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { spanOf } from "./lib/a-instants.ts";
import { gracesMs } from "./lib/a-profile.ts";
import { lose } from "./lib/a-scenes.ts";
import { clearMs, clearsAfterLogout, clearsOffline, showsOffline } from "./lib/b-clearing.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { seen } from "./lib/b-sessions.ts";
import { platformLostTo } from "./lib/b-times.ts";
import { all, sampleText, textOf } from "./lib/b-values.ts";

const times = ["first", "second", "third"] as const;

const eachLogout: Check = {
  id: "custom-clear-logout/each-time",
  title:
    "A user sets a text and logs out, three times: each text stays up to clear_after_logout, then it is gone, and he comes back without it",
  applies: clearsAfterLogout,
  timeMs: (profile) => times.length * clearMs(profile) + paceMs(profile, { SetCustomStatus: times.length }),
  run: async (t: Bench) => {
    const pace = createPace(t);
    const user = await t.user();
    for (const [nth, time] of times.entries()) {
      const owner = await user.login();
      t.equal(textOf(owner.login.self?.status), "", `text in the self status of the ${time} Login`);
      const text = sampleText(t, nth);
      await pace.set(owner, text);
      const { from, to } = await spanOf(t, () => owner.logout());
      await t.time.justBefore(from + clearMs(t.profile), "all");
      t.equal(textOf(await seen(t, user.id)), text, `text just before clear_after_logout from the ${time} logout`);
      await t.time.reach(to + clearMs(t.profile), "all");
      t.equal(textOf(await seen(t, user.id)), "", `text at clear_after_logout from the ${time} logout`);
    }
  },
};

const eachLoss: Check = {
  id: "custom-clear-offline/each-time",
  title:
    "A user sets a text, is lost and comes back, three times: each text is there while he is ONLINE, and gone once he is OFFLINE",
  applies: all(clearsOffline, showsOffline),
  timeMs: (profile) => {
    const platform = platformLostTo(profile, OnlineStatus.OFFLINE);
    const graceMs = gracesMs(profile, platform === undefined ? [] : [platform]);
    return times.length * graceMs + paceMs(profile, { SetCustomStatus: times.length });
  },
  run: async (t: Bench) => {
    const pace = createPace(t);
    const platform = platformLostTo(t.profile, OnlineStatus.OFFLINE);
    t.ok(platform !== undefined, "the profile has a platform whose sessions show OFFLINE");
    const owner = await (await t.user()).login({ platform });
    for (const [nth, time] of times.entries()) {
      if (nth > 0) await owner.heartbeat();
      const text = sampleText(t, nth);
      await pace.set(owner, text);
      await looksSo(t, owner, [OnlineStatus.ONLINE, text], `before the ${time} loss`);
      await lose(t, owner, []);
      await looksSo(t, owner, [OnlineStatus.OFFLINE, ""], `after the ${time} loss`);
    }
  },
};

async function looksSo(
  t: Bench,
  { user }: TestSession,
  expected: readonly [OnlineStatus, string],
  when: string,
): Promise<void> {
  const status = await seen(t, user.id);
  t.equal([status.onlineStatus, textOf(status)], [...expected], `online status and text ${when}`);
}

export const customClearedAgainChecks: readonly Check[] = [eachLogout, eachLoss];
