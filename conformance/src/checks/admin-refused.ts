// Checks of SPEC §3 and §5 at the admin service: what it refuses, that this does nothing, and the vendor's number in it.
import { OnlineStatus } from "@userstatus/protocol";
import type { Features } from "@userstatus/protocol/admin";
import type { Bench, Check } from "../check.ts";
import { withFeatures } from "./lib/b-features.ts";
import { reasonIn, statusIn } from "./lib/b-values.ts";

/** One too long, and some with another character: in ASCII, in a path, and beyond ASCII. */
const badIds: readonly string[] = ["z".repeat(33), "a b", "a/b", "aéb"];

const badNames: Check = {
  id: "id-user/refused-in-admin-calls",
  title: "Every call of the admin service refuses an id that is none, be it of the user or of who is set for him",
  tools: ["admin"],
  run: async (t: Bench) => {
    const { client } = t.admin;
    const user = await t.user();
    for (const bad of badIds) {
      const calls: Record<string, () => Promise<unknown>> = {
        RegisterUsers: () => client.registerUsers({ userIds: [bad] }),
        DeleteUsers: () => client.deleteUsers({ userIds: [bad] }),
        EndSessions: () => client.endSessions({ userId: bad }),
        QueryStatuses: () => client.queryStatuses({ userIds: [bad] }),
        ...(t.claims.has("friends") && {
          "SetFriends of the user": () => client.setFriends({ userId: bad, friendUserIds: [user.id] }),
          "SetFriends with a friend of": () => client.setFriends({ userId: user.id, friendUserIds: [bad] }),
        }),
      };
      for (const [name, call] of Object.entries(calls))
        await t.refused(call(), "INVALID_USER_ID", `${name} ${JSON.stringify(bad)}`);
    }
    const session = await user.login();
    t.equal(await t.admin.endSessions(user.id), [session.id], "sessions that EndSessions of a good id ended");
  },
};

const deletedWhole: Check = {
  id: "error-no-effect/delete-users",
  title: "DeleteUsers of a good id beside one that is none is refused, and deletes nobody; of the good one it works",
  claims: ["user_registry"],
  tools: ["admin"],
  run: async (t: Bench) => {
    const { session, watch, user } = await t.watcher();
    for (const userIds of [
      [user.id, "not an id"],
      ["not an id", user.id],
    ]) {
      const call = t.admin.client.deleteUsers({ userIds });
      await t.refused(call, "INVALID_USER_ID", `DeleteUsers of ${JSON.stringify(userIds)}`);
      const status = statusIn(t, await t.admin.query([user.id]), user.id, "the admin's query after it was refused");
      t.equal(status.onlineStatus, OnlineStatus.ONLINE, "online status after DeleteUsers was refused");
      await session.heartbeat();
      await watch.fence();
    }
    t.equal(await t.admin.remove([user.id]), 1, "deleted_count of the good id");
  },
};

const registeredWhole: Check = {
  id: "error-no-effect/register-users",
  title:
    "RegisterUsers of a good id beside one that is none is refused, and registers nobody; of the good one it works",
  claims: ["user_registry"],
  tools: ["admin"],
  run: async (t: Bench) => {
    const id = t.unregisteredId();
    for (const userIds of [
      [id, "not an id"],
      ["not an id", id],
    ]) {
      const call = t.admin.client.registerUsers({ userIds });
      await t.refused(call, "INVALID_USER_ID", `RegisterUsers of ${JSON.stringify(userIds)}`);
      t.equal(reasonIn(await t.admin.query([id]), id), "USER_NOT_FOUND", "the admin's query after it was refused");
    }
    t.equal(await t.admin.register([id]), 1, "created_count of the good id");
  },
};

const switchesWhole: Check = {
  id: "error-no-effect/features",
  title: "UpdateFeatures with a path that is none beside good ones is refused, and sets nothing; without it, it works",
  tools: ["admin"],
  wholeApp: true,
  run: (t: Bench) =>
    withFeatures(t, {}, async () => {
      const { client } = t.admin;
      const stands = async (): Promise<boolean[]> => valuesOf((await client.getFeatures({})).features);
      const features = { plan: false, userStatus: false, friendNotifications: true };
      const good = ["plan", "user_status", "friend_notifications"];
      const before = await stands();
      for (const paths of [
        [...good, "no_such_switch"],
        ["no_such_switch", ...good],
      ]) {
        const call = client.updateFeatures({ features, updateMask: { paths } });
        await t.refusedSomehow(call, `UpdateFeatures with the paths ${paths.join(", ")}`);
        t.equal(await stands(), before, "plan and switches after UpdateFeatures was refused");
      }
      await client.updateFeatures({ features, updateMask: { paths: good } });
      t.equal(await stands(), [false, false, true], "plan and switches after UpdateFeatures with good paths");
    }),
};

function valuesOf(features: Features | undefined): boolean[] {
  return [features?.plan === true, features?.userStatus === true, features?.friendNotifications === true];
}

const numbered: Check = {
  id: "error-vendor-code/users-of-the-admin-query",
  title: "In the admin's query, too, the UserError of a user who is not registered carries the vendor's number",
  claims: ["user_registry"],
  tools: ["admin"],
  applies: (profile) =>
    profile.vendorNumbers?.codes.USER_NOT_FOUND !== undefined || "the profile has no number for USER_NOT_FOUND",
  run: async (t: Bench) => {
    const [result] = await t.admin.query([t.unregisteredId()]);
    const error = result?.result.case === "error" ? result.result.value : undefined;
    t.equal(error?.reason, "USER_NOT_FOUND", "reason of the UserError of the admin's query");
    const code = String(t.profile.vendorNumbers?.codes.USER_NOT_FOUND);
    t.equal(error?.metadata.vendor_code, code, "vendor_code of the UserError of the admin's query");
  },
};

/** Checks of what the admin service refuses. */
export const adminRefusedChecks: readonly Check[] = [badNames, deletedWhole, registeredWhole, switchesWhole, numbered];
