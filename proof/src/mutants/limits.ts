// Defects at limits, one off on the side that the other files leave out (SPEC §3, §6, §8 to §12, §16).
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { callerOf, refusal, unsubscribe } from "@userstatus/server/seams";
import type { Mutant } from "../mutant.ts";
import { type Any, answers, events, methods, requests, rules, statuses } from "../seam-tools.ts";
import { refuses } from "./refusing.ts";

const customTtls = (edit: (before: Any) => object) =>
  rules((before) => ({ customTtl: { ...before.customTtl, ...edit(before.customTtl) } }));
const rowTtls = (edit: (before: Any) => object) =>
  rules((before) => ({ rowTtl: { ...before.rowTtl, ...edit(before.rowTtl) } }));

export const limitMutants: readonly Mutant[] = [
  {
    id: "custom-ttl/least-refused",
    defect: "The least ttl is refused.",
    profiles: ["standard", "zim"],
    seams: () => customTtls(({ minMs }) => ({ minMs: minMs + 1 })),
  },
  {
    id: "custom-ttl/beyond-greatest",
    defect: "A ttl a millisecond beyond the greatest is taken.",
    profiles: ["standard", "zim"],
    seams: () => customTtls(({ maxMs }) => ({ maxMs: maxMs + 1 })),
  },
  {
    id: "sub-ttl/greatest-refused",
    defect: "The greatest ttl is refused.",
    profiles: ["standard", "zim"],
    seams: () => rowTtls(({ maxMs }) => ({ maxMs: maxMs - 1 })),
  },
  {
    id: "sub-ttl/below-least",
    defect: "A ttl a millisecond below the least is taken.",
    profiles: ["standard", "zim"],
    seams: () => rowTtls(({ minMs }) => ({ minMs: minMs - 1 })),
  },
  {
    id: "session-limit/one-less",
    defect: "One session too few may live.",
    profiles: ["standard", "zim", "tencent-web"],
    seams: () =>
      rules((before) => ({
        sessionRules: (platform) =>
          before.sessionRules(platform).map((rule) => ({ ...rule, maxSessions: Math.max(1, rule.maxSessions - 1) })),
      })),
  },
  {
    id: "session-lost-uncounted/keeps-one-less",
    defect: "One lost session too few is kept.",
    seams: () => rules(({ lostMax }) => ({ lostMax: lostMax - 1 })),
  },
  {
    id: "unsub-batch/one-too-few",
    defect: "The limit is one too low.",
    profiles: ["standard", "tencent-web"],
    seams: () => rules(({ unsubscribeBatchMax }) => ({ unsubscribeBatchMax: unsubscribeBatchMax - 1 })),
  },
  {
    id: "sub-cap/one-too-few",
    defect: "A row is evicted though the cap is not passed.",
    profiles: ["standard", "zim", "tencent-native"],
    seams: () => rules(({ maxSubscriptions }) => ({ maxSubscriptions: maxSubscriptions - 1 })),
  },
  {
    id: "sub-cap/refuses",
    defect: "A full list refuses new rows in place of evicting.",
    profiles: ["tencent-native"],
    seams: () =>
      methods((service, deps) => ({
        subscribe: async (request, context) => {
          const { appId, userId } = callerOf(context);
          const [own] = await deps.store.read(appId, [userId]);
          const fresh = new Set<string>(request.userIds.filter((id: string) => own && !own.rows.has(id)));
          if (own && own.rows.size + fresh.size > deps.rules.maxSubscriptions)
            throw refusal(deps.rules.profile, "RATE_LIMITED", "the list is full", { retryAfterMs: 1000 });
          return service.subscribe(request, context);
        },
      })),
  },
  {
    id: "sub-cap/evicts-its-own",
    defect: "A call evicts what it has just named.",
    profiles: ["tencent-native"],
    seams: () =>
      methods((service, deps) => ({
        subscribe: async (request, context) => {
          const { appId, userId } = callerOf(context);
          const [own] = await deps.store.read(appId, [userId]);
          const oldest = own && [...own.rows.keys()][0];
          const full = own && own.rows.size >= deps.rules.maxSubscriptions;
          const answer = await service.subscribe(request, context);
          if (full && oldest !== undefined && request.userIds.includes(oldest)) {
            await deps.store.update(appId, userId, (record, _now, core) => {
              unsubscribe(record, request.sessionId, [oldest], core);
            });
          }
          return answer;
        },
      })),
  },
  {
    id: "list-pages/one-too-many",
    defect: "A page has one row too many.",
    seams: () =>
      requests("listSubscriptions", (request) => ({
        ...request,
        pageSize: request.pageSize > 0 ? request.pageSize + 1 : request.pageSize,
      })),
  },
  {
    id: "list-pages/beyond-the-most",
    defect: "A page may have more rows than list_page_max.",
    profiles: ["standard", "zim"],
    seams: () => rules(({ listPageMax }) => ({ listPageMax: listPageMax + 1 })),
  },
  {
    id: "list-pages/filter-one-too-few",
    defect: "A filter of list_page_max ids is refused.",
    seams: () => rules(({ listPageMax }) => ({ listPageMax: listPageMax - 1 })),
  },
  {
    id: "id-user/longest-refused",
    defect: "A user id of 32 bytes is refused.",
    seams: () =>
      refuses(["queryStatuses"], ({ userIds }) => userIds.some((id: string) => id.length === 32), "INVALID_USER_ID"),
  },
  {
    id: "id-device/longest-refused",
    defect: "A device id of 64 bytes is refused.",
    seams: () => refuses(["login"], ({ deviceId }) => deviceId.length === 64, "INVALID_FIELD"),
  },
  {
    id: "sync-marker/longest-refused",
    defect: "A marker of 64 bytes is refused.",
    seams: () => refuses(["sync"], ({ marker }) => marker.length === 64, "INVALID_FIELD"),
  },
  {
    id: "sync-marker/no-blank",
    defect: "A marker with a blank is refused.",
    seams: () => refuses(["sync"], ({ marker }) => marker.includes(" "), "INVALID_FIELD"),
  },
  {
    id: "message-valid/signs-differ",
    defect: "The lease in the answer of Login has seconds and nanos of different sign.",
    seams: () => answers(["login"], (answer) => ({ ...answer, lease: { ...answer.lease, nanos: -1 } })),
  },
  {
    id: "message-valid/far-future",
    defect: "A text that never expires has the year 292,278,994 as its expiry.",
    seams: () =>
      statuses((status) => {
        if (status.customStatus) status.customStatus.expireTime = timestampFromMs(Number.MAX_SAFE_INTEGER);
      }),
  },
  {
    id: "message-size/any",
    defect: "A request of more than 4 MiB is answered.",
    edge: {
      handler: (next) => (request, response) => {
        if (Number(request.headers["content-length"] ?? 0) <= 4 * 1024 * 1024) return next(request, response);
        request.resume();
        request.once("end", () => {
          (response as Any).statusCode = 200;
          (response as Any).setHeader("Content-Type", String(request.headers["content-type"] ?? ""));
          (response as Any).end();
        });
      },
    },
  },
  {
    id: "rate-none/thirty",
    defect: "Heartbeat has a limit of 30 in a second.",
    seams: () => {
      const calls = new Map<string, number[]>();
      return methods((service, deps) => ({
        heartbeat: (request, context) => {
          const nowMs = deps.store.now(callerOf(context).appId);
          const recent = (calls.get(request.sessionId) ?? []).filter((atMs) => atMs > nowMs - 1000);
          if (recent.length >= 30) throw refusal(deps.rules.profile, "RATE_LIMITED", "slower", { retryAfterMs: 1000 });
          calls.set(request.sessionId, [...recent, nowMs]);
          return service.heartbeat(request, context);
        },
      }));
    },
  },
  {
    id: "logout-ends-session/forgets",
    defect: "Only the last 15 sessions that are over are remembered.",
    seams: () =>
      methods((service, deps) => ({
        heartbeat: async (request, context) => {
          const { appId, userId } = callerOf(context);
          await deps.store.update(appId, userId, (record) => {
            record.over = record.over.slice(-15);
          });
          return service.heartbeat(request, context);
        },
      })),
  },
  {
    id: "watch-snapshot-end/no-cursor",
    defect: "The snapshot ends without a cursor.",
    seams: () => cursors(() => new Uint8Array()),
  },
  {
    id: "watch-snapshot-end/long-cursor",
    defect: "The cursor has 513 bytes.",
    seams: () => cursors(() => new Uint8Array(513).fill(7)),
  },
];

function cursors(edit: (cursor: Uint8Array) => Uint8Array) {
  return events(() => (event) => {
    if (event.case !== "snapshotEnd") return [event];
    return [
      { case: "snapshotEnd", value: { ...event.value, cursor: edit(event.value.cursor) as Uint8Array<ArrayBuffer> } },
    ];
  });
}
