// Checks of SPEC §8, `custom-kept`: where the profile has no rule that clears the text, it survives logout and loss.
import { OnlineStatus, type Profile } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { endsByLoss, keepsAfterLogout, keepsOffline, loginLostTo, showsOffline } from "./lib/b-clearing.ts";
import { seen } from "./lib/b-sessions.ts";
import { decayMs, lossMs, platformLostTo } from "./lib/b-times.ts";
import { all, msOf, sampleText, textOf } from "./lib/b-values.ts";

/** Longer than any published time after which a logout clears a text. Where time stands still, much longer costs nothing. */
const awhileMs = 40_000;
const longMs = 3_600_000;

/** So long, or half of default_ttl where that is shorter: the text is to be there still. */
function withinTextMs(profile: Profile, wantedMs: number): number {
  const defaultMs = msOf(profile.customStatus?.defaultTtl) ?? Number.MAX_SAFE_INTEGER;
  return Math.min(wantedMs, Math.floor(defaultMs / 2));
}

const keptLogout: Check = {
  id: "custom-kept/logout",
  title: "The text survives the logout of the only session, a while, and the next login",
  applies: keepsAfterLogout,
  timeMs: (profile) => withinTextMs(profile, awhileMs),
  run: async (t: Bench) => {
    const owner = await t.session();
    const text = sampleText(t);
    await owner.set(text);
    const answer = await owner.logout();
    t.equal(textOf(answer.self?.status), text, "text in the answer to Logout");
    await t.time.pass(withinTextMs(t.profile, t.time.tier === "virtual" ? longMs : awhileMs), "all");
    const status = await seen(t, owner.user.id);
    t.equal(status.onlineStatus, OnlineStatus.LOGGED_OUT, "online status after the logout");
    t.equal(textOf(status), text, "text after the logout");
    const again = await owner.user.login();
    t.equal(textOf(again.login.self?.status), text, "text in the self status of the next Login");
  },
};

/** From the login to a while after the loss, and before the decay. */
function untilLostMs(profile: Profile, status: OnlineStatus): number {
  const platform = platformLostTo(profile, status);
  if (platform === undefined) return 0;
  const decay = decayMs(profile, platform);
  return lossMs(profile, platform) + (decay === 0 ? awhileMs : Math.min(awhileMs, Math.floor(decay / 2)));
}

/** Whether a text without a ttl outlives the loss of a session. */
function outlives(status: OnlineStatus): (profile: Profile) => true | string {
  return (profile) =>
    withinTextMs(profile, untilLostMs(profile, status)) === untilLostMs(profile, status) ||
    "default_ttl is shorter than what is looked at";
}

/** Where time stands still: past the decay too, if nothing clears the text till then. */
async function pastDecay(t: Bench, id: string, text: string): Promise<void> {
  const platform = platformLostTo(t.profile, OnlineStatus.OFFLINE);
  if (t.time.tier !== "virtual" || platform === undefined || keepsAfterLogout(t.profile) !== true) return;
  const restMs = decayMs(t.profile, platform) + awhileMs;
  if (withinTextMs(t.profile, restMs) !== restMs) return;
  await t.time.pass(restMs);
  const status = await seen(t, id);
  t.equal(status.onlineStatus, OnlineStatus.LOGGED_OUT, "online status after the decay");
  t.equal(textOf(status), text, "text after the decay");
}

function keptLoss(name: string, status: OnlineStatus, applies: NonNullable<Check["applies"]>): Check {
  return {
    id: `custom-kept/${name}`,
    title: "The text survives the loss of the only session, until the user is back",
    applies: all(applies, outlives(status)),
    timeMs: (profile) => untilLostMs(profile, status),
    run: async (t: Bench) => {
      const text = sampleText(t);
      const owner = await loginLostTo(t, status, text);
      await t.time.pass(untilLostMs(t.profile, status));
      const lost = await seen(t, owner.user.id);
      t.equal(lost.onlineStatus, status, "online status after the loss");
      t.equal(textOf(lost), text, "text after the loss");
      if (status === OnlineStatus.OFFLINE) await pastDecay(t, owner.user.id, text);
      const again = await owner.user.login();
      t.equal(textOf(again.login.self?.status), text, "text in the self status of the next Login");
    },
  };
}

export const customKeptChecks: readonly Check[] = [
  keptLogout,
  keptLoss("loss", OnlineStatus.OFFLINE, all(keepsOffline, showsOffline)),
  keptLoss("loss-without-offline", OnlineStatus.LOGGED_OUT, all(keepsAfterLogout, endsByLoss)),
];
