// Checks of SPEC §6.3, leases: how long a silent session lives, what starts the lease anew, and what does not.
import { OnlineStatus, type Profile, WatchEndReason } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { sameInstant } from "./lib/a-instants.ts";
import { beatAt, half, halvesMs, livesUntil, loginAgain } from "./lib/a-lease.ts";
import { livenessOf, lossStatus, onlineName, platformName, ruleSamples, silenceMs } from "./lib/a-profile.ts";
import { durationOf, loggedInAt, msOf, openedAt, shows, stateOf, watching } from "./lib/a-scenes.ts";

/** A silent lease and half of one before it, for each rule. */
function renewedMs(profile: Profile): number {
  return halvesMs(profile, ruleSamples(profile)) + silenceMs(profile, ruleSamples(profile));
}

export const leaseChecks: readonly Check[] = [
  {
    id: "lease-ends/silent",
    title:
      "A session without a sign of life lives to the end of lease and grace, and is lost then, under each liveness rule",
    timeMs: (profile) => silenceMs(profile, ruleSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of ruleSamples(t.profile)) {
        const session = await (await t.user()).login({ platform });
        await livesUntil(t, session, loggedInAt(t, session), "a session that is silent from its Login on");
      }
    },
  },
  {
    id: "lease-ends/usable-to-the-end",
    title:
      "Up to the end of its lease a session can be used, and watchers see it ONLINE; when lease and grace are over they are told",
    timeMs: (profile) => silenceMs(profile, ruleSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of ruleSamples(t.profile)) {
        const session = await (await t.user()).login({ platform });
        const { observer, watch } = await watching(t, session.user.id);
        const { leaseMs, graceMs } = livenessOf(t.profile, platform);
        const start = loggedInAt(t, session);
        await t.time.justBefore(start + leaseMs, [observer]);
        t.equal(
          await stateOf(t, session),
          "success",
          `A call just before the end of the lease on ${platformName(platform)}`,
        );
        await watch.fence();
        t.equal(onlineName(watch.held(session.user.id)?.onlineStatus ?? 0), "ONLINE", "Status on a Watch just before");
        const mark = watch.mark();
        await t.time.reach(start + leaseMs + graceMs, [observer]);
        const expected = lossStatus(t.profile, platform);
        await watch.status(
          session.user.id,
          `The loss on ${platformName(platform)}`,
          (one) => one.onlineStatus === expected,
          mark,
        );
      }
    },
  },
  {
    id: "lease-ends/silence-on-the-link",
    title: "A Watch over a link on which nothing passes any more keeps no session alive beyond its lease and grace",
    timeMs: (profile) => silenceMs(profile, ruleSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of ruleSamples(t.profile)) {
        const session = await (await t.user()).login({ platform });
        const watch = await session.watch({ relay: true });
        const { leaseMs, graceMs } = livenessOf(t.profile, platform);
        await shows(t, session.user.id, OnlineStatus.ONLINE, "Status before the link falls silent");
        watch.link.silence();
        // Not how long it lives at least: a server may notice sooner that nobody answers at the transport (link-close).
        await t.time.reach(openedAt(t, watch) + leaseMs + graceMs);
        const what = `Status at the end of lease and grace of a silent link on ${platformName(platform)}`;
        await shows(t, session.user.id, lossStatus(t.profile, platform), what);
      }
    },
  },
  {
    id: "lease-heartbeat/renews",
    title: "Heartbeat starts the lease anew, under each liveness rule",
    timeMs: renewedMs,
    run: async (t: Bench) => {
      for (const platform of ruleSamples(t.profile)) {
        const session = await (await t.user()).login({ platform });
        await t.time.pass(half(t.profile, platform));
        await livesUntil(t, session, await beatAt(t, session), "a session after Heartbeat at half its lease");
      }
    },
  },
  {
    id: "lease-heartbeat/answer",
    title: "Heartbeat answers with the lease of the platform's rule and the server's time",
    run: async (t: Bench) => {
      for (const platform of ruleSamples(t.profile)) {
        const session = await (await t.user()).login({ platform });
        const from = await t.time.now();
        const beat = await session.heartbeat();
        const to = await t.time.now();
        t.equal(
          durationOf(beat.lease),
          livenessOf(t.profile, platform).leaseMs,
          `Lease of Heartbeat on ${platformName(platform)}`,
        );
        sameInstant(t, msOf(beat.serverTime), { from, to }, "server_time of Heartbeat");
      }
    },
  },
  {
    id: "lease-watch/opening-renews",
    title: "Opening a Watch starts the lease anew; that it stays open does not",
    timeMs: renewedMs,
    run: async (t: Bench) => {
      for (const platform of ruleSamples(t.profile)) {
        const session = await (await t.user()).login({ platform });
        await t.time.pass(half(t.profile, platform));
        const watch = await session.watch();
        await livesUntil(t, session, openedAt(t, watch), "a session that opened a Watch at half its lease");
      }
    },
  },
  {
    id: "lease-watch/events-do-not",
    title: "A Watch that stays open and carries events and markers does not start the lease anew",
    timeMs: (profile) => silenceMs(profile, ruleSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of ruleSamples(t.profile)) {
        const target = await t.user();
        const session = await (await t.user()).login({ platform });
        await session.subscribe([target.id]);
        const watch = await session.watch();
        await t.time.pass(half(t.profile, platform));
        await target.login();
        const online = OnlineStatus.ONLINE;
        await watch.status(target.id, "The login of the target", ({ onlineStatus }) => onlineStatus === online);
        await watch.fence();
        await livesUntil(t, session, openedAt(t, watch), "a session with a Watch that carries events");
      }
    },
  },
  {
    id: "lease-login/renews",
    title: "Login again with the same device starts the lease anew",
    timeMs: renewedMs,
    run: async (t: Bench) => {
      for (const platform of ruleSamples(t.profile)) {
        const session = await (await t.user()).login({ platform });
        await t.time.pass(half(t.profile, platform));
        const again = await loginAgain(session);
        await livesUntil(t, session, loggedInAt(t, again), "a session after Login again at half its lease");
      }
    },
  },
  {
    id: "lease-ends-watch/told",
    title: "When the lease ends its Watch ends with LEASE_EXPIRED and may_resume, and not before",
    timeMs: (profile) => silenceMs(profile, ruleSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of ruleSamples(t.profile)) {
        const session = await (await t.user()).login({ platform });
        const watch = await session.watch();
        const { leaseMs } = livenessOf(t.profile, platform);
        await t.time.justBefore(openedAt(t, watch) + leaseMs);
        await watch.fence();
        await t.time.reach(openedAt(t, watch) + leaseMs);
        const { end } = await watch.end(`The Watch whose lease has ended, on ${platformName(platform)}`);
        t.equal(end?.reason, WatchEndReason.LEASE_EXPIRED, "Reason of watch_end when the lease has ended");
        t.equal(end?.mayResume, true, "may_resume of watch_end when the lease has ended");
      }
    },
  },
];
