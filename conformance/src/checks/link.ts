// Checks of SPEC §6.3, links: what ends a link at once, what does not, and that nobody sees it within the grace.
import { OnlineStatus, WatchEndReason } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { spanOf } from "./lib/a-instants.ts";
import { lostAfterGrace } from "./lib/a-lease.ts";
import {
  gracesMs,
  hasPair,
  livenessOf,
  lossStatus,
  pairOf,
  platformName,
  ruleSamples,
  silenceMs,
} from "./lib/a-profile.ts";
import { closeLink, look, openedAt, shows, twoSessions, watching } from "./lib/a-scenes.ts";

export const linkChecks: readonly Check[] = [
  {
    id: "link-close/client-ends-its-watch",
    title:
      "When the client ends its Watch the grace starts at once, and the lease does not matter, under each liveness rule",
    timeMs: (profile) => gracesMs(profile, ruleSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of ruleSamples(t.profile)) {
        const session = await (await t.user()).login({ platform });
        const span = await closeLink(t, await session.watch());
        await lostAfterGrace(t, session, span, `after the client ended its Watch on ${platformName(platform)}`);
      }
    },
  },
  {
    id: "link-close/connection-cut",
    title: "When the connection of the Watch is cut the grace starts at once",
    timeMs: (profile) => gracesMs(profile, ruleSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of ruleSamples(t.profile)) {
        const session = await (await t.user()).login({ platform });
        const watch = await session.watch({ relay: true });
        const span = await spanOf(t, () => watch.link.cut());
        await lostAfterGrace(t, session, span, `after the connection was cut on ${platformName(platform)}`);
      }
    },
  },
  {
    id: "link-close/told",
    title: "Watchers are told of a link that the client closed when its grace is over",
    timeMs: (profile) => gracesMs(profile, ruleSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of ruleSamples(t.profile)) {
        const session = await (await t.user()).login({ platform });
        const { observer, watch } = await watching(t, session.user.id);
        await watch.fence();
        const mark = watch.mark();
        const { to } = await closeLink(t, await session.watch());
        await t.time.reach(to + livenessOf(t.profile, platform).graceMs, [observer]);
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
    id: "link-close/another-session",
    title: "While another session of the user lives, a closed link shows to nobody",
    claims: ["multi_session"],
    applies: hasPair,
    timeMs: (profile) => gracesMs(profile, ruleSamples(profile)),
    run: async (t: Bench) => {
      const [first, second] = await twoSessions(t, pairOf(t.profile));
      const { user } = first;
      const { to } = await closeLink(t, await first.watch());
      await t.time.reach(to + livenessOf(t.profile, first.platform).graceMs, [second]);
      await shows(t, user.id, OnlineStatus.ONLINE, "Status when the grace of one of two sessions is over");
      const { to: last } = await closeLink(t, await second.watch());
      await t.time.reach(last + livenessOf(t.profile, second.platform).graceMs);
      const { onlineStatus } = await look(t, user.id);
      t.ok(onlineStatus !== OnlineStatus.ONLINE, "When both are lost the user is not ONLINE", onlineStatus);
    },
  },
  {
    id: "link-server-end/replaced",
    title:
      "A Watch that a newer one replaces, and that the client then closes, is no lost link: the lease of the newer one runs on",
    timeMs: (profile) => silenceMs(profile, ruleSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of ruleSamples(t.profile)) {
        const session = await (await t.user()).login({ platform });
        const first = await session.watch();
        const before = await look(t, session.user.id);
        const second = await session.watch();
        const { end } = await first.end("The Watch that was replaced");
        t.equal(end?.reason, WatchEndReason.REPLACED, "Reason of watch_end");
        await first.close();
        const { leaseMs, graceMs } = livenessOf(t.profile, platform);
        const over = openedAt(t, second) + leaseMs + graceMs;
        await second.fence();
        await t.time.justBefore(over);
        const after = await shows(
          t,
          session.user.id,
          OnlineStatus.ONLINE,
          "Status just before the end of lease and grace",
        );
        t.equal(after.revision, before.revision, "Revision just before the end of lease and grace");
        await t.time.reach(over);
        await shows(t, session.user.id, lossStatus(t.profile, platform), "Status at the end of lease and grace");
      }
    },
  },
  {
    id: "link-server-end/resync",
    title: "A Watch that the server ends with RESYNC is no lost link: the lease runs on",
    tools: ["test-clock"],
    wholeApp: true,
    timeMs: (profile) => silenceMs(profile, ruleSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of ruleSamples(t.profile)) {
        const session = await (await t.user()).login({ platform });
        const watch = await session.watch();
        await t.clock.changeEpoch();
        const { end } = await watch.end("The Watch after a change of the epoch");
        t.equal(end?.reason, WatchEndReason.RESYNC, "Reason of watch_end");
        const { leaseMs, graceMs } = livenessOf(t.profile, platform);
        const over = openedAt(t, watch) + leaseMs + graceMs;
        await t.time.justBefore(over);
        await shows(
          t,
          session.user.id,
          OnlineStatus.ONLINE,
          `Status just before the end of the lease on ${platformName(platform)}`,
        );
        await t.time.reach(over);
        await shows(t, session.user.id, lossStatus(t.profile, platform), "Status at the end of lease and grace");
      }
    },
  },
];
