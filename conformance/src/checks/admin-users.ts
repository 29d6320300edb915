// SPEC §18, claim `admin`: who is registered, and what is left of who was deleted.
import { OnlineStatus, WatchEndReason } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { firstOf, gracesMs, hasOffline, offlineSamples } from "./lib/a-profile.ts";
import { lostSession, shows } from "./lib/a-scenes.ts";
import { createPace, paceMs } from "./lib/b-pace.ts";
import { higher, rowIn, rowListed } from "./lib/b-values.ts";
import { flip, targets } from "./lib/c-actors.ts";
import { foldToFence, plain } from "./lib/c-state.ts";

const register: Check[] = [
  {
    id: "admin-register/registered",
    title: "who is registered has never logged in; registering again leaves him as he is",
    claims: ["user_registry"],
    tools: ["admin"],
    async run(t: Bench) {
      const [online] = await targets(t, 1);
      const observer = await t.session();
      const id = t.unregisteredId();
      t.equal(await t.admin.register([id]), 1, "created_count of one who was not registered");
      const idle = await observer.statusOf(id);
      t.equal(idle.onlineStatus, t.profile.status?.neverLoggedIn, "online status of who was just registered");
      t.equal(idle.customStatus?.text ?? "", "", "text of who was just registered");
      const before = await observer.statusOf(online.id);
      t.equal(await t.admin.register([online.id, id]), 0, "created_count of two who are registered already");
      t.equal(
        plain(await observer.statusOf(online.id)),
        plain(before),
        "status of an online user who was registered again",
      );
      t.equal(plain(await observer.statusOf(id)), plain(idle), "status of an idle user who was registered again");
    },
  },
  {
    id: "admin-register/deleted",
    title: "who is deleted is unregistered, his sessions and Watches are over, and others go on",
    claims: ["user_registry"],
    tools: ["admin"],
    async run(t: Bench) {
      const [other] = await targets(t, 1);
      const gone = await t.watcher();
      const observer = await t.watcher();
      await observer.session.subscribe([other.id, gone.user.id]);
      const deleted = await t.admin.remove([gone.user.id, t.unregisteredId()]);
      t.equal(deleted, 1, "deleted_count of one who is registered and one who is not");
      const [first, second] = await observer.session.query([gone.user.id, other.id]);
      t.equal(
        first?.result.case === "error" ? first.result.value.reason : first?.result.case,
        "USER_NOT_FOUND",
        "query of who was deleted",
      );
      t.equal(second?.result.case, "status", "query of another user");
      const { end: over, error } = await gone.watch.end("Watch of who was deleted");
      t.equal(error, undefined, "error with which the Watch of who was deleted closed");
      t.equal(
        [over?.reason, over?.mayResume],
        [WatchEndReason.USER_DELETED, false],
        "reason and may_resume of the Watch's end",
      );
      const refusal = await t.refused(
        gone.session.raw.heartbeat(),
        "SESSION_ENDED",
        "Heartbeat of a session of who was deleted",
      );
      t.equal(refusal.endReason, "USER_DELETED", "end_reason of the refusal");
      const online = await flip(other);
      t.equal(
        (await foldToFence(observer.watch)).statuses.get(other.id)?.onlineStatus,
        online,
        "status told of another user",
      );
    },
  },
  {
    id: "admin-register/anew",
    title: "who is deleted and registered anew has no text, no row and no session of before",
    claims: ["user_registry"],
    tools: ["admin"],
    async run(t: Bench) {
      const [other] = await targets(t, 1);
      const session = await t.session();
      const observer = await t.session();
      await session.set("before");
      await session.subscribe([other.id]);
      await t.admin.remove([session.user.id]);
      await t.admin.register([session.user.id]);
      const idle = await observer.statusOf(session.user.id);
      t.equal(
        [idle.onlineStatus, idle.customStatus?.text],
        [t.profile.status?.neverLoggedIn, undefined],
        "status after it",
      );
      const back = await session.user.login();
      t.equal((await back.list()).length, 0, "number of rows after it");
      const held = await foldToFence(await back.watch());
      const sessions = held.self?.sessions.map((one) => one.sessionId);
      t.equal(
        [held.rows.size, held.self?.status?.customStatus?.text, sessions],
        [0, undefined, [back.id]],
        "rows, text and sessions",
      );
    },
  },
];

const twice: Check = {
  id: "admin-register/named-twice",
  title: "created_count and deleted_count count a user who is named twice once",
  claims: ["user_registry"],
  tools: ["admin"],
  async run(t: Bench) {
    const [one, two] = [t.unregisteredId(), t.unregisteredId()];
    t.equal(await t.admin.register([one, two, one]), 2, "created_count of two users, one of them named twice");
    t.equal(await t.admin.remove([two, one, two]), 2, "deleted_count of two users, one of them named twice");
  },
};

const lost: Check = {
  id: "admin-register/lost",
  title: "A lost session of who is deleted is over with USER_DELETED, as a live one is",
  claims: ["user_registry"],
  tools: ["admin"],
  applies: hasOffline,
  timeMs: (profile) => gracesMs(profile, offlineSamples(profile).slice(0, 1)),
  async run(t: Bench) {
    const { session, user } = await lostSession(t, await t.user(), firstOf(offlineSamples(t.profile)));
    await shows(t, user.id, OnlineStatus.OFFLINE, "online status of the lost user before he is deleted");
    t.equal(await t.admin.remove([user.id]), 1, "deleted_count of the lost user");
    const what = "Heartbeat with a session that was lost when its user was deleted";
    const { endReason } = await t.refused(session.raw.heartbeat(), "SESSION_ENDED", what);
    t.equal(endReason, "USER_DELETED", `end_reason of ${what}`);
  },
};

const ownerAnew: Check = {
  id: "sub-generation/owner-registered-anew",
  title: "A row that a user makes who was deleted and registered anew has a higher generation than his earlier one",
  claims: ["user_registry"],
  tools: ["admin"],
  timeMs: (profile) => paceMs(profile, { Subscribe: 2 }),
  async run(t: Bench) {
    const pace = createPace(t);
    const [target] = await targets(t, 1);
    const watcher = await t.session();
    const first = rowIn(t, await pace.subscribe(watcher, [target.id]), target.id);
    await t.admin.remove([watcher.user.id]);
    await t.admin.register([watcher.user.id]);
    const back = await watcher.user.login();
    const second = rowIn(t, await pace.subscribe(back, [target.id]), target.id);
    higher(t, second.row.generation, first.row.generation, "the generation of the row of who was registered anew");
    const listed = rowListed(t, await back.list(), target.id);
    t.equal(listed.row.generation, second.row.generation, "generation in ListSubscriptions, against the answer");
  },
};

/** Checks of registering and deleting users. */
export const adminUserChecks: readonly Check[] = [...register, twice, lost, ownerAnew];
