// Defects of subscriptions (SPEC §10).
import { SubscriptionEndReason } from "@userstatus/protocol";
import { callerOf, unsubscribe } from "@userstatus/server/seams";
import type { Mutant } from "../mutant.ts";
import {
  type Any,
  all,
  answers,
  events,
  methods,
  ownRecord,
  reasonOf,
  requests,
  rules,
  touch,
  without,
} from "../seam-tools.ts";

const ttls = (edit: (before: Any) => object) =>
  rules((before) => ({ rowTtl: { ...before.rowTtl, ...edit(before.rowTtl) } }));
const endsNotTold = (reason: SubscriptionEndReason) =>
  without((event) => event.case === "subscriptionEnded" && event.value.reason === reason);
const dropOldest = (record: Any, context: Any, core: Any, sessionId: string, named: ReadonlySet<string>) => {
  const oldest = [...record.rows.keys()].find((target: Any) => !named.has(target));
  if (oldest !== undefined) unsubscribe(record, sessionId, [oldest as string], core);
  return context;
};

export const subscriptionMutants: readonly Mutant[] = [
  {
    id: "sub-result/reversed",
    defect: "Results come in another order.",
    seams: () => answers(["subscribe"], (answer) => ({ ...answer, results: answer.results.toReversed() })),
  },
  {
    id: "sub-result/no-status",
    defect: "The answer has rows without statuses.",
    seams: () =>
      answers(["subscribe"], (answer) => ({
        ...answer,
        results: answer.results.map((one: Any) =>
          one.result.case === "subscribed"
            ? { ...one, result: { case: "subscribed", value: { ...one.result.value, status: undefined } } }
            : one,
        ),
      })),
  },
  {
    id: "sub-told/no-row",
    defect: "A new row is not told.",
    seams: () => without((event, live) => live && event.case === "subscribed"),
  },
  {
    id: "sub-told/no-status",
    defect: "A new row is told without a status.",
    seams: () =>
      events(() => {
        let live = false;
        const fresh = new Set<string>();
        return (event) => {
          if (event.case === "snapshotEnd") live = true;
          if (live && event.case === "subscribed") fresh.add(event.value.userId);
          if (live && event.case === "status" && fresh.delete(event.value.userId)) return [];
          return [event];
        };
      }),
  },
  {
    id: "sub-delivers/not-on-open-watches",
    defect: "A Watch that was open before the row was made does not carry the target.",
    seams: () =>
      events(() => {
        let live = false;
        const before = new Set<string>();
        return (event) => {
          if (event.case === "snapshotEnd") live = true;
          if (event.case !== "status") return [event];
          if (!live) before.add(event.value.userId);
          return before.has(event.value.userId) ? [event] : [];
        };
      }),
  },
  {
    id: "sub-race/read-first",
    defect: "The status is read first, and interest registered a little later.",
    seams: () =>
      events(() => {
        const since = new Map<string, number>();
        return (event) => {
          if (event.case === "subscribed" && !since.has(event.value.userId))
            since.set(event.value.userId, performance.now());
          const at = event.case === "status" ? since.get(event.value.userId) : undefined;
          return at !== undefined && performance.now() - at < 60 ? [] : [event];
        };
      }),
  },
  {
    id: "sub-batch/one-too-many",
    defect: "The limit is one too high.",
    profiles: ["standard", "zim", "tencent-native"],
    seams: () => rules(({ subscribeBatchMax }) => ({ subscribeBatchMax: subscribeBatchMax + 1 })),
  },
  {
    id: "sub-batch/one-too-few",
    defect: "The limit is one too low.",
    profiles: ["standard", "zim"],
    seams: () => rules(({ subscribeBatchMax }) => ({ subscribeBatchMax: subscribeBatchMax - 1 })),
  },
  {
    id: "sub-empty/answered",
    defect: "An empty list is answered with nothing.",
    seams: () =>
      methods((service, deps) => ({
        subscribe: async (request, context) =>
          request.userIds.length > 0
            ? service.subscribe(request, context)
            : { epoch: await deps.store.epoch(callerOf(context).appId), results: [] },
      })),
  },
  {
    id: "sub-self/left-out",
    defect: "Oneself is silently left out.",
    profiles: ["standard", "zim", "tencent-native"],
    seams: () =>
      answers(["subscribe"], (answer, _request, context) => ({
        ...answer,
        results: answer.results.filter((one: Any) => one.userId !== callerOf(context).userId),
      })),
  },
  {
    id: "sub-unknown/taken",
    defect: "A row to nobody is made.",
    seams: () =>
      answers(["subscribe"], (answer) => ({
        ...answer,
        results: answer.results.map((one: Any) =>
          one.result.case === "error" && one.result.value.reason === "USER_NOT_FOUND"
            ? {
                userId: one.userId,
                result: {
                  case: "subscribed",
                  value: {
                    subscription: { userId: one.userId, generation: 1n },
                    status: { userId: one.userId, onlineStatus: 3 },
                  },
                },
              }
            : one,
        ),
      })),
  },
  {
    id: "sub-ttl/least-refused",
    defect: "The least ttl is refused.",
    profiles: ["standard", "zim"],
    seams: () => ttls(({ minMs }) => ({ minMs: minMs + 1 })),
  },
  {
    id: "sub-ttl/beyond-greatest",
    defect: "A ttl beyond the greatest is taken.",
    profiles: ["standard", "zim"],
    seams: () => ttls(({ maxMs }) => ({ maxMs: maxMs * 2 })),
  },
  {
    id: "sub-ttl/minutes-as-seconds",
    defect: "The ttl is taken in another unit.",
    profiles: ["zim"],
    seams: () =>
      methods((service, deps) => ({
        subscribe: async (request, context) => {
          const answer = await service.subscribe(request, context);
          await touch(deps, context, (record, nowMs) => {
            for (const row of record.rows.values())
              if (row.refreshMs === nowMs && row.expireMs !== null) row.expireMs = nowMs + (row.expireMs - nowMs) / 60;
            record.rowDueMs = nowMs;
          });
          return answer;
        },
      })),
  },
  {
    id: "sub-ttl-absent/other-default",
    defect: "The default ttl is another.",
    profiles: ["standard"],
    seams: () => ttls(({ defaultMs }) => ({ defaultMs: defaultMs * 2 })),
  },
  {
    id: "sub-ttl-absent/for-ever",
    defect: "Without a ttl a row stays for ever.",
    profiles: ["zim"],
    seams: () =>
      requests("subscribe", (request) =>
        request.ttl ? request : { ...request, ttl: { seconds: 2_592_000n, nanos: 0 } },
      ),
  },
  {
    id: "sub-ttl-unsupported/ignored",
    defect: "A ttl is ignored where there is none.",
    profiles: ["tencent-native", "tencent-web"],
    seams: () => requests("subscribe", ({ ttl: _gone, ...rest }) => rest),
  },
  {
    id: "sub-refresh/only-longer",
    defect: "A refresh never shortens a row.",
    profiles: ["standard", "zim"],
    seams: () =>
      methods((service, deps) => ({
        subscribe: async (request, context) => {
          const before = new Map(
            [...(await ownRecord(deps, context)).rows].map(([target, { expireMs }]) => [target, expireMs]),
          );
          const answer = await service.subscribe(request, context);
          await touch(deps, context, (record) => {
            for (const row of record.rows.values())
              row.expireMs = Math.max(row.expireMs ?? 0, before.get(row.target) ?? 0);
          });
          return answer;
        },
      })),
  },
  {
    id: "sub-generation/always-one",
    defect: "Every row has the generation 1.",
    seams: () =>
      all(
        answers(["subscribe"], (answer) => ({
          ...answer,
          results: answer.results.map((one: Any) =>
            one.result.case === "subscribed"
              ? {
                  ...one,
                  result: {
                    case: "subscribed",
                    value: { ...one.result.value, subscription: { ...one.result.value.subscription, generation: 1n } },
                  },
                }
              : one,
          ),
        })),
        events(() => (event) => {
          if (event.case === "subscribed") return [{ case: "subscribed", value: { ...event.value, generation: 1n } }];
          return [event];
        }),
      ),
  },
  {
    id: "sub-expires/not-told",
    defect: "The end of a row's time is not told.",
    profiles: ["standard", "zim"],
    seams: () => endsNotTold(SubscriptionEndReason.EXPIRED),
  },
  {
    id: "sub-expires/late",
    defect: "A row lives a second longer than it says.",
    profiles: ["standard", "zim"],
    seams: () =>
      methods((service, deps) => ({
        subscribe: async (request, context) => {
          const answer = await service.subscribe(request, context);
          await touch(deps, context, (record, nowMs) => {
            for (const row of record.rows.values())
              if (row.refreshMs === nowMs && row.expireMs !== null) row.expireMs += 1000;
          });
          return answer;
        },
      })),
  },
  {
    id: "sub-cap/one-too-many",
    defect: "The cap is one too high.",
    profiles: ["standard", "zim", "tencent-native"],
    seams: () => rules(({ maxSubscriptions }) => ({ maxSubscriptions: maxSubscriptions + 1 })),
  },
  {
    id: "sub-cap/not-told",
    defect: "An eviction is not told.",
    profiles: ["tencent-native"],
    seams: () => endsNotTold(SubscriptionEndReason.EVICTED),
  },
  {
    id: "sub-cap/evicts-newest",
    defect: "The newest row is evicted.",
    profiles: ["tencent-native"],
    seams: () =>
      methods((service, deps) => ({
        subscribe: async (request, context) => {
          const named = new Set<string>(request.userIds);
          await touch(deps, context, (record) => {
            if (record.rows.size < deps.rules.maxSubscriptions) return;
            const rows = [...record.rows].filter(([target]) => !named.has(target)).reverse();
            const kept = [...record.rows].filter(([target]) => named.has(target));
            record.rows = new Map([...rows, ...kept]);
          });
          return service.subscribe(request, context);
        },
      })),
  },
  {
    id: "sub-cap-refresh/evicts",
    defect: "A refresh at the cap evicts a row.",
    profiles: ["tencent-native"],
    seams: () =>
      methods((service, deps) => ({
        subscribe: async (request, context) => {
          const { appId, userId } = callerOf(context);
          const named = new Set<string>(request.userIds);
          await deps.store.update(appId, userId, (record, _now, core) => {
            if (record.rows.size >= deps.rules.maxSubscriptions)
              dropOldest(record, context, core, request.sessionId, named);
          });
          return service.subscribe(request, context);
        },
      })),
  },
  {
    id: "sub-cap-live/ended-rows-count",
    defect: "Rows that have ended count against the cap.",
    profiles: ["standard", "zim"],
    seams: () => {
      const ever = new Map<string, Set<string>>();
      return methods((service, deps) => ({
        subscribe: async (request, context) => {
          const { appId, userId } = callerOf(context);
          const seen = ever.get(appId + userId) ?? new Set();
          ever.set(appId + userId, seen);
          for (const id of request.userIds) seen.add(id);
          const answer = await service.subscribe(request, context);
          await deps.store.update(appId, userId, (record, _now, core) => {
            if (seen.size > deps.rules.maxSubscriptions)
              dropOldest(record, context, core, request.sessionId, new Set());
          });
          return answer;
        },
      }));
    },
  },
  {
    id: "sub-logout/dropped",
    defect: "Logout drops the rows.",
    profiles: ["standard", "zim", "tencent-native"],
    seams: () =>
      methods((service, deps) => ({
        logout: async (request, context) => {
          await touch(deps, context, (record) => record.rows.clear());
          return service.logout(request, context);
        },
      })),
  },
  {
    id: "sub-absence/never",
    defect: "Rows survive any absence.",
    profiles: ["tencent-native", "tencent-web"],
    seams: () => rules(() => ({ dropAfterAbsenceMs: undefined })),
  },
  {
    id: "sub-absence/early",
    defect: "Rows end an hour too soon.",
    profiles: ["tencent-native"],
    seams: () => rules(({ dropAfterAbsenceMs }) => ({ dropAfterAbsenceMs: (dropAfterAbsenceMs ?? 0) - 3_600_000 })),
  },
  {
    id: "sub-target-gone/not-told",
    defect: "The deletion of a target is not told.",
    seams: () => endsNotTold(SubscriptionEndReason.TARGET_GONE),
  },
  {
    id: "unsub-ends/caller-not-told",
    defect: "The session that unsubscribes is not told of the end.",
    seams: () => {
      const callers = new Set<string>();
      return all(
        requests("unsubscribe", (request) => {
          callers.add(request.sessionId);
          return request;
        }),
        events(
          ({ sessionId }) =>
            (event) =>
              event.case === "subscriptionEnded" && callers.has(sessionId) ? [] : [event],
        ),
      );
    },
  },
  {
    id: "unsub-ends/still-delivered",
    defect: "The end is told, and the row stays.",
    seams: () =>
      methods((_service, deps) => ({
        unsubscribe: async (request, context) => {
          const ids =
            request.target.case === "users"
              ? request.target.value.userIds
              : [...(await ownRecord(deps, context)).rows.keys()];
          return { endedUserIds: ids, failures: [] };
        },
      })),
  },
  {
    id: "unsub-result/only-rows",
    defect: "Only users with a row are named.",
    seams: () =>
      methods((service, deps) => ({
        unsubscribe: async (request, context) => {
          const rows = new Set((await ownRecord(deps, context)).rows.keys());
          const answer = await service.unsubscribe(request, context);
          return { ...answer, endedUserIds: answer.endedUserIds.filter((id: string) => rows.has(id)) };
        },
      })),
  },
  {
    id: "unsub-unknown/left-out",
    defect: "The list of failures stays empty.",
    profiles: ["standard", "zim"],
    seams: () => answers(["unsubscribe"], (answer) => ({ ...answer, failures: [] })),
  },
  {
    id: "unsub-batch/one-too-many",
    defect: "The limit is one too high.",
    profiles: ["standard", "tencent-native"],
    seams: () => rules(({ unsubscribeBatchMax }) => ({ unsubscribeBatchMax: unsubscribeBatchMax + 1 })),
  },
  {
    id: "unsub-all/first-only",
    defect: "With all, only the first row ends.",
    seams: () =>
      methods((service, deps) => ({
        unsubscribe: async (request, context) => {
          if (request.target.case !== "all") return service.unsubscribe(request, context);
          const [first] = [...(await ownRecord(deps, context)).rows.keys()].sort();
          if (first === undefined) return service.unsubscribe(request, context);
          return service.unsubscribe({ ...request, target: { case: "users", value: { userIds: [first] } } }, context);
        },
      })),
  },
  {
    id: "unsub-empty/the-other-way",
    defect: "An empty list means all where it is refused, and is refused where it means all.",
    profiles: ["standard", "zim", "tencent-native", "tencent-web"],
    seams: () => rules(({ emptyUnsubscribeMeansAll }) => ({ emptyUnsubscribeMeansAll: !emptyUnsubscribeMeansAll })),
  },
  {
    id: "list-rows/last-missing",
    defect: "The last row of a page is lost.",
    seams: () =>
      answers(["listSubscriptions"], (answer) => ({
        ...answer,
        subscriptions: answer.nextPageToken ? answer.subscriptions.slice(0, -1) : answer.subscriptions,
      })),
  },
  {
    id: "list-rows/order",
    defect: "Rows come in descending order.",
    profiles: ["standard", "zim"],
    seams: () =>
      answers(["listSubscriptions"], (answer) => ({ ...answer, subscriptions: answer.subscriptions.toReversed() })),
  },
  {
    id: "list-filter/ignored",
    defect: "The filter is ignored.",
    seams: () => requests("listSubscriptions", (request) => ({ ...request, userIds: [] })),
  },
  {
    id: "list-pages/negative",
    defect: "A negative size means no limit.",
    seams: () => requests("listSubscriptions", (request) => ({ ...request, pageSize: Math.max(0, request.pageSize) })),
  },
  {
    id: "list-pages/size-ignored",
    defect: "The size of a page is ignored.",
    seams: () => requests("listSubscriptions", (request) => ({ ...request, pageSize: Math.min(request.pageSize, 0) })),
  },
  {
    id: "list-pages/any-token",
    defect: "A token that was never given starts from the beginning.",
    seams: () =>
      methods((service) => ({
        listSubscriptions: async (request, context) => {
          try {
            return await service.listSubscriptions(request, context);
          } catch (error) {
            if (reasonOf(error) !== "MALFORMED_PAGE_TOKEN") throw error;
            return service.listSubscriptions({ ...request, pageToken: "" }, context);
          }
        },
      })),
  },
];
