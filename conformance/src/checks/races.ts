// Things that happen at once or at the last moment, across sections: kicks under fire, rows made and ended from two sides,
// ends against refreshes.
import { durationMs, timestampMs } from "@bufbuild/protobuf/wkt";
import {
  OnlineStatus,
  Platform,
  type Profile,
  type Subscription,
  SubscriptionEndReason,
  WatchEndReason,
} from "@userstatus/protocol";
import type { Bench, Check, TestSession, TestWatch } from "../check.ts";
import {
  callsAtOnce,
  flip,
  livenessRule,
  logInTimes,
  longestRowMs,
  lossMs,
  roomFor,
  sessionOf,
  shortestRowMs,
  targets,
} from "./lib/c-actors.ts";
import { eventsOf, foldToFence, holdsAll, newestBefore, plain } from "./lib/c-state.ts";
import { rounds } from "./lib/c-wall.ts";

/** Most logins that a check makes to reach the rules' limit. */
const kickMax = 20;

/** How many sessions on one platform live at once, where they all are on that one. */
function limitOn(profile: Profile, platform: Platform): number {
  const rules = profile.sessionRules.filter((rule) => rule.platforms.length === 0 || rule.platforms.includes(platform));
  return Math.min(Infinity, ...rules.map((rule) => rule.maxSessions));
}

const sessions: Check[] = [
  {
    id: "session-kick-silent/under-fire",
    title:
      "logins beyond the limit and new texts all at once: others see nothing but ONLINE, and the last text in the end",
    applies: (profile) =>
      limitOn(profile, Platform.ANDROID) <= kickMax || `reaching the limit takes more than ${kickMax} logins`,
    async run(t: Bench) {
      const user = await t.user();
      for (let login = limitOn(t.profile, Platform.ANDROID); login > 0; login -= 1)
        await user.login({ platform: Platform.ANDROID });
      const observer = await t.watcher();
      await observer.session.subscribe([user.id]);
      for (const round of rounds(6)) {
        await Promise.all(
          ["a", "b"].map((side) => user.login({ platform: Platform.ANDROID, text: `${round} ${side}` })),
        );
        const { onlineStatus } = await observer.session.statusOf(user.id);
        t.equal(onlineStatus, OnlineStatus.ONLINE, `online status by QueryStatuses in round ${round}`);
      }
      await user.login({ platform: Platform.ANDROID, text: "settled" });
      const held = (await foldToFence(observer.watch)).statuses.get(user.id);
      t.equal(held?.customStatus?.text, "settled", "text held in the end");
      const told = observer.watch.statusesOf(user.id);
      t.ok(
        told.every((status) => status.onlineStatus === OnlineStatus.ONLINE),
        "an observer must be told nothing but ONLINE",
        told.map(plain),
      );
    },
  },
  {
    id: "logout-ends-watch/while-opening",
    title: "a Watch that opens while its session logs out is refused or ends, and never stays open",
    async run(t: Bench) {
      const user = await t.user();
      for (const round of rounds(10)) {
        const session = await user.login();
        const watch = session.openWatch();
        if (round % 2 === 1) await watch.find("hello", (event) => (event.case === "hello" ? true : undefined));
        await session.logout();
        const { end, error } = await watch.end(`Watch that opened while its session logged out, round ${round}`);
        if (error === undefined) t.equal(end?.reason, WatchEndReason.LOGGED_OUT, "reason of the Watch's end");
        else await t.refused(Promise.reject(error), "SESSION_ENDED", "Watch that opened while its session logged out");
      }
    },
  },
];

/** Rounds in which one session subscribes to a target while the other unsubscribes from it. */
async function contend(
  t: Bench,
  one: TestSession,
  other: TestSession,
  watches: readonly TestWatch[],
  id: string,
): Promise<void> {
  const most = Math.min(8, callsAtOnce(t.profile, "Subscribe") - 1, callsAtOnce(t.profile, "Unsubscribe"));
  for (const round of rounds(most)) {
    await Promise.all(
      round % 2 === 0 ? [one.subscribe([id]), other.unsubscribe([id])] : [other.unsubscribe([id]), one.subscribe([id])],
    );
    for (const [place, watch] of watches.entries()) {
      await holdsAll(t, await foldToFence(watch), one, `Watch of session ${place + 1} after round ${round}`);
    }
  }
}

const rows: Check[] = [
  {
    id: "sub-race/two-sessions-at-once",
    title:
      "one session subscribes to a target while another of the user unsubscribes: once quiet, both Watches hold what is listed",
    claims: ["multi_session"],
    applies: roomFor(2),
    async run(t: Bench) {
      const [target, constant] = await targets(t, 2);
      const [one, other] = await logInTimes(t, await t.user(), 2);
      const watches = [await one.watch(), await other.watch()];
      await other.subscribe([constant.id]);
      await contend(t, one, other, watches, target.id);
      const online = await flip(constant);
      for (const watch of watches) {
        t.equal(
          (await foldToFence(watch)).statuses.get(constant.id)?.onlineStatus,
          online,
          "online status of the row that stood all along",
        );
      }
    },
  },
  {
    id: "sub-race/many-at-once",
    title: "many users subscribe to a target while it changes: once quiet, each holds what it shows",
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const watchers = await Promise.all(Array.from({ length: 8 }, () => t.watcher()));
      const changes = async (): Promise<OnlineStatus> => {
        for (let flips = 0; flips < 11; flips += 1) await flip(target);
        return flip(target);
      };
      const [shown] = await Promise.all([changes(), ...watchers.map(({ session }) => session.subscribe([target.id]))]);
      for (const { watch } of watchers) {
        const marker = await watch.fence();
        t.equal(
          newestBefore(watch, target.id, marker)?.onlineStatus,
          shown,
          "online status held by a watcher that subscribed meanwhile",
        );
      }
    },
  },
];

function rowOf(t: Bench, results: Awaited<ReturnType<TestSession["subscribe"]>>): Subscription {
  const [one] = results;
  const row = one?.result.case === "subscribed" ? one.result.value.subscription : undefined;
  t.ok(row?.expireTime !== undefined, "Subscribe must answer with a row that has an expire_time", one?.result);
  return row;
}

const lastMoment: Check[] = [
  {
    id: "sub-refresh/at-the-last-moment",
    title: "a row that is refreshed just before its end lives on past it, in its generation, with the newer expiry",
    claims: ["subscription_ttl"],
    applies: (profile) => longestRowMs(profile) > shortestRowMs(profile) || "all rows have one ttl",
    timeMs: shortestRowMs,
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const { session, watch } = await t.watcher();
      const row = rowOf(t, await session.subscribe([target.id], shortestRowMs(t.profile)));
      const endMs = row.expireTime === undefined ? 0 : timestampMs(row.expireTime);
      await t.time.justBefore(endMs, [session, sessionOf(target)], { acts: true });
      const refreshed = rowOf(t, await session.subscribe([target.id], longestRowMs(t.profile)));
      t.equal(refreshed.generation, row.generation, "generation of the refreshed row");
      await t.time.reach(endMs, [session, sessionOf(target)]);
      const list = await session.list();
      t.equal(
        list.map((one) => one.subscription?.expireTime),
        [refreshed.expireTime],
        "expire_time of the rows listed past the older expiry",
      );
      await holdsAll(t, await foldToFence(watch), session, "past the older expiry");
      t.equal(eventsOf(watch, "subscriptionEnded").length, 0, "number of subscription_ended events");
    },
  },
  {
    id: "sub-generation/at-the-end",
    title: "subscribing at the very end of a row makes a new one, of a higher generation",
    claims: ["subscription_ttl"],
    timeMs: shortestRowMs,
    async run(t: Bench) {
      const [target] = await targets(t, 1);
      const { session, watch } = await t.watcher();
      const row = rowOf(t, await session.subscribe([target.id], shortestRowMs(t.profile)));
      await t.time.reach(row.expireTime === undefined ? 0 : timestampMs(row.expireTime), [session, sessionOf(target)]);
      const newer = rowOf(t, await session.subscribe([target.id], shortestRowMs(t.profile)));
      t.ok(
        newer.generation > row.generation,
        `the new row must have a higher generation than ${row.generation}`,
        newer.generation,
      );
      await holdsAll(t, await foldToFence(watch), session, "after the new row");
      const made = eventsOf(watch, "subscribed").find((event) => event.value.generation === newer.generation);
      t.ok(made !== undefined, "the new row must be told", made);
      // A Watch may carry the newer row only, if that came before it could carry the older one's end.
      const ended = eventsOf(watch, "subscriptionEnded").find((event) => event.value.generation === row.generation);
      if (ended === undefined) return;
      t.equal(ended.value.reason, SubscriptionEndReason.EXPIRED, "reason of the older row's end");
      t.ok(ended.index < made.index, "the end of the older row must come before the new row", ended.index);
    },
  },
  {
    id: "lost-decay/revived-at-the-last-moment",
    title: "a lost session that is revived just before its decay lives on past it",
    applies: (profile) => decayMs(profile) > lossMs(profile) || "a lost session has no decay",
    timeMs: decayMs,
    async run(t: Bench) {
      const session = await t.session({ platform: Platform.ANDROID });
      const life = t.liveness(session.platform);
      t.ok(session.login.serverTime !== undefined, "the answer to Login must have server_time");
      const endMs = timestampMs(session.login.serverTime) + life.leaseMs + life.graceMs + life.decayMs;
      await t.time.justBefore(endMs, undefined, { acts: true });
      await session.heartbeat();
      await t.time.reach(endMs);
      const observer = await t.session();
      t.equal(
        (await observer.statusOf(session.user.id)).onlineStatus,
        OnlineStatus.ONLINE,
        "online status of who was revived in time",
      );
      await session.heartbeat();
    },
  },
];

/** Lease, grace and decay of the rule for ANDROID, in milliseconds. */
function decayMs(profile: Profile): number {
  const { afterLoss, decay } = livenessRule(profile, Platform.ANDROID) ?? {};
  return lossMs(profile) + (decay === undefined || afterLoss !== OnlineStatus.OFFLINE ? 0 : durationMs(decay));
}

/** Checks of races. */
export const raceChecks: readonly Check[] = [...sessions, ...rows, ...lastMoment];
