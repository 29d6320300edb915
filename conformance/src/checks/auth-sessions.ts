// Checks of SPEC §3, identity of sessions and apps: foreign and unknown session ids, and the same user id in two apps.
import type { ListSubscriptionsResponse } from "@userstatus/protocol";
import { OnlineStatus } from "@userstatus/protocol";
import type { Bench, Check, TestSession, TestUser } from "../check.ts";
import { refusedWithOneOf, sessionCalls } from "./lib/a-calls.ts";
import { onlineName } from "./lib/a-profile.ts";
import { look, shows, stateOf, textOf, twoUsers } from "./lib/a-scenes.ts";

/** What a row is, to compare it. */
function rowsOf(rows: ListSubscriptionsResponse["subscriptions"]): readonly unknown[] {
  return rows.map(({ subscription }) => subscription);
}

/** Ids that the server never gave, shaped like one that it gave and unlike it. */
function unknownIds(t: Bench, known: string): readonly string[] {
  const last = known.at(-1) === "z" ? "y" : "z";
  return [`${known.slice(0, -1)}${last}${known.length < 64 ? "q" : ""}`, t.random.text(20), "1", ""];
}

async function foreignCallsRefused(t: Bench, thief: TestUser, victim: TestSession, targetId: string): Promise<void> {
  const calls = sessionCalls({ client: thief.client(), sessionId: victim.id, targetId, profile: t.profile });
  for (const { name, call } of calls) {
    await t.refused(call(), "SESSION_NOT_FOUND", `${name} with the session id of another user`);
  }
}

/** Somebody else in the other app, logged in. */
async function sessionInOtherApp(t: Bench): Promise<TestSession> {
  return (await t.inOtherApp(await t.user())).login();
}

export const authSessionChecks: readonly Check[] = [
  {
    id: "auth-foreign-session/every-call",
    title: "The session id of another user is refused in every call, and nothing changes for either",
    run: async (t: Bench) => {
      const target = await t.session();
      const { session: victim, watch, user } = await t.watcher({ text: "mine" });
      const thief = await t.session({ text: "his" });
      await victim.subscribe([target.user.id]);
      await watch.fence();
      const [mark, rows, before] = [watch.mark(), rowsOf(await victim.list()), await look(t, user.id)];
      await foreignCallsRefused(t, thief.user, victim, target.user.id);
      await watch.fence();
      const changes = watch.after(mark).filter(({ event }) => event.case === "subscriptionEnded");
      t.equal(changes.length, 0, "Rows of the owner that ended by the calls of another user");
      const after = await look(t, user.id);
      t.equal(after.revision, before.revision, "Revision of the owner after the calls of another user");
      t.equal(textOf(after), "mine", "Text of the owner after the calls of another user");
      t.equal(rowsOf(await victim.list()), rows, "Rows of the owner after the calls of another user");
      t.equal((await thief.list()).length, 0, "Rows of the other user");
      t.equal(textOf(await look(t, thief.user.id)), "his", "Text of the other user");
      t.equal(await stateOf(t, thief), "success", "A call of the other user with his own session");
    },
  },
  {
    id: "auth-foreign-session/logged-out-user",
    title: "The session id of another user is refused to a user who has no session at all",
    run: async (t: Bench) => {
      const { session: victim, watch } = await t.watcher();
      const [thief, target] = await twoUsers(t);
      await foreignCallsRefused(t, thief, victim, target.id);
      await watch.fence();
      t.equal(await stateOf(t, victim), "success", "A call of the owner of the session");
      const { onlineStatus } = await look(t, thief.id);
      t.ok(onlineStatus !== OnlineStatus.ONLINE, "The user without a session is not ONLINE", onlineName(onlineStatus));
    },
  },
  {
    id: "auth-foreign-session/over",
    title: "The session id of another user is refused as none of the caller's when that session is over, too",
    run: async (t: Bench) => {
      const over = await t.session();
      await over.logout();
      const [thief, target] = [await t.watcher(), await t.user()];
      const options = { client: thief.user.client(), sessionId: over.id, targetId: target.id, profile: t.profile };
      for (const { name, call } of sessionCalls(options)) {
        const what = `${name} with the id of a session of another user that is over`;
        if (name === "Sync") await refusedWithOneOf(t, call(), ["SESSION_NOT_FOUND", "NO_OPEN_WATCH"], what);
        else await t.refused(call(), "SESSION_NOT_FOUND", what);
      }
      await t.refused(over.raw.heartbeat(), "SESSION_ENDED", "Heartbeat of its owner with the session that is over");
      await thief.watch.fence();
      t.equal(await stateOf(t, thief.session), "success", "A call of the other user with his own session");
    },
  },
  {
    id: "auth-foreign-session/never-issued",
    title: "A session id that was never issued is refused in every call",
    run: async (t: Bench) => {
      const session = await t.session();
      const target = await t.user();
      const before = await look(t, session.user.id);
      for (const sessionId of unknownIds(t, session.id)) {
        await session.heartbeat();
        const options = { client: session.user.client(), sessionId, targetId: target.id, profile: t.profile };
        for (const { name, call } of sessionCalls(options)) {
          const what = `${name} with the session id "${sessionId}", which was never issued`;
          if (name === "Sync") await refusedWithOneOf(t, call(), ["SESSION_NOT_FOUND", "NO_OPEN_WATCH"], what);
          else await t.refused(call(), "SESSION_NOT_FOUND", what);
        }
      }
      t.equal(await stateOf(t, session), "success", "A call with the session id that was issued");
      t.equal(
        (await look(t, session.user.id)).revision,
        before.revision,
        "Revision of the user after the refused calls",
      );
    },
  },
  {
    id: "auth-app-isolation/status",
    title: "The same user id in two apps is two users: status, text and sessions of one are not seen in the other",
    tools: ["second-app"],
    run: async (t: Bench) => {
      const user = await t.user();
      const twin = await t.inOtherApp(user);
      const here = await user.login({ device: "same-device", text: "here" });
      t.equal(textOf(await look(t, user.id)), "here", "Text of the user in his app");
      const unseen = await (await sessionInOtherApp(t)).query([user.id]);
      const result = unseen[0]?.result;
      const online = result?.case === "status" && result.value.onlineStatus === OnlineStatus.ONLINE;
      t.ok(!online, "The user of the same id in the other app is not ONLINE", result?.value);
      const there = await twin.login({ device: "same-device", text: "there" });
      const other = await (await sessionInOtherApp(t)).statusOf(user.id);
      t.equal(textOf(other), "there", "Text of the user of the same id in the other app");
      t.equal(textOf(await look(t, user.id)), "here", "Text of the user in his app");
      t.equal(there.login.self?.sessions.length, 1, "Sessions of the user of the same id in the other app");
      const foreign = user.client().heartbeat({ sessionId: there.id });
      if (here.id !== there.id)
        await t.refused(foreign, "SESSION_NOT_FOUND", "Heartbeat with the session id of the other app");
      await there.logout();
      await shows(t, user.id, OnlineStatus.ONLINE, "Status of the user after the logout in the other app");
    },
  },
  {
    id: "auth-app-isolation/rows",
    title: "Subscriptions and their events stay within their app",
    tools: ["second-app"],
    run: async (t: Bench) => {
      const target = await t.user();
      const twin = await t.inOtherApp(target);
      const { session, watch, user } = await t.watcher();
      const other = await (await t.inOtherApp(user)).login();
      const otherWatch = await other.watch();
      await session.subscribe([target.id]);
      t.equal((await other.list()).length, 0, "Rows of the user of the same id in the other app");
      const mark = watch.mark();
      await twin.login({ text: "there" });
      await watch.fence();
      const texts = watch.statusesOf(target.id, mark).map(textOf);
      t.ok(!texts.includes("there"), "The Watch does not carry the user of the same id in the other app", texts);
      await target.login({ text: "here" });
      await watch.status(target.id, "The login of the target in the app", (status) => textOf(status) === "here", mark);
      await otherWatch.fence();
      t.equal(otherWatch.statusesOf(target.id).length, 0, "Statuses of the target on the Watch in the other app");
    },
  },
  {
    id: "auth-app-isolation/switches",
    title: "A plan that ends, and friends that are made, in one app are not seen in the other",
    claims: ["feature_gates"],
    tools: ["second-app", "admin"],
    applies: (profile) => profile.gates.some((gate) => gate.procedures.includes("Subscribe")) || "no gate on Subscribe",
    wholeApp: true,
    run: async (t: Bench) => {
      const [user, target] = await twoUsers(t);
      const here = await user.login();
      const other = await (await t.inOtherApp(user)).login();
      const otherTarget = await t.inOtherApp(target);
      await otherTarget.login();
      await t.admin.features({ plan: false, userStatus: false });
      const refused = here.raw.subscribe([target.id], null);
      await t.refusedSomehow(refused, "Subscribe in the app whose plan and switch are off");
      const [row] = await other.subscribe([target.id]);
      t.equal(row?.result.case, "subscribed", "Result of Subscribe in the other app");
      await t.admin.features({ plan: true, userStatus: true });
    },
  },
  {
    id: "auth-app-isolation/friends",
    title: "Friends of one app are no friends in the other",
    claims: ["friends"],
    tools: ["second-app", "admin"],
    wholeApp: true,
    run: async (t: Bench) => {
      const [user, friend] = await twoUsers(t);
      const otherFriend = await t.inOtherApp(friend);
      await t.admin.setFriends(user.id, [friend.id]);
      await t.admin.features({ friendNotifications: true });
      const watch = await (await user.login()).watch();
      const otherWatch = await (await (await t.inOtherApp(user)).login()).watch();
      await otherFriend.login({ text: "there" });
      await otherWatch.fence();
      t.equal(otherWatch.statusesOf(friend.id).length, 0, "Statuses of the friend's id on the Watch in the other app");
      await friend.login({ text: "here" });
      await watch.status(friend.id, "The login of the friend", (status) => textOf(status) === "here");
      await watch.fence();
      const texts = watch.statusesOf(friend.id).map(textOf);
      t.ok(!texts.includes("there"), "The Watch carries the friend of its app only", texts);
    },
  },
];
