// Checks of SPEC §3, `id-user` in the calls of an app's backend: one bad id beside good ones, and nothing is done.
import { OnlineStatus, userIdMaxBytes } from "@userstatus/protocol";
import type { Bench, Check } from "../check.ts";
import { refusedWithOneOf } from "./lib/a-calls.ts";
import { friendCheck, loggedOut, on, watcherAndFriend } from "./lib/b-friends.ts";
import { reasonIn } from "./lib/b-values.ts";
import { silentAbout } from "./lib/b-watch.ts";

const badIds: readonly string[] = ["", "z".repeat(userIdMaxBytes + 1), "a b", "a/b", "aéb"];

/** Where a call is about one user: nobody is registered with a bad id either. */
const ofNobody = ["INVALID_USER_ID", "USER_NOT_FOUND"] as const;

function named(id: string): string {
  return JSON.stringify(id);
}

export const idAdminChecks: readonly Check[] = [
  {
    id: "id-user/refused-by-admin",
    title:
      "A call of the admin service that names a bad id before, between or after good ones is refused whole: nobody is registered, deleted or logged out",
    claims: ["user_registry"],
    tools: ["admin"],
    run: async (t: Bench) => {
      const { client } = t.admin;
      const session = await t.session();
      const { id } = session.user;
      const [one, two] = [t.unregisteredId(), t.unregisteredId()];
      for (const bad of badIds) {
        const what = `of ${named(bad)} and good ids`;
        for (const userIds of [
          [bad, one, two],
          [one, bad, two],
          [one, two, bad],
        ])
          await t.refused(client.registerUsers({ userIds }), "INVALID_USER_ID", `RegisterUsers ${what}`);
        const results = await t.admin.query([one, two]);
        for (const nobody of [one, two])
          t.equal(reasonIn(results, nobody), "USER_NOT_FOUND", `the admin's query after RegisterUsers ${what}`);
        await t.refused(client.deleteUsers({ userIds: [id, bad] }), "INVALID_USER_ID", `DeleteUsers ${what}`);
        await t.refused(client.queryStatuses({ userIds: [id, bad] }), "INVALID_USER_ID", `QueryStatuses ${what}`);
        await refusedWithOneOf(t, client.endSessions({ userId: bad }), ofNobody, `EndSessions of ${named(bad)}`);
      }
      await session.heartbeat();
      const [still] = await t.admin.query([id]);
      t.equal(
        still?.result.case === "status" && still.result.value.onlineStatus,
        OnlineStatus.ONLINE,
        "online status of the user whom the refused calls named, too",
      );
      t.equal(await t.admin.register([one, two]), 2, "created_count of the good ids alone");
    },
  },
  friendCheck(
    {
      id: "id-user/refused-as-friend",
      title: "SetFriends with a bad id, of the user or on the list, is refused whole: the list stays as it was",
      claims: ["friends"],
    },
    on,
    async (t) => {
      const { client } = t.admin;
      const { watcher, watch, friend } = await watcherAndFriend(t);
      const other = await t.session();
      for (const bad of badIds) {
        const friendUserIds = [other.user.id, bad];
        const list = client.setFriends({ userId: watcher.user.id, friendUserIds });
        await t.refused(list, "INVALID_USER_ID", `SetFriends to ${named(bad)} and a good id`);
        const owner = client.setFriends({ userId: bad, friendUserIds: [other.user.id] });
        await refusedWithOneOf(t, owner, ofNobody, `SetFriends of ${named(bad)}`);
      }
      await friend.logout();
      await watch.status(friend.user.id, "LOGGED_OUT of the friend after the refused calls", loggedOut);
      await silentAbout(t, watch, other.user.id, 0, "whom only refused calls named as a friend");
      await t.admin.setFriends(watcher.user.id, [other.user.id]);
      await watch.status(other.user.id, "the status of the other, once he is a friend", (status) => !loggedOut(status));
    },
  ),
];
