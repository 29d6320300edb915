// Defects of friends, gates, rates, time and the tools (SPEC §14 to §18).
import { SubscriptionEndReason } from "@userstatus/protocol";
import type { Mutant } from "../mutant.ts";
import { type Any, all, answers, events, rules, statuses, without } from "../seam-tools.ts";

const tencentAndOurs = ["standard", "tencent-native", "tencent-web"];

export const appMutants: readonly Mutant[] = [
  {
    id: "friend-on/needs-a-row",
    defect: "Friends are told of only with a row.",
    profiles: tencentAndOurs,
    seams: () =>
      events(() => {
        const rows = new Set<string>();
        return (event) => {
          if (event.case === "subscribed") rows.add(event.value.userId);
          return event.case === "status" && !rows.has(event.value.userId) ? [] : [event];
        };
      }),
  },
  {
    id: "friend-off/always-on",
    defect: "The switch for friends is ignored.",
    profiles: tencentAndOurs,
    seams: () => ({
      store: (store) => ({
        ...store,
        features: async (appId) => ({ ...(await store.features(appId)), friendNotifications: true }),
        updateFeatures: (appId, change) => store.updateFeatures(appId, { ...change, friendNotifications: true }),
      }),
    }),
  },
  {
    id: "friend-explicit/uncounted",
    defect: "Rows to friends are outside the quota.",
    profiles: ["tencent-native"],
    seams: () => rules(({ maxSubscriptions }) => ({ maxSubscriptions: maxSubscriptions + 5 })),
  },
  {
    id: "friend-still-visible/never",
    defect: "still_visible is never set.",
    profiles: tencentAndOurs,
    seams: () =>
      events(
        () => (event) =>
          event.case === "subscriptionEnded"
            ? [{ case: "subscriptionEnded", value: { ...event.value, stillVisible: false } }]
            : [event],
      ),
  },
  {
    id: "friend-still-visible/always",
    defect: "still_visible is always set.",
    seams: () =>
      events(
        () => (event) =>
          event.case === "subscriptionEnded"
            ? [{ case: "subscriptionEnded", value: { ...event.value, stillVisible: true } }]
            : [event],
      ),
  },
  {
    id: "friend-switch/not-told",
    defect: "The end of a friend's visibility is not told.",
    profiles: tencentAndOurs,
    seams: () =>
      without((event) => event.case === "subscriptionEnded" && event.value.reason === SubscriptionEndReason.UNFRIENDED),
  },
  {
    id: "gate-plan/one-call-open",
    defect: "The plan is not looked at in Unsubscribe.",
    profiles: ["standard", "zim", "tencent-native"],
    seams: () =>
      rules(({ closedGate }) => ({
        closedGate: (procedure, self, state) =>
          procedure === "Unsubscribe" && !state.plan ? undefined : closedGate(procedure, self, state),
      })),
  },
  {
    id: "gate-plan/wrong-reason",
    defect: "A missing plan is called a switch that is off.",
    profiles: ["standard", "zim"],
    seams: () =>
      rules(({ closedGate }) => ({
        closedGate: (procedure, self, state) =>
          closedGate(procedure, self, state) === "PLAN_REQUIRED"
            ? "FEATURE_DISABLED"
            : closedGate(procedure, self, state),
      })),
  },
  {
    id: "gate-switch/one-call-open",
    defect: "The switch is not looked at in QueryStatuses.",
    profiles: ["standard", "tencent-native", "tencent-web"],
    seams: () =>
      rules(({ closedGate }) => ({
        closedGate: (procedure, self, state) =>
          procedure === "QueryStatuses" && !state.userStatus ? undefined : closedGate(procedure, self, state),
      })),
  },
  {
    id: "gate-open/self-query-gated",
    defect: "The query of oneself is gated, too.",
    profiles: ["standard", "tencent-native"],
    seams: () =>
      rules(({ closedGate }) => ({ closedGate: (procedure, _self, state) => closedGate(procedure, false, state) })),
  },
  {
    id: "gate-open/setting-gated",
    defect: "Setting one's own text is gated, too.",
    profiles: ["standard", "tencent-native"],
    seams: () =>
      rules(({ closedGate }) => ({
        closedGate: (procedure, self, state) =>
          closedGate(procedure === "SetCustomStatus" ? "Subscribe" : procedure, self, state),
      })),
  },
  {
    id: "gate-rows/not-told",
    defect: "The end of the rows is not told.",
    profiles: ["standard", "zim", "tencent-native"],
    seams: () =>
      without(
        (event) => event.case === "subscriptionEnded" && event.value.reason === SubscriptionEndReason.FEATURE_DISABLED,
      ),
  },
  {
    id: "gate-again/stuck",
    defect: "A gate that was closed once stays closed.",
    profiles: ["standard", "zim"],
    seams: () =>
      rules(({ closedGate }) => {
        let shut: ReturnType<typeof closedGate>;
        return {
          closedGate: (procedure, self, state) => {
            const now = closedGate(procedure, self, state);
            shut ??= now;
            return now ?? (procedure === "Subscribe" ? shut : undefined);
          },
        };
      }),
  },
  {
    id: "rate-limit/one-more",
    defect: "One call too many is admitted.",
    profiles: ["standard", "zim", "tencent-native"],
    seams: () => rules(({ rate }) => ({ rate: (procedure) => bump(rate(procedure), 1) })),
  },
  {
    id: "rate-limit/one-less",
    defect: "One call too few is admitted.",
    profiles: ["standard", "tencent-native"],
    seams: () => rules(({ rate }) => ({ rate: (procedure) => bump(rate(procedure), -1) })),
  },
  {
    id: "error-no-effect/refusals-count",
    defect: "A refused call starts the window anew.",
    profiles: ["standard"],
    seams: () => ({
      store: (store) => {
        const refusedAt = new Map<string, number>();
        return {
          ...store,
          charge: async (appId, userId, procedure, rule) => {
            const key = `${appId} ${userId} ${procedure}`;
            const again = store.now(appId) - (refusedAt.get(key) ?? Number.NEGATIVE_INFINITY) < rule.windowMs;
            try {
              await store.charge(appId, userId, procedure, again ? { ...rule, maxCalls: 0 } : rule);
            } catch (error) {
              refusedAt.set(key, store.now(appId));
              throw error;
            }
          },
        };
      },
    }),
  },
  {
    id: "rate-scope/all-users",
    defect: "The count is of all users together.",
    profiles: ["standard", "zim", "tencent-native"],
    seams: () => ({
      store: (store) => ({
        ...store,
        charge: (appId, _userId, procedure, rule) => store.charge(appId, "all", procedure, rule),
      }),
    }),
  },
  {
    id: "rate-scope/all-procedures",
    defect: "The count is of all procedures together.",
    profiles: ["standard", "tencent-native"],
    seams: () => ({
      store: (store) => ({
        ...store,
        charge: (appId, userId, _procedure, rule) => store.charge(appId, userId, "all", rule),
      }),
    }),
  },
  {
    id: "rate-self/counted",
    defect: "Queries of oneself are counted.",
    profiles: ["tencent-native", "tencent-web"],
    seams: () =>
      rules(({ rate }) => ({
        rate: (procedure) => {
          const rule = rate(procedure);
          return rule && { ...rule, selfExempt: false };
        },
      })),
  },
  {
    id: "rate-none/limited",
    defect: "Every procedure has a limit of 40 in a second.",
    profiles: ["standard", "zim", "tencent-native"],
    seams: () =>
      rules(({ rate }) => ({
        rate: (procedure) => rate(procedure) ?? { maxCalls: 40, windowMs: 1000, selfExempt: false },
      })),
  },
  {
    id: "time-closed/open-bound",
    defect: "What ends at T is still there at T.",
    seams: () => {
      const earlier = (expire: Any): void => {
        const ms = Number(expire.seconds) * 1000 + expire.nanos / 1e6 - 1;
        expire.seconds = BigInt(Math.floor(ms / 1000));
        expire.nanos = (ms % 1000) * 1e6;
      };
      return all(
        statuses((status) => {
          if (status.customStatus?.expireTime) earlier(status.customStatus.expireTime);
        }),
        answers(["setCustomStatus", "login"], (answer) => {
          const expire = answer.self?.status?.customStatus?.expireTime;
          if (expire) earlier(expire);
          return answer;
        }),
      );
    },
  },
  {
    id: "admin-register/logs-in",
    defect: "A deleted user stays registered.",
    seams: () => ({ admin: (service) => ({ ...service, deleteUsers: async () => ({ deletedCount: 1 }) }) }),
  },
  {
    id: "admin-end/with-grace",
    defect: "Sessions ended by the backend are only lost.",
    seams: () => ({
      admin: (service) => ({ ...service, endSessions: async (request) => ({ endedSessionIds: request.sessionIds }) }),
    }),
  },
  {
    id: "admin-query/all-online",
    defect: "The backend sees everybody ONLINE.",
    seams: () => ({
      admin: (service) => ({
        ...service,
        queryStatuses: async (request, context) => {
          const answer: Any = await service.queryStatuses(request, context);
          for (const one of answer.results) if (one.result.case === "status") one.result.value.onlineStatus = 1;
          return answer;
        },
      }),
    }),
  },
  {
    id: "clock-advance/half",
    defect: "The clock moves half as far as it says.",
    seams: () => ({
      store: (store) => ({
        ...store,
        advance: async (appId, ms, hold) => (await store.advance(appId, Math.floor(ms / 2), hold)) + Math.ceil(ms / 2),
      }),
    }),
  },
  {
    id: "clock-hold/ignored",
    defect: "hold_leases is ignored.",
    seams: () => ({ store: (store) => ({ ...store, advance: (appId, ms) => store.advance(appId, ms, false) }) }),
  },
  {
    id: "clock-scope/all-apps",
    defect: "All apps share one clock.",
    seams: () => ({
      store: (store) => {
        const apps = new Set<string>();
        return {
          ...store,
          now: (appId) => {
            apps.add(appId);
            return store.now(appId);
          },
          clock: (appId) => {
            apps.add(appId);
            return store.clock(appId);
          },
          advance: async (appId, ms, hold) => {
            apps.add(appId);
            for (const other of apps) if (other !== appId) await store.advance(other, ms, hold);
            return store.advance(appId, ms, hold);
          },
        };
      },
    }),
  },
];

function bump<R extends { maxCalls: number }>(rule: R | undefined, by: number): R | undefined {
  return rule && { ...rule, maxCalls: rule.maxCalls + by };
}
