// Defects of units, of what is early or late, and of what a time belongs to (SPEC §6, §7, §8, §10, §11, §17).
import { OnlineStatus } from "@userstatus/protocol";
import { callerOf } from "@userstatus/server/seams";
import type { Mutant } from "../mutant.ts";
import { type Any, answers, methods, ownRecord, requests, rules, sessionOf, statuses, touch } from "../seam-tools.ts";

const liveness = (edit: (before: Any) => object) =>
  rules((before) => ({
    liveness: (platform) => ({ ...before.liveness(platform), ...edit(before.liveness(platform)) }),
  }));

/** What a user's rows get after each Subscribe. */
const rowsAfter = (edit: (row: Any, nowMs: number) => void) =>
  methods((service, deps) => ({
    subscribe: async (request, context) => {
      const answer = await service.subscribe(request, context);
      await touch(deps, context, (record, nowMs) => {
        for (const row of record.rows.values()) if (row.refreshMs === nowMs && row.expireMs !== null) edit(row, nowMs);
        record.rowDueMs = nowMs;
      });
      return answer;
    },
  }));

/** What a user's text gets after each SetCustomStatus. */
const textAfter = (edit: (custom: { expireMs: number | null }, nowMs: number) => void) =>
  methods((service, deps) => ({
    setCustomStatus: async (request, context) => {
      const answer = await service.setCustomStatus(request, context);
      await touch(deps, context, (record, nowMs) => {
        if (record.custom !== null) edit(record.custom, nowMs);
      });
      return answer;
    },
  }));

export const timeMutants: readonly Mutant[] = [
  {
    id: "custom-expires/early",
    defect: "A text is gone a second before its time.",
    profiles: ["standard", "zim"],
    seams: () =>
      textAfter((custom) => {
        if (custom.expireMs !== null) custom.expireMs -= 1000;
      }),
  },
  {
    id: "custom-expires/still-readable",
    defect: "A text that ran out is still read by queries, until the next change.",
    profiles: ["standard", "zim"],
    seams: () => {
      const texts = new Map<string, Any>();
      return answers(["queryStatuses"], (answer, _request, context, deps) => ({
        ...answer,
        results: answer.results.map((one: Any) => {
          if (one.result.case !== "status") return one;
          const key = `${callerOf(context).appId} ${one.userId}`;
          const { customStatus } = one.result.value;
          if (customStatus?.expireTime) texts.set(key, customStatus);
          const before = texts.get(key);
          if (customStatus || !before) return one;
          if (Number(before.expireTime.seconds) * 1000 > deps.store.now(callerOf(context).appId)) return one;
          return { ...one, result: { case: "status", value: { ...one.result.value, customStatus: before } } };
        }),
      }));
    },
  },
  {
    id: "custom-expires/ttl-in-milliseconds",
    defect: "The seconds of a ttl are taken for milliseconds.",
    profiles: ["standard", "zim"],
    seams: () =>
      textAfter((custom, nowMs) => {
        if (custom.expireMs !== null) custom.expireMs = nowMs + Math.ceil((custom.expireMs - nowMs) / 1000);
      }),
  },
  {
    id: "custom-again/ttl-runs-on",
    defect: "The same text again does not start the ttl anew.",
    profiles: ["standard", "zim"],
    seams: () =>
      methods((service, deps) => ({
        setCustomStatus: async (request, context) => {
          const before = (await ownRecord(deps, context)).custom;
          const kept = before && { ...before };
          const answer = await service.setCustomStatus(request, context);
          await touch(deps, context, (record) => {
            if (kept && record.custom && record.custom.text === kept.text) record.custom.expireMs = kept.expireMs;
          });
          return answer;
        },
      })),
  },
  {
    id: "custom-default-ttl/half",
    defect: "The default ttl is half of what it says.",
    profiles: ["zim"],
    seams: () => rules(({ customTtl }) => ({ customTtl: { ...customTtl, defaultMs: (customTtl.defaultMs ?? 0) / 2 } })),
  },
  {
    id: "custom-clear-logout/late",
    defect: "The text is cleared a second too late.",
    profiles: ["tencent-web", "tencent-web-v2"],
    seams: () => rules(({ clearAfterLogoutMs }) => ({ clearAfterLogoutMs: (clearAfterLogoutMs ?? 0) + 1000 })),
  },
  {
    id: "custom-clear-offline/in-a-change-of-its-own",
    defect: "The text is cleared a moment after the change to OFFLINE.",
    profiles: ["tencent-native", "tencent-unity"],
    seams: () =>
      statuses((status) => {
        if (status.onlineStatus === OnlineStatus.OFFLINE)
          status.customStatus ??= { $typeName: "userstatus.v1.CustomStatus", text: "as before" };
      }),
  },
  {
    id: "login-custom-empty/expiry-anew",
    defect: "A login without a text takes its expiry away.",
    seams: () =>
      methods((service, deps) => ({
        login: async (request, context) => {
          const answer = await service.login(request, context);
          if (!request.customStatus?.text)
            await touch(deps, context, (record) => {
              if (record.custom) record.custom.expireMs = null;
            });
          return answer;
        },
      })),
  },
  {
    id: "login-custom-set/without-ttl",
    defect: "The ttl of a login's text is ignored.",
    profiles: ["standard", "zim"],
    seams: () =>
      requests("login", (request) =>
        request.customStatus ? { ...request, customStatus: { ...request.customStatus, ttl: undefined } } : request,
      ),
  },
  {
    id: "sub-expires/early",
    defect: "A row is gone a second before its time.",
    profiles: ["standard", "zim"],
    seams: () =>
      rowsAfter((row) => {
        row.expireMs -= 1000;
      }),
  },
  {
    id: "sub-refresh/expiry-stays",
    defect: "A refresh leaves the expiry as it was.",
    profiles: ["standard", "zim"],
    seams: () =>
      methods((service, deps) => ({
        subscribe: async (request, context) => {
          const before = new Map(
            [...(await ownRecord(deps, context)).rows].map(([target, { expireMs }]) => [target, expireMs]),
          );
          const answer = await service.subscribe(request, context);
          await touch(deps, context, (record, nowMs) => {
            for (const row of record.rows.values()) row.expireMs = before.get(row.target) ?? row.expireMs;
            record.rowDueMs = nowMs;
          });
          return answer;
        },
      })),
  },
  {
    id: "sub-refresh/keeps-its-place",
    defect: "A refresh does not make the row the one refreshed last.",
    profiles: ["tencent-native"],
    seams: () =>
      methods((service, deps) => ({
        subscribe: async (request, context) => {
          const order = [...(await ownRecord(deps, context)).rows.keys()];
          const answer = await service.subscribe(request, context);
          await touch(deps, context, (record) => {
            const rows = new Map(record.rows);
            const kept = order.filter((target) => rows.has(target));
            const fresh = [...rows.keys()].filter((target) => !order.includes(target));
            record.rows = new Map(
              [...kept, ...fresh].flatMap((target) => [[target, rows.get(target)] as const]) as Any,
            );
          });
          return answer;
        },
      })),
  },
  {
    id: "sub-refresh/new-generation",
    defect: "A refresh makes a row of a new generation.",
    seams: () =>
      methods((service, deps) => ({
        subscribe: async (request, context) => {
          const { appId, userId } = callerOf(context);
          await deps.store.update(appId, userId, (record) => {
            for (const id of request.userIds) record.rows.delete(id);
          });
          return service.subscribe(request, context);
        },
      })),
  },
  {
    id: "sub-absence/late",
    defect: "Rows end an hour too late.",
    profiles: ["tencent-native"],
    seams: () => rules(({ dropAfterAbsenceMs }) => ({ dropAfterAbsenceMs: (dropAfterAbsenceMs ?? 0) + 3_600_000 })),
  },
  {
    id: "lost-decay/early",
    defect: "A lost session decays a minute too soon.",
    profiles: ["standard", "tencent-native"],
    seams: () => liveness(({ decayMs }) => ({ decayMs: decayMs - 60_000 })),
  },
  {
    id: "lost-decay/late",
    defect: "A lost session decays a minute too late.",
    profiles: ["standard", "tencent-native"],
    seams: () => liveness(({ decayMs }) => ({ decayMs: decayMs + 60_000 })),
  },
  {
    id: "link-close/after-the-lease",
    defect: "A Watch that its client ended counts as lost when the lease ends.",
    seams: () => ({
      store: (store) => ({
        ...store,
        update: (appId, userId, command) =>
          store.update(appId, userId, (record, nowMs, context) => {
            const before = record.sessions.map((session) => ({ session, lossMs: session.lossMs }));
            const answer = command(record, nowMs, context);
            for (const { session, lossMs } of before) {
              if (lossMs === null && session.lossMs !== null) session.lossMs = null;
            }
            return answer;
          }),
      }),
    }),
  },
  {
    id: "lost-offline/grace-twice",
    defect: "The grace is twice as long.",
    seams: () => liveness(({ graceMs }) => ({ graceMs: graceMs * 2 })),
  },
  {
    id: "lease-heartbeat/milliseconds",
    defect: "Heartbeat tells the lease in milliseconds, as if they were seconds.",
    seams: () =>
      answers(["heartbeat"], (answer) => ({
        ...answer,
        lease: { ...answer.lease, seconds: answer.lease.seconds * 1000n },
      })),
  },
  {
    id: "login-reply/lease-of-the-catch-all",
    defect: "Login tells the lease of the last liveness rule, whatever the platform.",
    profiles: ["tencent-web"],
    seams: () =>
      answers(["login"], (answer, _request, _context, deps) => ({
        ...answer,
        lease: deps.rules.profile.liveness.at(-1)?.lease,
      })),
  },
  {
    id: "lease-login/of-the-older-platform",
    defect: "A login from another platform keeps the lease of the older one.",
    profiles: ["tencent-web"],
    seams: () =>
      methods((service, deps) => ({
        login: async (request, context) => {
          const before = (await ownRecord(deps, context)).sessions.find(
            ({ deviceId }) => deviceId === request.deviceId,
          );
          const platform = before?.platform;
          const answer = await service.login(request, context);
          if (platform !== undefined) {
            await touch(deps, context, (record, nowMs) => {
              const session = sessionOf(record, answer.sessionId);
              if (session) session.leaseEndMs = nowMs + deps.rules.liveness(platform).leaseMs - 1000;
            });
          }
          return answer;
        },
      })),
  },
  {
    id: "time-server/seconds",
    defect: "Times are in whole milliseconds since the start of the server.",
    seams: () =>
      statuses((status) => {
        for (const time of [status.updateTime, status.onlineStatusUpdateTime, status.customStatusUpdateTime])
          if (time) time.seconds -= 1_700_000_000n;
      }),
  },
  {
    id: "online-times/when-told",
    defect: "OFFLINE has the time at which it was noticed, not at which it came to be.",
    profiles: ["standard", "zim"],
    seams: () =>
      statuses((status) => {
        if (status.onlineStatus !== OnlineStatus.OFFLINE) return;
        for (const time of [status.onlineStatusUpdateTime, status.updateTime]) if (time) time.seconds += 1n;
      }),
  },
  {
    id: "online-times/shown",
    defect: "Times are shown where the profile hides them.",
    profiles: ["tencent-native"],
    seams: () => rules(() => ({ timestamps: true })),
  },
  {
    id: "online-platforms/shown",
    defect: "Platforms are shown where the profile hides them.",
    profiles: ["tencent-native"],
    seams: () => rules(() => ({ targetPlatforms: true })),
  },
];
