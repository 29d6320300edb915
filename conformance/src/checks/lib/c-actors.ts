// Whom checks act with: platforms that may live side by side, targets that change as often as a check likes, calls on many
// of them, and the durations of the profile that checks let pass.
import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { type LivenessRule, OnlineStatus, Platform, type Profile, type UserStatus } from "@userstatus/protocol";
import type { Bench, TestSession, TestUser } from "../../check.ts";

const candidates: readonly Platform[] = [
  Platform.ANDROID,
  Platform.WINDOWS,
  Platform.IOS,
  Platform.MACOS,
  Platform.IPADOS,
  Platform.LINUX,
  Platform.OHOS,
  Platform.OTHER,
  Platform.WEB,
  Platform.MINI_PROGRAM,
];

/** Whether the session rules let sessions on these platforms live at once. */
function mayLive(profile: Profile, platforms: readonly Platform[]): boolean {
  return profile.sessionRules.every((rule) => {
    const counted = platforms.filter((platform) => rule.platforms.length === 0 || rule.platforms.includes(platform));
    if (!rule.perPlatform) return counted.length <= rule.maxSessions;
    return counted.every((platform) => counted.filter((other) => other === platform).length <= rule.maxSessions);
  });
}

/** Platforms for `count` sessions of one user that live at once, different ones first; undefined where the rules have no room. */
export function sideBySide(profile: Profile, count: number): Platform[] | undefined {
  const chosen: Platform[] = [];
  while (chosen.length < count) {
    const unused = candidates.filter((platform) => !chosen.includes(platform));
    const next = [...unused, ...chosen].find((platform) => mayLive(profile, [...chosen, platform]));
    if (next === undefined) return undefined;
    chosen.push(next);
  }
  return chosen;
}

/** For `applies`: the rules have room for so many sessions of one user. */
export function roomFor(count: number): (profile: Profile) => true | string {
  return (profile) =>
    sideBySide(profile, count) !== undefined || `the session rules allow fewer than ${count} sessions of a user`;
}

/** How many sessions of one user the rules have room for, up to so many. */
export function roomUpTo(profile: Profile, most: number): number {
  let count = most;
  while (count > 0 && sideBySide(profile, count) === undefined) count -= 1;
  return count;
}

/** A list of so many; of any number where the count is not a literal. */
export type Many<T, N extends number> = N extends 1
  ? [T]
  : N extends 2
    ? [T, T]
    : N extends 3
      ? [T, T, T]
      : N extends 4
        ? [T, T, T, T]
        : T[];

/** Logs one user in `count` times, on platforms that live side by side. */
export async function logInTimes<N extends number>(t: Bench, user: TestUser, count: N): Promise<Many<TestSession, N>> {
  const platforms = sideBySide(t.profile, count);
  t.ok(platforms !== undefined, `the session rules must have room for ${count} sessions`);
  const sessions: TestSession[] = [];
  for (const platform of platforms) sessions.push(await user.login({ platform }));
  return sessions as Many<TestSession, N>;
}

/** A target that a check changes by logging it in and out: no published profile limits that, and everybody sees it. */
export interface Target {
  readonly user: TestUser;
  readonly id: string;
  session: TestSession | undefined;
}

/** Users, as a list whose length the compiler knows. */
export async function people<N extends number>(t: Bench, count: N): Promise<Many<TestUser, N>> {
  return (await t.users(count)) as Many<TestUser, N>;
}

/** Targets that are logged in. */
export async function targets<N extends number>(t: Bench, count: N): Promise<Many<Target, N>> {
  const users = await t.users(count);
  const all = await Promise.all(
    users.map(async (user): Promise<Target> => ({ user, id: user.id, session: await user.login() })),
  );
  return all as Many<Target, N>;
}

/** The session of a target that is logged in. */
export function sessionOf(target: Target): TestSession {
  if (target.session === undefined) throw new Error(`the check takes ${target.id} to be logged in`);
  return target.session;
}

/** Logs the target out, or in if it is out; answers what others see once the call was answered. */
export async function flip(target: Target, text?: string): Promise<OnlineStatus> {
  if (target.session === undefined) {
    target.session = await target.user.login(text === undefined ? {} : { text });
    return OnlineStatus.ONLINE;
  }
  await target.session.logout();
  target.session = undefined;
  return OnlineStatus.LOGGED_OUT;
}

/** Cuts a list into pieces of at most this size. */
function inBatches<T>(all: readonly T[], size: number): T[][] {
  const batches: T[][] = [];
  for (let from = 0; from < all.length; from += size) batches.push(all.slice(from, from + size));
  return batches;
}

/** How many calls of a procedure a user may make at once; Infinity without a rule. */
export function callsAtOnce(profile: Profile, procedure: string): number {
  const rules = profile.rateLimits.filter((rule) => rule.procedure === procedure);
  return Math.min(Infinity, ...rules.map((rule) => rule.maxCalls));
}

/** How many rows, at most `wanted`, a user can make without running into a limit. */
export function rowsWithinLimits(profile: Profile, wanted: number): number {
  const perCall = profile.subscription?.subscribeBatchMax ?? 1;
  return Math.min(wanted, profile.subscription?.maxSubscriptions ?? 1, perCall * callsAtOnce(profile, "Subscribe"));
}

/** Subscribes to any number of targets, in batches of the profile's size. */
export async function subscribeAll(t: Bench, session: TestSession, ids: readonly string[]): Promise<void> {
  const batchMax = t.profile.subscription?.subscribeBatchMax ?? 1;
  for (const batch of inBatches(ids, batchMax)) {
    for (const one of await session.subscribe(batch)) {
      t.ok(one.result.case === "subscribed", `Subscribe must answer with a row to ${one.userId}`, one.result);
    }
  }
}

/** Asks for any number of statuses, in batches of the profile's size; every one must be given. */
export async function ask(t: Bench, session: TestSession, ids: readonly string[]): Promise<Map<string, UserStatus>> {
  const statuses = new Map<string, UserStatus>();
  for (const batch of inBatches(ids, t.profile.query?.batchMax ?? 1)) {
    for (const one of await session.query(batch)) {
      t.ok(one.result.case === "status", `QueryStatuses must give the status of ${one.userId}`, one.result);
      statuses.set(one.userId, one.result.value);
    }
  }
  return statuses;
}

/** The liveness rule that holds for a platform. */
export function livenessRule(profile: Profile, platform: Platform): LivenessRule | undefined {
  const named = profile.liveness.find((rule) => rule.platforms.includes(platform));
  return named ?? profile.liveness.find((rule) => rule.platforms.length === 0);
}

/** How long it takes until a session that gives no sign of life is lost, in milliseconds; 0 where no rule tells. */
export function lossMs(profile: Profile, platform: Platform = Platform.ANDROID): number {
  const lease = livenessRule(profile, platform)?.lease;
  return lease === undefined ? 0 : durationMs(lease) + graceMs(profile, platform);
}

/** How long a lost link stays invisible, in milliseconds. */
export function graceMs(profile: Profile, platform: Platform = Platform.ANDROID): number {
  const grace = livenessRule(profile, platform)?.grace;
  return grace === undefined ? 0 : durationMs(grace);
}

/**
 * A ttl of a custom status of about so long, in milliseconds; undefined where texts don't end by themselves.
 * `given`: by the caller.
 */
export function textTtl(profile: Profile, wantedMs: number): { ttlMs: number; given: boolean } | undefined {
  const rules = profile.customStatus;
  if (rules?.callerTtl && rules.minTtl !== undefined && rules.maxTtl !== undefined) {
    return { ttlMs: Math.min(Math.max(wantedMs, durationMs(rules.minTtl)), durationMs(rules.maxTtl)), given: true };
  }
  if (rules?.defaultTtl !== undefined) return { ttlMs: durationMs(rules.defaultTtl), given: false };
  return undefined;
}

/** Sets a text that ends after about so long; answers when, by the server's clock, in milliseconds since 1970. */
export async function setEnding(t: Bench, session: TestSession, text: string, wantedMs: number): Promise<number> {
  const ttl = textTtl(t.profile, wantedMs);
  t.ok(ttl !== undefined, "custom statuses must have a ttl");
  const answer = ttl.given ? await session.set(text, ttl.ttlMs) : await session.set(text);
  const end = answer.self?.status?.customStatus?.expireTime;
  t.ok(end !== undefined, "the answer to SetCustomStatus must have expire_time", answer.self?.status?.customStatus);
  return timestampMs(end);
}

/** For `applies`: custom statuses end by themselves. */
export function textsEnd(profile: Profile): true | string {
  return textTtl(profile, 0) !== undefined || "custom statuses have no ttl";
}

/** The least ttl of a row, in milliseconds. */
export function shortestRowMs(profile: Profile): number {
  return profile.subscription?.minTtl === undefined ? 0 : durationMs(profile.subscription.minTtl);
}

/** The greatest ttl of a row, in milliseconds. */
export function longestRowMs(profile: Profile): number {
  return profile.subscription?.maxTtl === undefined ? 0 : durationMs(profile.subscription.maxTtl);
}
