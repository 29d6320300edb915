// Reads a profile for the checks of sessions and liveness: what holds for a platform, who fits beside whom, where a rule bites.
// Pure: `applies` and `timeMs` of checks are computed from it before anything runs.
import { durationMs } from "@bufbuild/protobuf/wkt";
import {
  OnlineStatus,
  OnlineStatusSchema,
  Platform,
  PlatformSchema,
  type Profile,
  type RateLimit,
  type SessionRule,
} from "@userstatus/protocol";
import type { LivenessMs } from "../../check.ts";

/** Every platform that the protocol has a name for; native ones first, because every profile has them. */
export const knownPlatforms: readonly Platform[] = [
  Platform.ANDROID,
  Platform.IOS,
  Platform.WINDOWS,
  Platform.MACOS,
  Platform.LINUX,
  Platform.IPADOS,
  Platform.OHOS,
  Platform.WEB,
  Platform.MINI_PROGRAM,
  Platform.OTHER,
];

/** A platform number that no version of the protocol has a name for. */
export const unheardPlatform: Platform = 4711 as Platform;

/** The platform in words. */
export function platformName(platform: Platform): string {
  return PlatformSchema.value[platform]?.localName ?? `platform ${platform}`;
}

/** The online status in words. */
export function onlineName(online: OnlineStatus): string {
  return OnlineStatusSchema.value[online]?.localName ?? `status ${online}`;
}

/** The platform whose rules hold: a number without a name counts as OTHER. */
export function rulePlatform(platform: Platform): Platform {
  return knownPlatforms.includes(platform) ? platform : Platform.OTHER;
}

function ruleIndex(profile: Profile, platform: Platform): number {
  const counted = rulePlatform(platform);
  return profile.liveness.findIndex((rule) => rule.platforms.length === 0 || rule.platforms.includes(counted));
}

/** The liveness rule of a platform in milliseconds: `graceMs` 0 and `decayMs` Infinity where there is none. */
export function livenessOf(profile: Profile, platform: Platform): LivenessMs {
  const rule = profile.liveness[ruleIndex(profile, platform)];
  return {
    heartbeatMs: rule?.heartbeatInterval ? durationMs(rule.heartbeatInterval) : 0,
    leaseMs: rule?.lease ? durationMs(rule.lease) : 0,
    graceMs: rule?.grace ? durationMs(rule.grace) : 0,
    decayMs: rule?.decay ? durationMs(rule.decay) : Number.POSITIVE_INFINITY,
    offline: rule?.afterLoss === OnlineStatus.OFFLINE,
  };
}

/** What a user shows whose only session, on this platform, was lost. */
export function lossStatus(profile: Profile, platform: Platform): OnlineStatus {
  return livenessOf(profile, platform).offline ? OnlineStatus.OFFLINE : OnlineStatus.LOGGED_OUT;
}

/** One platform for each liveness rule that holds for a platform at all. */
export function ruleSamples(profile: Profile): readonly Platform[] {
  const seen = new Map<number, Platform>();
  for (const platform of knownPlatforms) {
    const index = ruleIndex(profile, platform);
    if (!seen.has(index)) seen.set(index, platform);
  }
  return [...seen.values()];
}

/** Of the samples, those whose lost sessions count as OFFLINE. */
export function offlineSamples(profile: Profile): readonly Platform[] {
  return ruleSamples(profile).filter((platform) => livenessOf(profile, platform).offline);
}

/** The first of these; for checks whose `applies` has seen to it that there is one. */
export function firstOf<T>(list: readonly T[]): T {
  const [first] = list;
  if (first === undefined) throw new Error("a check ran where it does not apply: a list of samples is empty");
  return first;
}

/** Of the samples, those whose lost sessions are over at once. */
export function overSamples(profile: Profile): readonly Platform[] {
  return ruleSamples(profile).filter((platform) => !livenessOf(profile, platform).offline);
}

/** Lease and grace of all these platforms, one after the other: the time that a check of silence takes. */
export function silenceMs(profile: Profile, platforms: readonly Platform[]): number {
  return platforms.reduce<number>((sum, platform) => {
    const { leaseMs, graceMs } = livenessOf(profile, platform);
    return sum + leaseMs + graceMs;
  }, 0);
}

/** The graces of all these platforms, one after the other: the time that a check of closed links takes. */
export function gracesMs(profile: Profile, platforms: readonly Platform[]): number {
  return platforms.reduce<number>((sum, platform) => sum + livenessOf(profile, platform).graceMs, 0);
}

/** `applies` of checks that need a platform whose lost sessions show OFFLINE. */
export function hasOffline(profile: Profile): true | string {
  return offlineSamples(profile).length > 0 || "on no platform does a lost session show OFFLINE";
}

/** `applies` of checks that need a platform whose lost sessions are over. */
export function hasOver(profile: Profile): true | string {
  return overSamples(profile).length > 0 || "on every platform a lost session shows OFFLINE";
}

/** Whether a rule counts sessions on this platform. */
export function counts(rule: SessionRule, platform: Platform): boolean {
  return rule.platforms.length === 0 || rule.platforms.includes(rulePlatform(platform));
}

/** Whether sessions on these platforms may live side by side under this rule. */
function within(rule: SessionRule, platforms: readonly Platform[]): boolean {
  const counted = platforms.filter((platform) => counts(rule, platform)).map(rulePlatform);
  if (!rule.perPlatform) return counted.length <= rule.maxSessions;
  return counted.every((platform) => counted.filter((other) => other === platform).length <= rule.maxSessions);
}

/** Whether sessions on these platforms may live side by side. */
export function fits(profile: Profile, platforms: readonly Platform[]): boolean {
  return profile.sessionRules.every((rule) => within(rule, platforms));
}

/** Platforms of as many sessions as may live side by side, drawn from `from`; of `most` if there is room for more. */
export function mostSideBySide(
  profile: Profile,
  most: number,
  from: readonly Platform[] = knownPlatforms,
): readonly Platform[] {
  const chosen: Platform[] = [];
  while (chosen.length < most) {
    const next = from.find((platform) => fits(profile, [...chosen, platform]));
    if (next === undefined) break;
    chosen.push(next);
  }
  return chosen;
}

/** Platforms of `count` sessions that may live side by side, drawn from `from`; undefined if there are none such. */
export function sideBySide(
  profile: Profile,
  count: number,
  from: readonly Platform[] = knownPlatforms,
): readonly Platform[] | undefined {
  const chosen = mostSideBySide(profile, count, from);
  return chosen.length < count ? undefined : chosen;
}

/** Two platforms that may live side by side. */
export type Pair = readonly [Platform, Platform];

/** Two platforms that may live side by side, drawn from `from`; undefined if there are none such. */
export function pairOf(profile: Profile, from: readonly Platform[] = knownPlatforms): Pair | undefined {
  const [first, second] = sideBySide(profile, 2, from) ?? [];
  return first === undefined || second === undefined ? undefined : [first, second];
}

/** `applies` of checks that need two sessions of one user. */
export function hasPair(profile: Profile): true | string {
  return pairOf(profile) !== undefined || "the session rules allow one session";
}

/** Two platforms that may live side by side and whose lost sessions show OFFLINE; undefined if there are none such. */
export function offlinePair(profile: Profile): Pair | undefined {
  return pairOf(
    profile,
    knownPlatforms.filter((platform) => livenessOf(profile, platform).offline),
  );
}

/** `applies` of checks that need two sessions of one user whose loss shows OFFLINE. */
export function hasOfflinePair(profile: Profile): true | string {
  return offlinePair(profile) !== undefined || "no two sessions whose loss shows OFFLINE may live side by side";
}

/** A session rule at its limit: logins that fill it, and one more that only this rule refuses a place beside them. */
export interface LimitCase {
  readonly rule: SessionRule;
  /** Platforms of `max_sessions` logins that the rule counts, in order. */
  readonly filling: readonly Platform[];
  /** Platform of the login beyond. */
  readonly extra: Platform;
  /** A platform of a session that the rule does not count with these, and that fits beside them; where there is one. */
  readonly bystander: Platform | undefined;
  readonly title: string;
}

/** Rules with more sessions than this are not filled. */
const fillMax = 100;

/** Each session rule, and each platform of a rule that counts them one by one, at its limit. */
export function limitCases(profile: Profile): readonly LimitCase[] {
  return profile.sessionRules
    .filter((rule) => rule.maxSessions <= fillMax)
    .flatMap((rule) => groupsOf(rule).flatMap((group) => limitCase(profile, rule, group) ?? []));
}

/** One case for each rule. */
export function limitSamples(profile: Profile): readonly LimitCase[] {
  const cases = limitCases(profile);
  return profile.sessionRules.flatMap((rule) => cases.find((entry) => entry.rule === rule) ?? []);
}

/** `applies` of checks that go beyond a session rule. */
export function hasLimit(profile: Profile): true | string {
  return limitCases(profile).length > 0 || `no session rule can be gone beyond by itself with ${fillMax} sessions`;
}

function groupsOf(rule: SessionRule): readonly (readonly Platform[])[] {
  const platforms = knownPlatforms.filter((platform) => counts(rule, platform));
  return rule.perPlatform ? platforms.map((platform) => [platform]) : [platforms];
}

function limitCase(profile: Profile, rule: SessionRule, group: readonly Platform[]): LimitCase | undefined {
  const filling = sideBySide(profile, rule.maxSessions, group);
  if (!filling) return undefined;
  const others = profile.sessionRules.filter((other) => other !== rule);
  const extra = group.find((platform) => others.every((other) => within(other, [...filling, platform])));
  if (extra === undefined) return undefined;
  const beyond = (more: Platform): readonly Platform[] => [...filling, extra, more];
  const bystander = knownPlatforms.find(
    (platform) => !group.includes(platform) && others.every((other) => within(other, beyond(platform))),
  );
  const names = group.length === knownPlatforms.length ? "any platform" : group.map(platformName).join(", ");
  return { rule, filling, extra, bystander, title: `${rule.maxSessions} on ${names}` };
}

/** The rate of a procedure, if it has one. */
export function rateOf(profile: Profile, procedure: string): RateLimit | undefined {
  return profile.rateLimits.find((limit) => limit.procedure === procedure);
}

/** Window of a rate in milliseconds; 0 if it has none. */
export function windowMs(limit: RateLimit | undefined): number {
  return limit?.window ? durationMs(limit.window) : 0;
}

/** A ttl for Subscribe where the profile wants one from the caller and has no default; else undefined. */
export function rowTtlMs(profile: Profile): number | undefined {
  const rules = profile.subscription;
  if (!rules?.callerTtl || rules.defaultTtl) return undefined;
  const min = rules.minTtl ? durationMs(rules.minTtl) : 0;
  const max = rules.maxTtl ? durationMs(rules.maxTtl) : 0;
  return Math.max(min, Math.floor(max / 4));
}
