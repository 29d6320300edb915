// Ttls that the profile takes and that are short to wait for, and the instant at which a silent session is lost.
import { OnlineStatus, Platform, type Profile } from "@userstatus/protocol";
import type { Bench, TestSession } from "../../check.ts";
import { paceMs } from "./b-pace.ts";
import { msOf, timeOf } from "./b-values.ts";

/** Least stretch, in milliseconds, within which a check can do a few calls where time runs. */
const comfortMs = 3_000;

/** A ttl: what the caller gives (undefined: nothing), and how long it then holds. */
export interface Ttl {
  readonly givenMs: number | undefined;
  readonly lastsMs: number;
}

function within(wantedMs: number, minMs: number | undefined, maxMs: number | undefined): number {
  return Math.min(Math.max(wantedMs, minMs ?? 0), maxMs ?? Number.MAX_SAFE_INTEGER);
}

/** A short ttl of a custom status, by the caller or by default; undefined where texts don't end by themselves. */
export function textTtl(profile: Profile): Ttl | undefined {
  const rules = profile.customStatus;
  const defaultMs = msOf(rules?.defaultTtl);
  if (rules?.callerTtl) {
    const wantedMs = comfortMs + 3 * paceMs(profile, { SetCustomStatus: 2 });
    const lastsMs = within(wantedMs, msOf(rules.minTtl), msOf(rules.maxTtl));
    return { givenMs: lastsMs, lastsMs };
  }
  return defaultMs === undefined ? undefined : { givenMs: undefined, lastsMs: defaultMs };
}

/** For `applies`: custom statuses end by themselves. */
export function textsEnd(profile: Profile): true | string {
  return textTtl(profile) !== undefined || "custom statuses have no ttl";
}

/** For `timeMs`: how long the short ttl of a custom status lasts. */
export function textTtlMs(profile: Profile): number {
  return textTtl(profile)?.lastsMs ?? 0;
}

/** The short ttl of a custom status; for checks that apply only where there is one. */
export function textTtlOf(t: Bench): Ttl {
  const ttl = textTtl(t.profile);
  t.ok(ttl !== undefined, "custom statuses have a ttl");
  return ttl;
}

/** A short ttl of a row that the caller gives, in milliseconds (claim `subscription_ttl`). `times` of the comfortable one, if the range has it. */
export function rowTtlMs(profile: Profile, times = 1): number {
  const rules = profile.subscription;
  const shortMs = within(comfortMs + 3 * paceMs(profile, { Subscribe: 2 }), msOf(rules?.minTtl), msOf(rules?.maxTtl));
  return within(times * shortMs, msOf(rules?.minTtl), msOf(rules?.maxTtl));
}

/** What makes a row last as long as can be, for Subscribe: the longest ttl, or none where the caller may give none. */
export function longestRowTtl(profile: Profile): number | null {
  const rules = profile.subscription;
  return rules?.callerTtl ? (msOf(rules.maxTtl) ?? null) : null;
}

/** How long a row lasts that was made so, in milliseconds; Infinity where it does not end by itself. */
export function rowLastsMs(profile: Profile): number {
  return longestRowTtl(profile) ?? msOf(profile.subscription?.defaultTtl) ?? Number.POSITIVE_INFINITY;
}

/** For `applies`: ttls of rows have a range wide enough for two different ones. */
export function rowTtlsDiffer(profile: Profile): true | string {
  return rowTtlMs(profile, 3) >= 2 * rowTtlMs(profile) || "the range of ttls is too narrow for two different ones";
}

/** How long a session on the platform lives without a sign of life, grace included, in milliseconds. */
export function lossMs(profile: Profile, platform: Platform): number {
  const rule = ruleOf(profile, platform);
  return (msOf(rule?.lease) ?? 0) + (msOf(rule?.grace) ?? 0);
}

/** How long a lost session on the platform counts as OFFLINE, in milliseconds; 0 where it never does. */
export function decayMs(profile: Profile, platform: Platform): number {
  const rule = ruleOf(profile, platform);
  return rule?.afterLoss === OnlineStatus.OFFLINE ? (msOf(rule.decay) ?? 0) : 0;
}

function ruleOf(profile: Profile, platform: Platform): Profile["liveness"][number] | undefined {
  return profile.liveness.find((rule) => rule.platforms.length === 0 || rule.platforms.includes(platform));
}

const platforms: readonly Platform[] = [
  Platform.ANDROID,
  Platform.IOS,
  Platform.WINDOWS,
  Platform.MACOS,
  Platform.LINUX,
  Platform.IPADOS,
  Platform.OHOS,
  Platform.OTHER,
  Platform.WEB,
  Platform.MINI_PROGRAM,
];

/** A platform whose lost sessions count as OFFLINE (or as LOGGED_OUT); undefined where the profile has none. */
export function platformLostTo(profile: Profile, status: OnlineStatus): Platform | undefined {
  return platforms.find((platform) => ruleOf(profile, platform)?.afterLoss === status);
}

/** The instant at which a session that was just logged in, and has no Watch, is lost if it gives no sign of life. */
export function lossInstant(t: Bench, session: TestSession): number {
  const loginMs = timeOf(session.login.serverTime);
  t.ok(loginMs !== undefined, "Login answers with server_time", session.login);
  return loginMs + lossMs(t.profile, session.platform);
}
