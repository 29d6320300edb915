// SPEC §18, claim `admin`: what an app's backend does. A tool, never scored, and checked all the same.
import { OnlineStatus, WatchEndReason } from "@userstatus/protocol";
import type { Bench, Check, TestSession } from "../check.ts";
import { tokenCalls } from "./lib/a-calls.ts";
import { graceSamples, hasGrace } from "./lib/a-lease.ts";
import { firstOf, gracesMs, hasOffline, livenessOf, offlineSamples } from "./lib/a-profile.ts";
import { closeLink, lostSession, shows, whileBefore } from "./lib/a-scenes.ts";
import { flip, logInTimes, people, roomFor, sessionOf, targets } from "./lib/c-actors.ts";
import { foldToFence, plain } from "./lib/c-state.ts";

/** EndSessions ends the user's only session. */
async function endedByAdmin(t: Bench, { id, user }: TestSession, what: string): Promise<void> {
  t.equal(await t.admin.endSessions(user.id), [id], `sessions that EndSessions ended, ${what}`);
  await shows(t, user.id, OnlineStatus.LOGGED_OUT, `online status right after EndSessions, ${what}`);
}

async function overByAdmin(t: Bench, { raw }: TestSession, what: string): Promise<void> {
  const { endReason } = await t.refused(raw.heartbeat(), "SESSION_ENDED", `Heartbeat after EndSessions, ${what}`);
  t.equal(endReason, "ADMIN", `end_reason of Heartbeat after EndSessions, ${what}`);
}

const end: Check[] = [
  {
    id: "admin-end/all",
    title:
      "ending all sessions of a user: LOGGED_OUT at once, Watches end with KICKED, calls are refused with SESSION_ENDED",
    tools: ["admin"],
    async run(t: Bench) {
      const { session, watch, user } = await t.watcher();
      const observer = await t.watcher();
      await observer.session.subscribe([user.id]);
      t.equal(await t.admin.endSessions(user.id), [session.id], "sessions that EndSessions ended");
      t.equal(
        (await observer.session.statusOf(user.id)).onlineStatus,
        OnlineStatus.LOGGED_OUT,
        "online status right after",
      );
      const told = (await foldToFence(observer.watch)).statuses.get(user.id)?.onlineStatus;
      t.equal(told, OnlineStatus.LOGGED_OUT, "online status told to a watcher");
      const { end: over } = await watch.end("Watch of a session that the backend ended");
      t.equal(
        [over?.reason, over?.mayResume],
        [WatchEndReason.KICKED, false],
        "reason and may_resume of the Watch's end",
      );
      const refusal = await t.refused(
        session.raw.heartbeat(),
        "SESSION_ENDED",
        "Heartbeat of a session that the backend ended",
      );
      t.equal(refusal.endReason, "ADMIN", "end_reason of the refusal");
      t.equal(await t.admin.endSessions(user.id), [], "sessions that a second EndSessions ended");
      t.equal(await t.admin.endSessions(user.id, [session.id]), [], "sessions that a third, which names it, ended");
    },
  },
  {
    id: "admin-end/one-of-two",
    title: "ending one session leaves the other, and others see nothing but ONLINE; unknown ids are skipped",
    claims: ["multi_session"],
    tools: ["admin"],
    applies: roomFor(2),
    async run(t: Bench) {
      const user = await t.user();
      const [first, second] = await logInTimes(t, user, 2);
      const watch = await second.watch();
      const observer = await t.watcher();
      await observer.session.subscribe([user.id]);
      t.equal(
        await t.admin.endSessions(user.id, [first.id, "no-such-session"]),
        [first.id],
        "sessions that EndSessions ended",
      );
      await t.refused(first.raw.heartbeat(), "SESSION_ENDED", "Heartbeat of the session that was ended");
      await second.heartbeat();
      const self = (await foldToFence(watch)).self?.sessions.map((one) => one.sessionId);
      t.equal(self, [second.id], "sessions that the other one is told of");
      await observer.watch.fence();
      const told = observer.watch.statusesOf(user.id);
      t.ok(
        told.length > 0 && told.every((one) => one.onlineStatus === OnlineStatus.ONLINE),
        "an observer must be told nothing but ONLINE",
        told.map(plain),
      );
    },
  },
  {
    id: "admin-end/lost",
    title: "EndSessions ends a session that is lost, too: its user is LOGGED_OUT at once",
    tools: ["admin"],
    applies: hasOffline,
    timeMs: (profile) => gracesMs(profile, offlineSamples(profile).slice(0, 1)),
    async run(t: Bench) {
      const { session, user } = await lostSession(t, await t.user(), firstOf(offlineSamples(t.profile)));
      await shows(t, user.id, OnlineStatus.OFFLINE, "online status of the lost user before EndSessions");
      await endedByAdmin(t, session, "of a lost session");
      await overByAdmin(t, session, "of a lost session");
    },
  },
  {
    id: "admin-end/in-grace",
    title: "EndSessions ends a session whose link is away, within its grace, at once",
    tools: ["admin"],
    applies: hasGrace,
    timeMs: (profile) => gracesMs(profile, graceSamples(profile).slice(0, 1)),
    async run(t: Bench) {
      const platform = firstOf(graceSamples(t.profile));
      const session = await (await t.user()).login({ platform });
      const { from } = await closeLink(t, await session.watch());
      await whileBefore(t, from + livenessOf(t.profile, platform).graceMs, async () => {
        await endedByAdmin(t, session, "of a session in its grace");
        await overByAdmin(t, session, "of a session in its grace");
      });
    },
  },
  {
    id: "admin-end/never-logged-in",
    title: "EndSessions of a registered user who never logged in ends nothing, and changes nothing of what others see",
    tools: ["admin", "fresh-users"],
    async run(t: Bench) {
      const user = await t.user({ fresh: true });
      const observer = await t.watcher();
      await observer.session.subscribe([user.id]);
      const before = await observer.session.statusOf(user.id);
      const mark = await observer.watch.fence();
      t.equal(await t.admin.endSessions(user.id), [], "sessions that EndSessions ended");
      t.equal(plain(await observer.session.statusOf(user.id)), plain(before), "status after EndSessions");
      await observer.watch.fence();
      t.equal(observer.watch.statusesOf(user.id, mark).length, 0, "statuses that a watcher was told");
    },
  },
];

const query: Check[] = [
  {
    id: "admin-query/as-others-see",
    title: "the admin's query gives what other users see, in the order of the list, each once",
    tools: ["admin"],
    async run(t: Bench) {
      const [online, out] = await targets(t, 2);
      const [idle] = await people(t, 1);
      await sessionOf(online).set("seen");
      await flip(out);
      const observer = await t.session();
      const ids = [out.id, online.id, idle.id];
      const results = await t.admin.query([...ids, online.id]);
      t.equal(
        results.map((one) => one.userId),
        ids,
        "users in the admin's answer",
      );
      for (const one of results) {
        t.ok(one.result.case === "status", `the admin's query must give a status of ${one.userId}`, one.result);
        t.equal(
          plain(one.result.value),
          plain(await observer.statusOf(one.userId)),
          `status of ${one.userId}, against QueryStatuses`,
        );
      }
    },
  },
  {
    id: "admin-query/no-rate",
    title: "a hundred queries of the admin in a row are all answered",
    tools: ["admin"],
    async run(t: Bench) {
      const [online] = await targets(t, 1);
      for (let call = 0; call < 100; call += 1) {
        const [one] = await t.admin.query([online.id]);
        t.equal(
          one?.result.case === "status" && one.result.value.onlineStatus,
          OnlineStatus.ONLINE,
          `status in answer ${call + 1}`,
        );
      }
    },
  },
  {
    id: "admin-query/no-gate",
    title: "with plan and switch off the admin's query goes on",
    claims: ["feature_gates"],
    tools: ["admin"],
    wholeApp: true,
    async run(t: Bench) {
      const [online] = await targets(t, 1);
      await t.admin.features({ plan: false, userStatus: false });
      const [one] = await t.admin.query([online.id]);
      t.equal(
        one?.result.case === "status" && one.result.value.onlineStatus,
        OnlineStatus.ONLINE,
        "status with plan and switch off",
      );
    },
  },
];

const role: Check[] = [
  {
    id: "admin-role/user-at-admin",
    title: "a user's token is refused at the admin service with WRONG_ROLE, and changes nothing",
    tools: ["admin"],
    async run(t: Bench) {
      const session = await t.session();
      const client = t.admin.as(await session.user.token());
      const id = session.user.id;
      await t.refused(
        client.queryStatuses({ userIds: [id] }),
        "WRONG_ROLE",
        "QueryStatuses of the admin service with a user's token",
      );
      await t.refused(client.endSessions({ userId: id }), "WRONG_ROLE", "EndSessions with a user's token");
      await t.refused(client.deleteUsers({ userIds: [id] }), "WRONG_ROLE", "DeleteUsers with a user's token");
      await t.refused(
        client.updateFeatures({ features: { plan: false } }),
        "WRONG_ROLE",
        "UpdateFeatures with a user's token",
      );
      await session.heartbeat();
      t.equal((await t.admin.query([id]))[0]?.result.case, "status", "the admin's own query");
    },
  },
  {
    id: "admin-role/user-at-testing",
    title: "a user's token is refused at the testing service with WRONG_ROLE, and the clock stays where it is",
    tools: ["test-clock"],
    async run(t: Bench) {
      const session = await t.session();
      await t.clock.advance(0);
      const before = await t.clock.now();
      const client = t.clock.as(await session.user.token());
      await t.refused(client.getClock({}), "WRONG_ROLE", "GetClock with a user's token");
      const advance = client.advanceClock({ duration: { seconds: 1n } });
      await t.refused(advance, "WRONG_ROLE", "AdvanceClock with a user's token");
      await t.refused(client.changeEpoch({}), "WRONG_ROLE", "ChangeEpoch with a user's token");
      t.equal(await t.clock.now(), before, "The clock, before and after the calls that were refused");
    },
  },
  {
    id: "admin-role/admin-at-user",
    title:
      "an admin's token is refused by every call of the user service, Watch too, with WRONG_ROLE, and changes nothing",
    tools: ["admin"],
    async run(t: Bench) {
      const [target] = await people(t, 1);
      const { session, watch } = await t.watcher();
      const client = session.user.client({ token: await t.admin.token() });
      const calls = tokenCalls({ client, sessionId: session.id, targetId: target.id, profile: t.profile });
      for (const { name, call } of calls) await t.refused(call(), "WRONG_ROLE", `${name} with an admin's token`);
      await session.heartbeat();
      await watch.fence();
    },
  },
];

/** Checks of ending sessions, of the admin's query and of roles. */
export const adminChecks: readonly Check[] = [...end, ...query, ...role];
