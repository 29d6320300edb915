// Checks of SPEC §6.1, login: what it answers, that the user is ONLINE, and that a device has one session.
import { OnlineStatus } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { reasonOf } from "./lib/a-calls.ts";
import {
  firstOf,
  gracesMs,
  hasLimit,
  hasOffline,
  knownPlatforms,
  limitSamples,
  livenessOf,
  offlineSamples,
  onlineName,
  platformName,
  ruleSamples,
} from "./lib/a-profile.ts";
import {
  allLive,
  durationOf,
  instantOf,
  loginAll,
  look,
  lostSession,
  shows,
  stateOf,
  toldSessions,
  watching,
} from "./lib/a-scenes.ts";

/** Long enough for a time to be another one. */
const laterMs = 100;

export const loginChecks: readonly Check[] = [
  {
    id: "login-reply/every-rule",
    title: "Login answers with session id, epoch, self status, and lease and heartbeat interval of its platform's rule",
    run: async (t: Bench) => {
      for (const platform of ruleSamples(t.profile)) {
        const { login, device } = await (await t.user()).login({ platform });
        const what = `of Login on ${platformName(platform)}`;
        t.ok(
          /^[\x20-\x7e]{1,64}$/.test(login.sessionId),
          `The session id ${what} is 1 to 64 printable ASCII bytes`,
          login.sessionId,
        );
        const epochBytes = Buffer.byteLength(login.epoch);
        t.ok(epochBytes >= 1 && epochBytes <= 64, `The epoch ${what} has 1 to 64 bytes`, login.epoch);
        t.equal(login.self?.status?.userId !== "", true, `User id in the self status ${what}`);
        const [session] = login.self?.sessions ?? [];
        t.equal(session?.sessionId, login.sessionId, `Session id in the self status ${what}`);
        t.equal(session?.deviceId, device, `Device id in the self status ${what}`);
        t.equal(session?.platform, platform, `Platform in the self status ${what}`);
        const { leaseMs, heartbeatMs } = livenessOf(t.profile, platform);
        t.equal(durationOf(login.lease), leaseMs, `Lease ${what}`);
        t.equal(durationOf(login.heartbeatInterval), heartbeatMs, `Heartbeat interval ${what}`);
      }
    },
  },
  {
    id: "login-reply/ids-differ",
    title: "Sessions of different users, and a session after a logout, have ids of their own",
    run: async (t: Bench) => {
      const user = await t.user();
      const first = await user.login({ device: "one-device" });
      const other = await t.session({ device: "one-device" });
      await first.logout();
      const second = await user.login({ device: "one-device" });
      t.ok(second.id !== first.id, "The session after a logout has an id of its own", [first.id, second.id]);
      t.equal(await stateOf(t, second), "success", "A call of the second session");
      t.equal(await stateOf(t, other), "success", "A call of the other user's session");
      t.equal(await stateOf(t, first), "SESSION_ENDED", "A call of the session that was logged out");
    },
  },
  {
    id: "login-online/seen",
    title: "Once Login is answered the user is ONLINE for those who ask and those who watch, on every kind of platform",
    run: async (t: Bench) => {
      for (const platform of ruleSamples(t.profile)) {
        const user = await t.user();
        const { watch } = await watching(t, user.id);
        const before = await look(t, user.id);
        t.ok(
          before.onlineStatus !== OnlineStatus.ONLINE,
          "The user is not ONLINE before",
          onlineName(before.onlineStatus),
        );
        await user.login({ platform });
        await shows(t, user.id, OnlineStatus.ONLINE, `Status after Login on ${platformName(platform)}`);
        await watch.fence();
        const held = watch.held(user.id);
        t.equal(
          onlineName(held?.onlineStatus ?? 0),
          "ONLINE",
          `Status on the Watch after Login on ${platformName(platform)}`,
        );
      }
    },
  },
  {
    id: "login-online/again",
    title: "After logout and a new login the user is ONLINE again",
    run: async (t: Bench) => {
      const user = await t.user();
      await (await user.login()).logout();
      await shows(t, user.id, OnlineStatus.LOGGED_OUT, "Status between logout and login");
      await user.login();
      await shows(t, user.id, OnlineStatus.ONLINE, "Status after the new login");
    },
  },
  {
    id: "login-registers/deleted-user",
    title: "Login of a user who is not registered registers him, or is refused with USER_NOT_FOUND",
    tools: ["admin"],
    run: async (t: Bench) => {
      const user = await t.user();
      await t.admin.remove([user.id]);
      const observer = await t.session();
      const [unknown] = await observer.query([user.id]);
      t.equal(unknown?.result.case, "error", "Result of a query of the user who is not registered");
      const reason = await reasonOf(user.tryLogin());
      t.ok(["success", "USER_NOT_FOUND"].includes(reason), "Login is answered or refused with USER_NOT_FOUND", reason);
      if (reason === "success") {
        await shows(t, user.id, OnlineStatus.ONLINE, "Status of the user whom Login has registered");
        return;
      }
      await t.refused(user.tryLogin(), "USER_NOT_FOUND", "Login of a user who is not registered");
      const [still] = await (await t.session()).query([user.id]);
      t.equal(still?.result.case, "error", "Result of a query of the user whom Login has refused");
      await t.admin.register([user.id]);
      await user.login();
    },
  },
  {
    id: "login-same-device/live",
    title: "Login again with the device of a live session goes on with that session, its login_time and its Watch",
    timeMs: () => laterMs,
    run: async (t: Bench) => {
      const user = await t.user();
      const first = await user.login();
      const watch = await first.watch();
      await t.time.pass(laterMs);
      const again = await user.login({ device: first.device, platform: first.platform });
      const [before, after] = [first, again].map(({ login }) =>
        instantOf(t, login.self?.sessions[0]?.loginTime, "login_time of the session"),
      );
      t.equal(after, before, "login_time of the session after the second Login with the same device");
      await watch.fence();
      t.equal(again.id, first.id, "Session id of the second Login with the same device");
      const ids = again.login.self?.sessions.map(({ sessionId }) => sessionId);
      t.equal(ids, [first.id], "Sessions after the second Login with the same device");
      t.equal(await stateOf(t, first), "success", "A call of the session");
    },
  },
  {
    id: "login-same-device/at-the-limit",
    title: "Login again with the device of a live session kicks nobody at the limit of the session rules",
    applies: hasLimit,
    run: async (t: Bench) => {
      for (const { filling, title } of limitSamples(t.profile)) {
        const user = await t.user();
        const sessions = await loginAll(user, filling);
        for (const session of sessions) {
          const again = await user.login({ device: session.device, platform: session.platform });
          t.equal(again.id, session.id, `Session id of a repeated Login at the limit of ${title}`);
          toldSessions(t, again, sessions, `a repeated Login at the limit of ${title}`);
        }
        await allLive(t, sessions, `After repeated Logins at the limit of ${title}`);
      }
    },
  },
  {
    id: "login-same-device/keeps-its-place",
    title: "Login again keeps the place in the order of logins: the earliest stays the one that is kicked",
    applies: (profile) =>
      limitSamples(profile).some(({ filling }) => filling.length > 1) || "no session rule allows more than one session",
    run: async (t: Bench) => {
      for (const { filling, extra, title } of limitSamples(t.profile)) {
        if (filling.length < 2) continue;
        const user = await t.user();
        const sessions = await loginAll(user, filling);
        const [first, ...rest] = sessions;
        if (first) await user.login({ device: first.device, platform: first.platform });
        await user.login({ platform: extra });
        t.equal(
          await stateOf(t, firstOf(sessions)),
          "SESSION_ENDED",
          `The earliest login beyond ${title}, though repeated`,
        );
        await allLive(t, rest, `The others beyond ${title}`);
      }
    },
  },
  {
    id: "login-same-device/lost",
    title: "Login with the device of a lost session goes on with that session",
    applies: hasOffline,
    timeMs: (profile) => gracesMs(profile, offlineSamples(profile)),
    run: async (t: Bench) => {
      for (const platform of offlineSamples(t.profile)) {
        const { user, session } = await lostSession(t, await t.user(), platform);
        await shows(t, user.id, OnlineStatus.OFFLINE, `Status of the lost user on ${platformName(platform)}`);
        const again = await user.login({ device: session.device, platform });
        t.equal(
          again.id,
          session.id,
          `Session id of Login with the device of a lost session on ${platformName(platform)}`,
        );
        t.equal(again.login.self?.sessions.length, 1, "Sessions after it");
      }
    },
  },
  {
    id: "login-same-device/takes-the-newer-platform",
    title:
      "Login again on another platform goes on with the session and its Watch; it takes that platform and its liveness rule",
    run: async (t: Bench) => {
      const [from, ...others] = knownPlatforms;
      const samples = ruleSamples(t.profile).filter((platform) => platform !== from);
      for (const platform of [...samples, ...others.slice(0, 1)]) {
        const user = await t.user();
        const first = await user.login({ platform: firstOf(knownPlatforms) });
        const watch = await first.watch();
        const again = await user.login({ device: first.device, platform });
        const what = `after Login again on ${platformName(platform)}`;
        await watch.fence();
        t.equal(again.id, first.id, `Session id ${what}`);
        t.equal(
          again.login.self?.sessions.map((session) => session.platform),
          [platform],
          `Platforms of the sessions ${what}`,
        );
        t.equal(durationOf(again.login.lease), livenessOf(t.profile, platform).leaseMs, `Lease ${what}`);
        t.equal(
          durationOf((await again.heartbeat()).lease),
          livenessOf(t.profile, platform).leaseMs,
          `Lease of Heartbeat ${what}`,
        );
        const expected = t.profile.status?.targetPlatforms ? [platform] : [];
        t.equal((await look(t, user.id)).onlinePlatforms, expected, `Platforms that others see ${what}`);
      }
    },
  },
];
