// userstatus.admin.v1.AdminService (SPEC §18).
import type { ServiceImpl } from "@connectrpc/connect";
import type { AdminService } from "@userstatus/protocol/admin";
import { Refused } from "../core/refused.ts";
import { endSessions, register, remove } from "../core/sessions.ts";
import { setFriends } from "../core/subscriptions.ts";
import { isKnown } from "../core/views.ts";
import type { Features } from "../store/store.ts";
import { callerOf, refusing } from "./call.ts";
import type { ServiceDeps } from "./deps.ts";
import { queryResult } from "./results.ts";
import { batch, boundedIds, invalidField, userId } from "./validate.ts";

const registerMax = 1000;
const queryMax = 500;
const friendsMax = 3000;

const featureByPath: Readonly<Record<string, keyof Features>> = {
  plan: "plan",
  user_status: "userStatus",
  friend_notifications: "friendNotifications",
};

export function createAdminService(deps: ServiceDeps): ServiceImpl<typeof AdminService> {
  const { store, rules } = deps;
  const { profile } = rules;

  const requireUser = async (appId: string, id: string): Promise<void> => {
    const [record] = await store.read(appId, [userId(id, "user_id")]);
    if (!record || !isKnown(record, rules)) throw new Refused("USER_NOT_FOUND", "the user is not registered");
  };
  const countChanged = async (ids: readonly string[], change: (id: string) => Promise<boolean>): Promise<number> => {
    let changed = 0;
    for (const id of ids) if (await change(id)) changed++;
    return changed;
  };

  return {
    registerUsers: refusing(profile, store, async (request, context) => {
      const { appId } = callerOf(context);
      const createdCount = await countChanged(batch(request.userIds, registerMax, "user_ids"), (id) =>
        store.update(appId, id, register),
      );
      return { createdCount };
    }),
    deleteUsers: refusing(profile, store, async (request, context) => {
      const { appId } = callerOf(context);
      const deletedCount = await countChanged(batch(request.userIds, registerMax, "user_ids"), (id) =>
        store.update(appId, id, remove),
      );
      return { deletedCount };
    }),
    setFriends: refusing(profile, store, async (request, context) => {
      const { appId } = callerOf(context);
      await requireUser(appId, request.userId);
      const ids = boundedIds(request.friendUserIds, friendsMax, "friend_user_ids");
      const found = await store.read(appId, ids);
      const friends = found
        .filter((record) => isKnown(record, rules) && record.userId !== request.userId)
        .map((record) => record.userId);
      const friendUserIds = await store.update(appId, request.userId, (record, nowMs, core) => {
        // Without a registry he counts as registered before anything is known of him.
        register(record, nowMs, core);
        setFriends(record, friends, core);
        return [...record.friends];
      });
      return { friendUserIds };
    }),
    getFeatures: refusing(profile, store, async (_request, context) => ({
      features: await store.features(callerOf(context).appId),
    })),
    updateFeatures: refusing(profile, store, async (request, context) => {
      const { features } = request;
      if (!features) throw invalidField("features", "expected the new values");
      const paths = request.updateMask?.paths ?? [];
      const wanted = paths.length > 0 ? paths : Object.keys(featureByPath);
      const change: { -readonly [Key in keyof Features]?: boolean } = {};
      for (const path of wanted) {
        const feature = Object.hasOwn(featureByPath, path) ? featureByPath[path] : undefined;
        if (!feature)
          throw invalidField("update_mask", `expected ${Object.keys(featureByPath).join(", ")}, got ${path}`);
        change[feature] = features[feature];
      }
      return { features: await store.updateFeatures(callerOf(context).appId, change) };
    }),
    endSessions: refusing(profile, store, async (request, context) => {
      const { appId } = callerOf(context);
      await requireUser(appId, request.userId);
      const endedSessionIds = await store.update(appId, request.userId, (record, nowMs, core) =>
        endSessions(record, request.sessionIds, nowMs, core),
      );
      return { endedSessionIds };
    }),
    queryStatuses: refusing(profile, store, async (request, context) => {
      const { appId } = callerOf(context);
      const records = await store.read(appId, batch(request.userIds, queryMax, "user_ids"), "status");
      return { epoch: await store.epoch(appId), results: records.map((record) => queryResult(record, rules)) };
    }),
  };
}
