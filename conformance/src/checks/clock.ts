// SPEC §18, claim `test_clock`: the clock that tests move. A verdict built on a clock that lies is worth nothing.
import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import { ClockScope, OnlineStatus, Platform, type Profile } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { graceMs, livenessRule, lossMs, sessionOf, setEnding, targets, textsEnd, textTtl } from "./lib/c-actors.ts";
import { content, foldToFence, plain } from "./lib/c-state.ts";

const dayMs = 86_400_000;
/** Longest step that AdvanceClock takes. */
const stepMaxMs = 400 * dayMs;
/** Wall time over which a clock that ran would be seen to run. */
const lookMs = 40;

/** For `applies`: a lost ANDROID session shows OFFLINE, and counts as logged out within one step of the clock. */
function decaysInOneStep(profile: Profile): true | string {
  const { afterLoss, decay } = livenessRule(profile, Platform.ANDROID) ?? {};
  if (afterLoss !== OnlineStatus.OFFLINE || decay === undefined) return "a lost session is over at once, or never";
  return (
    lossMs(profile) + durationMs(decay) + dayMs < stepMaxMs || "a lost session outlasts the longest step of the clock"
  );
}

const advance: Check[] = [
  {
    id: "clock-advance/moves",
    title: "the clock moves by what it is told, and stands still between calls",
    tools: ["test-clock"],
    async run(t: Bench) {
      const start = await t.clock.advance(0);
      t.equal(await t.clock.advance(1_234), start + 1_234, "clock after a step of 1,234 ms");
      const end = performance.now() + lookMs;
      do {
        t.equal(await t.clock.now(), { now: start + 1_234, stopped: true }, "clock between two steps");
      } while (performance.now() < end);
      const session = await t.session();
      t.equal(
        session.login.serverTime && timestampMs(session.login.serverTime),
        start + 1_234,
        "server_time in the answer to Login",
      );
      t.equal(await t.clock.advance(0), start + 1_234, "clock after a step of 0");
    },
  },
  {
    id: "clock-advance/chain",
    title: "one step over lease, grace and decay: the session is over, each transition at its own due time",
    tools: ["test-clock"],
    applies: decaysInOneStep,
    async run(t: Bench) {
      await t.clock.advance(0);
      const observed = await t.session({ platform: Platform.ANDROID });
      const since = observed.login.serverTime;
      t.ok(since !== undefined, "the answer to Login must have server_time");
      const { leaseMs, graceMs, decayMs } = t.liveness(Platform.ANDROID);
      await t.clock.advance(leaseMs + graceMs + decayMs + 4_321);
      const status = content(await (await t.session()).statusOf(observed.user.id));
      t.equal(status.online, OnlineStatus.LOGGED_OUT, "online status after decay");
      if (t.profile.status?.timestamps)
        t.equal(status.onlineMs, timestampMs(since) + leaseMs + graceMs + decayMs, "online_status_update_time");
      await t.refused(observed.raw.heartbeat(), "SESSION_ENDED", "Heartbeat of a session that decayed");
    },
  },
  {
    id: "clock-advance/loss-in-passing",
    title: "a step well past lease and grace: OFFLINE since lease and grace ended, not since the step",
    tools: ["test-clock"],
    applies: decaysInOneStep,
    async run(t: Bench) {
      await t.clock.advance(0);
      const observed = await t.session({ platform: Platform.ANDROID });
      const since = observed.login.serverTime;
      t.ok(since !== undefined, "the answer to Login must have server_time");
      const { leaseMs, graceMs, decayMs } = t.liveness(Platform.ANDROID);
      await t.clock.advance(leaseMs + graceMs + Math.min(decayMs - 1, 3 * leaseMs));
      const status = content(await (await t.session()).statusOf(observed.user.id));
      t.equal(status.online, OnlineStatus.OFFLINE, "online status after lease and grace");
      if (t.profile.status?.timestamps)
        t.equal(status.onlineMs, timestampMs(since) + leaseMs + graceMs, "online_status_update_time");
    },
  },
  {
    id: "clock-advance/due-order",
    title:
      "texts of two targets and a session end in one step, each at its own time, and Sync proves that they were told",
    tools: ["test-clock"],
    applies: textsEnd,
    async run(t: Bench) {
      const [early, late] = await targets(t, 2);
      const observer = await t.watcher();
      await t.clock.advance(0);
      await observer.session.subscribe([early.id, late.id]);
      const ends = [
        await setEnding(t, sessionOf(early), "early", 2_000),
        await setEnding(t, sessionOf(late), "late", 6_000),
      ];
      await t.clock.advance((textTtl(t.profile, 6_000)?.ttlMs ?? 0) + 60_000, true);
      const { statuses } = await foldToFence(observer.watch);
      for (const [place, target] of [early, late].entries()) {
        const told = statuses.get(target.id);
        t.ok(told !== undefined, "the Watch must tell a status of each target");
        t.equal([content(told).online, content(told).text], [OnlineStatus.ONLINE, ""], "online status and text told");
        if (t.profile.status?.timestamps) {
          t.equal(
            [content(told).customMs, content(told).updateMs],
            [ends[place], ends[place]],
            "custom_status_update_time and update_time told",
          );
        }
        t.equal(
          plain(await observer.session.statusOf(target.id)),
          plain(told),
          "status by QueryStatuses, against the Watch",
        );
      }
    },
  },
  {
    id: "clock-advance/told",
    title: "once AdvanceClock is answered, the loss of a session is in every answer, and Sync proves that it was told",
    tools: ["test-clock"],
    applies: (profile) => graceMs(profile) * 3 < lossMs(profile) || "the grace is longer than half a lease",
    async run(t: Bench) {
      const silent = await t.session();
      const life = t.liveness(silent.platform);
      const observer = await t.watcher();
      await observer.session.subscribe([silent.user.id]);
      const half = Math.floor(life.leaseMs / 2);
      await t.clock.advance(half);
      await observer.session.heartbeat();
      await t.clock.advance(life.leaseMs - half + life.graceMs);
      const told = (await foldToFence(observer.watch)).statuses.get(silent.user.id);
      t.ok(
        told !== undefined && told.onlineStatus !== OnlineStatus.ONLINE,
        "the Watch must tell of another status than ONLINE",
        told,
      );
      t.equal(
        plain(await observer.session.statusOf(silent.user.id)),
        plain(told),
        "status by QueryStatuses, against the Watch",
      );
    },
  },
];

/** A step with hold_leases that is many leases long, and shorter than anything else that ends. */
function holdMs(profile: Profile): number {
  return lossMs(profile) * 7 + 1;
}

const hold: Check[] = [
  {
    id: "clock-hold/sessions-live",
    title:
      "a step of many leases with hold_leases: sessions live, nobody sees a thing, and the leases end later by as much",
    tools: ["test-clock"],
    async run(t: Bench) {
      const held = await t.session();
      const observer = await t.watcher();
      await observer.session.subscribe([held.user.id]);
      await t.clock.advance(0);
      await held.heartbeat();
      const before = (await foldToFence(observer.watch)).statuses.get(held.user.id);
      await t.clock.advance(holdMs(t.profile), true);
      const after = (await foldToFence(observer.watch)).statuses.get(held.user.id);
      t.equal(plain(after), plain(before), "status held by a watcher after the step");
      const { leaseMs, graceMs } = t.liveness(held.platform);
      await observer.session.heartbeat();
      await t.clock.advance(leaseMs - 1);
      t.equal(
        (await observer.session.statusOf(held.user.id)).onlineStatus,
        OnlineStatus.ONLINE,
        "online status 1 ms before the lease ends",
      );
      await observer.session.heartbeat();
      await t.clock.advance(1 + graceMs);
      const lost = (await observer.session.statusOf(held.user.id)).onlineStatus;
      t.ok(lost !== OnlineStatus.ONLINE, "a session whose lease and grace have ended must not count as ONLINE", lost);
    },
  },
  {
    id: "clock-hold/grace-runs",
    title: "a step with hold_leases lets the grace of a lost link run out",
    tools: ["test-clock"],
    applies: (profile) => graceMs(profile) > 0 || "the profile has no grace",
    async run(t: Bench) {
      const away = await t.watcher({ platform: Platform.ANDROID });
      const observer = await t.watcher();
      await observer.session.subscribe([away.user.id]);
      await t.clock.advance(0);
      await away.watch.close();
      await t.clock.advance(graceMs(t.profile) - 1, true);
      const before = (await observer.session.statusOf(away.user.id)).onlineStatus;
      t.equal(before, OnlineStatus.ONLINE, "online status 1 ms before the grace ends");
      await t.clock.advance(1, true);
      const told = (await foldToFence(observer.watch)).statuses.get(away.user.id)?.onlineStatus;
      t.ok(told !== undefined && told !== OnlineStatus.ONLINE, "the Watch must tell of the loss", told);
      await observer.session.heartbeat();
    },
  },
];

const scope: Check[] = [
  {
    id: "clock-scope/other-app",
    title: "a step of a day in one app leaves the clock of another where it was",
    tools: ["test-clock", "second-app"],
    async run(t: Bench) {
      if (t.info.testClockScope !== ClockScope.APP) t.notApplicable("the whole server has one test clock");
      const other = await t.clock.nowOfOtherApp();
      const own = await t.clock.advance(0);
      t.equal(await t.clock.advance(dayMs), own + dayMs, "own clock after a step of a day");
      const moved = (await t.clock.nowOfOtherApp()) - other;
      t.ok(
        moved >= 0 && moved < dayMs / 24,
        "the other app's clock must move by no more than the time the check takes, in milliseconds",
        moved,
      );
    },
  },
];

/** Checks of the test clock. */
export const clockChecks: readonly Check[] = [...advance, ...hold, ...scope];
