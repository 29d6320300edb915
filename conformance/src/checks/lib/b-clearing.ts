// What clears a custom status by the profile, and what does not.
import { OnlineStatus, type Profile } from "@userstatus/protocol";
import type { Bench, TestSession } from "../../check.ts";
import { decayMs, lossMs, platformLostTo } from "./b-times.ts";
import { msOf } from "./b-values.ts";

/** For `applies`: going OFFLINE clears the text. */
export function clearsOffline(profile: Profile): true | string {
  return profile.customStatus?.clearOnOffline === true || "going OFFLINE does not clear the text";
}

/** For `applies`: some time logged out clears the text. */
export function clearsAfterLogout(profile: Profile): true | string {
  return profile.customStatus?.clearAfterLogout !== undefined || "a logout does not clear the text";
}

/** For `applies`: going OFFLINE leaves the text. */
export function keepsOffline(profile: Profile): true | string {
  return profile.customStatus?.clearOnOffline !== true || "going OFFLINE clears the text";
}

/** For `applies`: being logged out leaves the text. */
export function keepsAfterLogout(profile: Profile): true | string {
  return profile.customStatus?.clearAfterLogout === undefined || "a logout clears the text after a while";
}

/** For `applies`: there is a platform whose lost sessions count as OFFLINE. */
export function showsOffline(profile: Profile): true | string {
  return platformLostTo(profile, OnlineStatus.OFFLINE) !== undefined || "no platform shows OFFLINE";
}

/** For `applies`: there is a platform whose sessions are over when they are lost. */
export function endsByLoss(profile: Profile): true | string {
  return (
    platformLostTo(profile, OnlineStatus.LOGGED_OUT) !== undefined || "lost sessions of every platform count as OFFLINE"
  );
}

/** `clear_after_logout` in milliseconds; 0 where it is not set. */
export function clearMs(profile: Profile): number {
  return msOf(profile.customStatus?.clearAfterLogout) ?? 0;
}

/** How long a lost session takes, on the platform that turns to `status`; 0 where none does. */
export function lossOf(profile: Profile, status: OnlineStatus): number {
  const platform = platformLostTo(profile, status);
  return platform === undefined ? 0 : lossMs(profile, platform);
}

/** How long a lost session, on the platform that turns to `status`, counts so before it is over; 0 where it is over at once. */
export function decayOf(profile: Profile, status: OnlineStatus): number {
  const platform = platformLostTo(profile, status);
  return platform === undefined ? 0 : decayMs(profile, platform);
}

/** A new user with a session that, once lost, counts as `status`; and a text, if given. */
export async function loginLostTo(t: Bench, status: OnlineStatus, text?: string): Promise<TestSession> {
  const platform = platformLostTo(t.profile, status);
  t.ok(platform !== undefined, "the profile has a platform whose sessions are lost so");
  const session = await (await t.user()).login({ platform });
  if (text !== undefined) await session.set(text);
  return session;
}
