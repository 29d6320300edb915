// Checks of SPEC §6.3, leases of sessions that were away or lost before, and beside others of the user.
import type { Platform, Profile } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { beatAt, graceSamples, half, halvesMs, hasGrace, livesUntil, loginAgain } from "./lib/a-lease.ts";
import {
  firstOf,
  gracesMs,
  hasOffline,
  hasPair,
  livenessOf,
  offlineSamples,
  type Pair,
  pairOf,
  platformName,
  ruleSamples,
  silenceMs,
} from "./lib/a-profile.ts";
import {
  closeLink,
  durationOf,
  loggedInAt,
  lostSession,
  openedAt,
  toldSessions,
  twoSessions,
  whileBefore,
} from "./lib/a-scenes.ts";

/** A check of a session whose link was lost at half its lease, and that comes back; `comeBack` tells when the lease started anew. */
function inTheGrace(id: string, title: string, comeBack: (t: Bench, session: TestSession) => Promise<number>): Check {
  return {
    id,
    title,
    applies: hasGrace,
    timeMs: (profile) => halvesMs(profile, oneWithGrace(profile)) + silenceMs(profile, oneWithGrace(profile)),
    run: async (t: Bench) => {
      const platform = firstOf(oneWithGrace(t.profile));
      const session = await (await t.user()).login({ platform });
      const watch = await session.watch();
      await t.time.pass(half(t.profile, platform));
      const { from } = await closeLink(t, watch);
      const over = from + livenessOf(t.profile, platform).graceMs;
      const start = await whileBefore(t, over, () => comeBack(t, session));
      await livesUntil(t, session, start, "a session that came back within its grace, at half its lease");
    },
  };
}

/** Two platforms whose rules have different leases; undefined where all have the same. */
function otherLease(profile: Profile): Pair | undefined {
  const [one, ...others] = ruleSamples(profile);
  const leaseOf = (platform: Platform): number => livenessOf(profile, platform).leaseMs;
  const other = others.find((platform) => one !== undefined && leaseOf(platform) !== leaseOf(one));
  return one === undefined || other === undefined ? undefined : [one, other];
}

/** One is enough: what a sign of life does to a session that is away depends on no platform. */
function oneWithGrace(profile: Profile): readonly Platform[] {
  return graceSamples(profile).slice(0, 1);
}

/** Two platforms whose leases differ. */
function differentLeases(profile: Profile): readonly [Platform, Platform] | undefined {
  const [first, ...others] = ruleSamples(profile);
  if (first === undefined) return undefined;
  const lease = (platform: Platform): number => livenessOf(profile, platform).leaseMs;
  const other = others.find((platform) => lease(platform) !== lease(first));
  return other === undefined ? undefined : [first, other];
}

export const leaseAgainChecks: readonly Check[] = [
  {
    id: "lease-heartbeat/after-a-move",
    title: "Login again on a platform of another lease, and back: Heartbeat answers with the lease of the newer one",
    applies: (profile) => differentLeases(profile) !== undefined || "on every platform the lease is the same",
    run: async (t: Bench) => {
      const [here, there] = differentLeases(t.profile) ?? t.notApplicable("on every platform the lease is the same");
      const { user, device } = await t.session({ platform: here });
      for (const platform of [here, there, here]) {
        const session = await user.login({ device, platform });
        const { lease } = await session.heartbeat();
        const what = `Lease of Heartbeat after Login again on ${platformName(platform)}`;
        t.equal(durationOf(lease), livenessOf(t.profile, platform).leaseMs, what);
      }
    },
  },
  inTheGrace("lease-heartbeat/in-the-grace", "Heartbeat within the grace starts the lease anew", beatAt),
  inTheGrace("lease-login/in-the-grace", "Login again within the grace starts the lease anew", async (t, session) =>
    loggedInAt(t, await loginAgain(session)),
  ),
  inTheGrace("lease-watch/in-the-grace", "A Watch within the grace starts the lease anew", async (t, session) =>
    openedAt(t, await session.watch()),
  ),
  {
    id: "lease-heartbeat/after-moving",
    title: "Heartbeat of a session that moved by Login tells the lease of the platform it is on now",
    applies: (profile) => otherLease(profile) !== undefined || "the lease is the same on all platforms",
    run: async (t: Bench) => {
      const [one, other] = otherLease(t.profile) ?? t.notApplicable("the lease is the same on all platforms");
      for (const [from, to] of [
        [one, other],
        [other, one],
      ] as const) {
        const session = await (await t.user()).login({ platform: from });
        const leaseTold = async (): Promise<number> => durationOf((await session.heartbeat()).lease);
        t.equal(await leaseTold(), livenessOf(t.profile, from).leaseMs, `Lease of Heartbeat on ${platformName(from)}`);
        await session.user.login({ device: session.device, platform: to });
        const what = `after a move from ${platformName(from)} to ${platformName(to)}`;
        t.equal(await leaseTold(), livenessOf(t.profile, to).leaseMs, `Lease of Heartbeat ${what}`);
      }
    },
  },
  {
    id: "lease-ends/after-a-revival",
    title: "A session that was lost and has come back lives to the end of lease and grace once more",
    applies: hasOffline,
    timeMs: (profile) => gracesMs(profile, offlineSamples(profile)) + silenceMs(profile, offlineSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of offlineSamples(t.profile)) {
        const { session } = await lostSession(t, await t.user(), platform);
        await livesUntil(t, session, await beatAt(t, session), "a session that was lost and revived by Heartbeat");
      }
    },
  },
  {
    id: "lease-ends/beside-signs-of-another",
    title: "A silent session is lost at its own time, though another of the user gives every sign of life meanwhile",
    claims: ["multi_session"],
    applies: hasPair,
    timeMs: (profile) => silenceMs(profile, (pairOf(profile) ?? []).slice(1)),
    run: async (t: Bench) => {
      const [active, silent] = await twoSessions(t, pairOf(t.profile));
      const { leaseMs, graceMs } = livenessOf(t.profile, silent.platform);
      await t.time.pass(half(t.profile, silent.platform), [active]);
      const again = await loginAgain(active);
      toldSessions(t, again, [active, silent], "Login again of one of two sessions, at half the lease of the other");
      await active.heartbeat();
      await active.watch();
      await t.time.reach(loggedInAt(t, silent) + leaseMs + graceMs, [active]);
      const last = await loginAgain(active);
      toldSessions(t, last, [active], "Login again of one of two sessions, when the other's lease and grace are over");
    },
  },
];
