// QueryStatuses, Subscribe, Unsubscribe, ListSubscriptions (SPEC §9, §10).
import { create } from "@bufbuild/protobuf";
import type { ServiceImpl } from "@connectrpc/connect";
import {
  QueryStatusesResponseSchema,
  type SubscribedUser,
  SubscribedUserSchema,
  type SubscribeResult,
  SubscribeResultSchema,
  type UserStatusService,
} from "@userstatus/protocol";
import type { RowRecord, UserRecord } from "../core/model.ts";
import { sortedRows } from "../core/rows.ts";
import { dropGone, liveFrom, rowTtlMs, subscribe, unsubscribe } from "../core/subscriptions.ts";
import { isKnown, rowView } from "../core/views.ts";
import type { Command } from "../store/store.ts";
import { findGone } from "../watch/hub.ts";
import { callerOf } from "./call.ts";
import type { ServiceDeps } from "./deps.ts";
import { readPageToken, writePageToken } from "./page-token.ts";
import { failedResult, userError } from "./results.ts";
import { batch, boundedIds, invalidField, ttl } from "./validate.ts";

type Methods = Pick<
  ServiceImpl<typeof UserStatusService>,
  "queryStatuses" | "subscribe" | "unsubscribe" | "listSubscriptions"
>;

export function createSubscriptionMethods(deps: ServiceDeps): Methods {
  const { store, rules, gatekeeper, resultOf } = deps;
  return {
    queryStatuses: async (request, context) => {
      const caller = callerOf(context);
      const ids = batch(request.userIds, rules.queryBatchMax, "user_ids");
      const onlySelf = ids.length === 1 && ids[0] === caller.userId;
      await gatekeeper.admit(caller, { procedure: "QueryStatuses", sessionId: request.sessionId, onlySelf });
      const records = await store.read(caller.appId, ids, "status");
      const results = records.map((record) =>
        record.userId === caller.userId && !rules.querySelfAllowed
          ? failedResult(record.userId, rules, "SELF_NOT_ALLOWED")
          : resultOf(record),
      );
      // Nobody looks through the results once more to see that they are messages.
      const answer = create(QueryStatusesResponseSchema);
      answer.epoch = await store.epoch(caller.appId);
      answer.results = results;
      return answer;
    },
    subscribe: async (request, context) => {
      const caller = callerOf(context);
      const ids = batch(request.userIds, rules.subscribeBatchMax, "user_ids");
      const ttlMs = rowTtlMs(ttl(request.ttl, "ttl"), rules);
      const record = await gatekeeper.admit(caller, { procedure: "Subscribe", sessionId: request.sessionId });
      const found = await store.read(caller.appId, ids, "status");
      const targets = found
        .filter((target) => target.userId !== caller.userId && isKnown(target, rules))
        .map(({ userId, incarnation }) => ({ userId, incarnation: rules.registry ? incarnation : 0 }));
      await freeGoneRows(deps, caller.appId, record, targets.length);
      const rows = await store.update(caller.appId, caller.userId, (own, nowMs, core) => {
        subscribe(own, request.sessionId, targets, ttlMs, nowMs, core);
        return new Map(targets.map(({ userId }) => [userId, copyOf(own.rows.get(userId))]));
      });
      // Read after the rows stand: a change from here on is told to the user's Watches.
      const current = await store.read(caller.appId, ids, "status");
      const results = current.map((target) =>
        subscribeResult(deps, target, target.userId === caller.userId, rows.get(target.userId)),
      );
      return { epoch: await store.epoch(caller.appId), results };
    },
    unsubscribe: async (request, context) => {
      const caller = callerOf(context);
      const listed = request.target.case === "users" ? request.target.value.userIds : [];
      const all = request.target.case === "all" || (listed.length === 0 && rules.emptyUnsubscribeMeansAll);
      const ids = all ? [] : batch(listed, rules.unsubscribeBatchMax, "users.user_ids");
      const record = await gatekeeper.admit(caller, { procedure: "Unsubscribe", sessionId: request.sessionId });
      const found = await store.read(caller.appId, ids, "status");
      const known = found.filter((target) => isKnown(target, rules)).map(({ userId }) => userId);
      const live = all ? await findGone(store, rules, caller.appId, record) : liveOf(deps, found);
      const endedUserIds = await store.update(caller.appId, caller.userId, (own, _nowMs, core) =>
        unsubscribe(own, request.sessionId, all ? "all" : known, core, live),
      );
      const failures = found
        .filter((target) => !isKnown(target, rules))
        .map(({ userId }) => ({ userId, error: userError(rules, "USER_NOT_FOUND") }));
      return { endedUserIds, failures };
    },
    listSubscriptions: async (request, context) => {
      const caller = callerOf(context);
      if (request.pageSize < 0) throw invalidField("page_size", "expected 0 or more");
      const filter = boundedIds(request.userIds, rules.listPageMax, "user_ids");
      const scope = [caller.appId, caller.userId, ...filter].join("\n");
      const after = readPageToken(request.pageToken, scope);
      const admitted = await gatekeeper.admit(caller, {
        procedure: "ListSubscriptions",
        sessionId: request.sessionId,
      });
      const record = await withoutGoneRows(deps, caller.appId, admitted);
      const wanted = new Set(filter);
      const size = Math.min(request.pageSize || rules.listPageMax, rules.listPageMax);
      const rest = sortedRows(record as UserRecord).filter(
        (row) => (wanted.size === 0 || wanted.has(row.target)) && (after === undefined || row.target > after),
      );
      const page = rest.slice(0, size);
      const targets = await store.read(
        caller.appId,
        page.map((row) => row.target),
        "status",
      );
      const subscriptions = page.flatMap((row, index) => {
        const target = targets[index];
        return target ? [subscribedUser(deps, row, target)] : [];
      });
      const last = page.at(-1);
      const nextPageToken = last && rest.length > page.length ? writePageToken(last.target, scope) : "";
      return { epoch: await store.epoch(caller.appId), subscriptions, nextPageToken };
    },
  };
}

function subscribeResult(
  deps: ServiceDeps,
  target: Readonly<UserRecord>,
  isSelf: boolean,
  row: RowRecord | undefined,
): SubscribeResult {
  const { userId } = target;
  const stands = row !== undefined && isKnown(target, deps.rules);
  if (isSelf || !stands) {
    const error = userError(deps.rules, isSelf ? "SELF_NOT_ALLOWED" : "USER_NOT_FOUND");
    return create(SubscribeResultSchema, { userId, result: { case: "error", value: error } });
  }
  const value = subscribedUser(deps, row, target);
  return create(SubscribeResultSchema, { userId, result: { case: "subscribed", value } });
}

function subscribedUser({ statusOf }: ServiceDeps, row: RowRecord, target: Readonly<UserRecord>): SubscribedUser {
  return create(SubscribedUserSchema, { subscription: rowView(row), status: statusOf(target) });
}

function copyOf(row: RowRecord | undefined): RowRecord | undefined {
  return row && { ...row };
}

/** From which incarnation rows to these stand. Without a registry nobody can be deleted. */
function liveOf({ rules }: ServiceDeps, found: readonly Readonly<UserRecord>[]): Map<string, number> | undefined {
  return rules.registry ? new Map(found.map((target) => [target.userId, liveFrom(target)])) : undefined;
}

/** Rows to deleted targets do not count against the cap: they go before it is looked at. */
async function freeGoneRows(
  deps: ServiceDeps,
  appId: string,
  record: Readonly<UserRecord>,
  more: number,
): Promise<void> {
  if (record.rows.size + more > deps.rules.maxSubscriptions) await withoutGoneRows(deps, appId, record);
}

/** The record as it stands when rows to deleted targets have ended. */
async function withoutGoneRows(
  { store, rules }: ServiceDeps,
  appId: string,
  record: Readonly<UserRecord>,
): Promise<Readonly<UserRecord>> {
  const gone = await findGone(store, rules, appId, record);
  if (!gone) return record;
  const drop: Command<UserRecord> = (own, _nowMs, core) => {
    dropGone(own, gone, core);
    return own;
  };
  return await store.update(appId, record.userId, drop, true);
}
