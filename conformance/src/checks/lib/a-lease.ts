// Leases: signs of life and when the lease started by them, and how long a session that is silent from then on must live.
import { OnlineStatus, type Platform, type Profile } from "@userstatus/protocol";
import type { Bench, TestSession } from "../../check.ts";
import type { Span } from "./a-instants.ts";
import { livenessOf, lossStatus, platformName, ruleSamples } from "./a-profile.ts";
import { instantOf, shows, stateOf } from "./a-scenes.ts";

/** Half a lease, at whose end the session gives a sign of life. */
export function half(profile: Profile, platform: Platform): number {
  return Math.floor(livenessOf(profile, platform).leaseMs / 2);
}

/** Half a lease on all these platforms, one after the other. */
export function halvesMs(profile: Profile, platforms: readonly Platform[]): number {
  return platforms.reduce<number>((sum, platform) => sum + half(profile, platform), 0);
}

/** One platform for each liveness rule that has a grace. */
export function graceSamples(profile: Profile): readonly Platform[] {
  return ruleSamples(profile).filter((platform) => livenessOf(profile, platform).graceMs > 0);
}

/** `applies` of checks that need a grace. */
export function hasGrace(profile: Profile): true | string {
  return graceSamples(profile).length > 0 || "the profile has no grace";
}

/** Heartbeat; answers when the lease started anew. */
export async function beatAt(t: Bench, session: TestSession): Promise<number> {
  return instantOf(t, (await session.heartbeat()).serverTime, "server_time of Heartbeat");
}

/** Login with the same device, on the same platform. */
export function loginAgain({ user, platform, device }: TestSession): Promise<TestSession> {
  return user.login({ platform, device });
}

/** The session, whose lease started at `start`, shows ONLINE up to the end of lease and grace, and is lost from then on. */
export async function livesUntil(t: Bench, session: TestSession, start: number, what: string): Promise<void> {
  const { platform, user } = session;
  const { leaseMs, graceMs, offline } = livenessOf(t.profile, platform);
  const end = start + leaseMs + graceMs;
  const where = `${what}, on ${platformName(platform)}`;
  await t.time.justBefore(end);
  await shows(t, user.id, OnlineStatus.ONLINE, `Status just before the end of lease and grace: ${where}`);
  await t.time.reach(end);
  await shows(t, user.id, lossStatus(t.profile, platform), `Status at the end of lease and grace: ${where}`);
  const expected = offline ? "SESSION_LOST" : "SESSION_ENDED";
  t.equal(await stateOf(t, session), expected, `A call at the end of lease and grace: ${where}`);
}

/** The link of this session was lost: it shows when the grace is over, and not before. */
export async function lostAfterGrace(
  t: Bench,
  { platform, user }: TestSession,
  { from, to }: Span,
  what: string,
): Promise<void> {
  const { graceMs } = livenessOf(t.profile, platform);
  if (graceMs > 0) {
    await t.time.justBefore(from + graceMs);
    await shows(t, user.id, OnlineStatus.ONLINE, `Status just before the end of the grace, ${what}`);
  }
  await t.time.reach(to + graceMs);
  await shows(t, user.id, lossStatus(t.profile, platform), `Status at the end of the grace, ${what}`);
}
