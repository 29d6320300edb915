// Checks of SPEC §7, online-times: the three times of a status, at each change, or none of them.
import { durationMs } from "@bufbuild/protobuf/wkt";
import { OnlineStatus, type Profile, type UserStatus } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { later, sameInstant, spanOf } from "./lib/a-instants.ts";
import {
  firstOf,
  gracesMs,
  hasOffline,
  livenessOf,
  offlineSamples,
  rateOf,
  silenceMs,
  windowMs,
} from "./lib/a-profile.ts";
import { closeLink, instantOf, loggedInAt, look, lose, msOf, textOf, watching } from "./lib/a-scenes.ts";
import { sameDevice } from "./lib/c-away.ts";

function hasTimes(profile: Profile): true | string {
  return profile.status?.timestamps === true || "the profile shows no times";
}

/** What lies between two changes: enough for the rate of SetCustomStatus. */
function stepMs(profile: Profile): number {
  return 2 * windowMs(rateOf(profile, "SetCustomStatus")) + 1000;
}

/** A ttl of half a second more than the least. */
function shortTtlMs(profile: Profile): number {
  const { minTtl } = profile.customStatus ?? {};
  return (minTtl ? durationMs(minTtl) : 0) + 500;
}

/** What lies between a loss and a return: more than two tellings of one instant may where time runs. */
const apartMs = 2_000;

/** `update_time` is that of the later of the other two, or later. */
function inOrder(t: Bench, status: UserStatus, what: string): void {
  const others = [status.onlineStatusUpdateTime, status.customStatusUpdateTime]
    .filter((time) => time !== undefined)
    .map(msOf);
  t.ok(others.length > 0, `One of the two narrower times is set ${what}`, status);
  const latest = Math.max(...others);
  t.ok(msOf(status.updateTime) >= latest, `update_time is not before the other times ${what}`, [
    msOf(status.updateTime),
    latest,
  ]);
}

const noTimes = [undefined, undefined, undefined];

function timesOf(status: UserStatus): readonly unknown[] {
  return [status.updateTime, status.onlineStatusUpdateTime, status.customStatusUpdateTime];
}

export const onlineTimesChecks: readonly Check[] = [
  {
    id: "online-times/login-and-logout",
    title:
      "online_status_update_time is when the user logged in, and then when he logged out; custom_status_update_time when he logged in with a text",
    applies: hasTimes,
    timeMs: stepMs,
    run: async (t: Bench) => {
      const session = await t.session({ text: "stays" });
      const loggedIn = await look(t, session.user.id);
      sameInstant(
        t,
        msOf(loggedIn.onlineStatusUpdateTime),
        loggedInAt(t, session),
        "online_status_update_time after Login",
      );
      sameInstant(
        t,
        msOf(loggedIn.customStatusUpdateTime),
        loggedInAt(t, session),
        "custom_status_update_time after Login with a text",
      );
      inOrder(t, loggedIn, "after Login");
      await t.time.pass(stepMs(t.profile), [session]);
      const still = await look(t, session.user.id);
      t.equal(
        still.onlineStatusUpdateTime,
        loggedIn.onlineStatusUpdateTime,
        "online_status_update_time while nothing changes",
      );
      const { user, device, platform } = session;
      const again = await user.login({ device, platform, text: "new" });
      const renewed = await look(t, user.id);
      t.equal(
        renewed.onlineStatusUpdateTime,
        loggedIn.onlineStatusUpdateTime,
        "online_status_update_time after Login of a live session",
      );
      sameInstant(
        t,
        msOf(renewed.customStatusUpdateTime),
        loggedInAt(t, again),
        "custom_status_update_time after Login of a live session with another text",
      );
      inOrder(t, renewed, "after Login of a live session");
      const logout = await spanOf(t, () => session.logout());
      const loggedOut = await look(t, session.user.id);
      sameInstant(t, msOf(loggedOut.onlineStatusUpdateTime), logout, "online_status_update_time after Logout");
      t.equal(
        loggedOut.customStatusUpdateTime,
        renewed.customStatusUpdateTime,
        "custom_status_update_time after Logout",
      );
      inOrder(t, loggedOut, "after Logout");
    },
  },
  {
    id: "online-times/text",
    title:
      "custom_status_update_time is when the text was set, when the same was set again, and when it was cleared; the other time stays",
    applies: hasTimes,
    timeMs: (profile) => 4 * stepMs(profile),
    run: async (t: Bench) => {
      const session = await t.session();
      const before = await look(t, session.user.id);
      for (const text of ["one", "two", "two", ""]) {
        await t.time.pass(stepMs(t.profile), [session]);
        const change = await spanOf(t, () => session.set(text));
        const after = await look(t, session.user.id);
        t.equal(textOf(after), text, "Text that others see");
        sameInstant(
          t,
          msOf(after.customStatusUpdateTime),
          change,
          `custom_status_update_time after the text was ${text || "cleared"}`,
        );
        t.equal(
          after.onlineStatusUpdateTime,
          before.onlineStatusUpdateTime,
          "online_status_update_time after a change of the text",
        );
        inOrder(t, after, "after a change of the text");
      }
    },
  },
  {
    id: "online-times/text-ran-out",
    title: "custom_status_update_time of a text that ran out is its expire_time",
    claims: ["custom_status_ttl"],
    applies: hasTimes,
    timeMs: shortTtlMs,
    run: async (t: Bench) => {
      const session = await t.session({ text: "short", ttlMs: shortTtlMs(t.profile) });
      // By the answer to Login: on a slow machine a look may come when the text has run out.
      const end = instantOf(t, session.login.self?.status?.customStatus?.expireTime, "expire_time of the text");
      await t.time.reach(end);
      const after = await look(t, session.user.id);
      t.equal(textOf(after), "", "Text at its expire_time");
      sameInstant(t, msOf(after.customStatusUpdateTime), end, "custom_status_update_time of a text that ran out");
      inOrder(t, after, "after the text ran out");
    },
  },
  {
    id: "online-times/lease-ended",
    title: "online_status_update_time of a user who fell silent is when lease and grace ended, whenever one looks",
    applies: (profile) => (hasTimes(profile) === true ? hasOffline(profile) : hasTimes(profile)),
    timeMs: (profile) => 2 * silenceMs(profile, offlineSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of offlineSamples(t.profile)) {
        const session = await (await t.user()).login({ platform });
        const { leaseMs, graceMs } = livenessOf(t.profile, platform);
        const lost = loggedInAt(t, session) + leaseMs + graceMs;
        await t.time.reach(lost + leaseMs);
        const status = await look(t, session.user.id);
        sameInstant(t, msOf(status.onlineStatusUpdateTime), lost, "online_status_update_time of OFFLINE after silence");
        inOrder(t, status, "after silence");
      }
    },
  },
  {
    id: "online-times/link-closed",
    title: "online_status_update_time of a user whose link was closed is when the grace ended, whenever one looks",
    applies: (profile) => (hasTimes(profile) === true ? hasOffline(profile) : hasTimes(profile)),
    timeMs: (profile) => gracesMs(profile, offlineSamples(profile)) + 2 * stepMs(profile),
    run: async (t: Bench) => {
      const platform = firstOf(offlineSamples(t.profile));
      const session = await (await t.user()).login({ platform });
      const watch = await session.watch();
      const { graceMs } = livenessOf(t.profile, platform);
      const end = later(await closeLink(t, watch), graceMs);
      await t.time.reach(end.to);
      await t.time.pass(stepMs(t.profile));
      const status = await look(t, session.user.id);
      sameInstant(t, msOf(status.onlineStatusUpdateTime), end, "online_status_update_time of OFFLINE after a close");
      inOrder(t, status, "after a close");
    },
  },
  {
    id: "online-times/revived",
    title: "online_status_update_time of a user who was OFFLINE is when Heartbeat, Watch or Login brought him back",
    applies: (profile) => (hasTimes(profile) === true ? hasOffline(profile) : hasTimes(profile)),
    timeMs: (profile) => 3 * (gracesMs(profile, offlineSamples(profile).slice(0, 1)) + apartMs),
    run: async (t: Bench) => {
      const session = await (await t.user()).login({ platform: firstOf(offlineSamples(t.profile)) });
      const ways: Record<string, () => Promise<unknown>> = {
        Heartbeat: () => session.heartbeat(),
        Watch: () => session.watch(),
        Login: () => sameDevice(session),
      };
      for (const [way, comeBack] of Object.entries(ways)) {
        await lose(t, session);
        await t.time.pass(apartMs);
        const back = await spanOf(t, comeBack);
        const status = await look(t, session.user.id);
        t.equal(status.onlineStatus, OnlineStatus.ONLINE, `online status after ${way} with a lost session`);
        const what = `online_status_update_time after ${way} with a lost session`;
        sameInstant(t, msOf(status.onlineStatusUpdateTime), back, what);
        inOrder(t, status, `after ${way} with a lost session`);
      }
    },
  },
  {
    id: "online-times/no-text-to-clear",
    title: "custom_status_update_time of a user without a text stays when he goes OFFLINE",
    applies: (profile) => (hasTimes(profile) === true ? hasOffline(profile) : hasTimes(profile)),
    timeMs: (profile) => 2 * silenceMs(profile, offlineSamples(profile)) + stepMs(profile),
    run: async (t: Bench) => {
      for (const platform of offlineSamples(t.profile)) {
        const session = await (await t.user()).login({ platform });
        await session.set("gone soon");
        await t.time.pass(stepMs(t.profile), [session]);
        const aliveAt = await t.time.now();
        await session.set("");
        const before = await look(t, session.user.id);
        const { leaseMs, graceMs } = livenessOf(t.profile, platform);
        await t.time.reach(aliveAt + 2 * leaseMs + graceMs);
        const after = await look(t, session.user.id);
        t.equal(after.onlineStatus, OnlineStatus.OFFLINE, "online status after silence");
        t.equal(after.customStatusUpdateTime, before.customStatusUpdateTime, "custom_status_update_time after silence");
        inOrder(t, after, "after silence");
      }
    },
  },
  {
    id: "online-times/never-changed",
    title:
      "All three times are unset of a user whose status never changed, and of one who was deleted and registered anew",
    claims: ["user_registry"],
    tools: ["admin"],
    applies: hasTimes,
    run: async (t: Bench) => {
      const id = t.unregisteredId();
      await t.admin.register([id]);
      t.equal(timesOf(await look(t, id)), noTimes, "The three times of a user who was just registered");
      const { user } = await t.session({ text: "of before" });
      await t.admin.remove([user.id]);
      await t.admin.register([user.id]);
      t.equal(timesOf(await look(t, user.id)), noTimes, "The three times of a user who was just registered anew");
    },
  },
  {
    id: "online-times/none",
    title: "Where the profile shows no times all three are unset, whatever happened",
    applies: (profile) => profile.status?.timestamps !== true || "the profile shows times",
    run: async (t: Bench) => {
      const session = await t.session({ text: "text" });
      const { id } = session.user;
      const { watch } = await watching(t, id);
      await session.logout();
      await watch.fence();
      const seen = [await look(t, id), ...watch.statusesOf(id)];
      t.ok(seen.length > 1, "The Watch carries the user", seen.length);
      for (const status of seen) t.equal(timesOf(status), noTimes, "The three times of a status");
    },
  },
];
