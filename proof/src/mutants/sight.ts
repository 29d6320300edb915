// Defects of who sees what: another app's users, one device's status, friends, gates of single calls (SPEC §3, §7, §11, §14, §15, §16).
import { AsyncLocalStorage } from "node:async_hooks";
import { OnlineStatus } from "@userstatus/protocol";
import { callerOf, publicStatus, type Rules } from "@userstatus/server/seams";
import type { Mutant } from "../mutant.ts";
import { type Any, all, answers, events, methods, ownRecord, rules, statuses } from "../seam-tools.ts";

const allButOne = (gate: "plan" | "userStatus", procedure: string) =>
  rules(({ closedGate }) => ({
    closedGate: (called, self, state) =>
      called === procedure && !state[gate] ? undefined : closedGate(called, self, state),
  }));

const oneCallOpen = (
  requirement: string,
  gate: "plan" | "userStatus",
  procedure: string,
  profiles: readonly string[],
): Mutant => ({
  id: `${requirement}/${procedure}-open`,
  defect: `The ${gate === "plan" ? "plan" : "switch"} is not looked at in ${procedure}.`,
  profiles,
  seams: () => allButOne(gate, procedure),
});

export const sightMutants: readonly Mutant[] = [
  {
    id: "auth-app-isolation/query",
    defect: "A query finds users of other apps, too.",
    seams: () => {
      const apps = new Set<string>();
      return answers(["queryStatuses"], async (answer, _request, context, deps) => {
        apps.add(callerOf(context).appId);
        for (const one of answer.results) {
          if (one.result.case !== "error" && one.result.value.onlineStatus === OnlineStatus.ONLINE) continue;
          for (const appId of apps) {
            const [record] = await deps.store.read(appId, [one.userId]);
            if (record?.registered && record.online === OnlineStatus.ONLINE)
              one.result = { case: "status", value: publicStatus(record, deps.rules) };
          }
        }
        return answer;
      });
    },
  },
  {
    id: "auth-app-isolation/switches",
    defect: "The switches are those of all apps.",
    seams: () => ({
      store: (store) => ({
        ...store,
        features: () => store.features("all"),
        updateFeatures: (_appId, change) => store.updateFeatures("all", change),
      }),
    }),
  },
  {
    id: "online-any/newest-session",
    defect: "The newest session alone decides the online status.",
    seams: () =>
      answers(["queryStatuses"], async (answer, _request, context, deps) => {
        const { appId } = callerOf(context);
        for (const one of answer.results) {
          if (one.result.case !== "status") continue;
          const [record] = await deps.store.read(appId, [one.userId]);
          const newest = record?.sessions.toSorted((a, b) => b.loginOrder - a.loginOrder)[0];
          if (newest && newest.lostMs !== null) one.result.value.onlineStatus = OnlineStatus.OFFLINE;
        }
        return answer;
      }),
  },
  {
    id: "custom-user-wide/of-each-device",
    defect: "Each session sees the text that it has set itself.",
    seams: () => {
      const own = new Map<string, string>();
      return all(
        methods((service) => ({
          setCustomStatus: (request, context) => {
            own.set(request.sessionId, request.customStatus?.text ?? "");
            return service.setCustomStatus(request, context);
          },
        })),
        events(({ sessionId }) => (event) => {
          if (event.case !== "self" || !event.value.status?.customStatus || own.has(sessionId)) return [event];
          const { customStatus: _gone, ...status } = event.value.status;
          return [{ case: "self", value: { ...event.value, status } }];
        }),
      );
    },
  },
  {
    id: "watch-self/own-session-only",
    defect: "Only the Watch of the session that acts is told.",
    profiles: ["standard", "zim"],
    seams: () => {
      const last = new Map<string, string>();
      const key = (context: Any): string => `${callerOf(context).appId} ${callerOf(context).userId}`;
      return all(
        methods((service) => ({
          setCustomStatus: (request, context) => {
            last.set(key(context), request.sessionId);
            return service.setCustomStatus(request, context);
          },
        })),
        events(({ sessionId, context }) => {
          let live = false;
          return (event) => {
            if (event.case === "snapshotEnd") live = true;
            return live && event.case === "self" && last.get(key(context)) !== sessionId ? [] : [event];
          };
        }),
      );
    },
  },
  {
    id: "sub-told/first-watch-only",
    defect: "Only the Watch of the session that subscribes is told of the row.",
    seams: () => {
      const callers = new Set<string>();
      return all(
        methods((service) => ({
          subscribe: (request, context) => {
            callers.add(request.sessionId);
            return service.subscribe(request, context);
          },
        })),
        events(({ sessionId }) => {
          let live = false;
          return (event) => {
            if (event.case === "snapshotEnd") live = true;
            return live && event.case === "subscribed" && !callers.has(sessionId) ? [] : [event];
          };
        }),
      );
    },
  },
  {
    id: "friend-explicit/outside-the-quota",
    defect: "Rows to friends are not counted against the cap.",
    profiles: ["tencent-native"],
    seams: () => {
      const spared = new AsyncLocalStorage<number>();
      return {
        rules: (before) =>
          Object.defineProperty({ ...before }, "maxSubscriptions", {
            get: () => before.maxSubscriptions + (spared.getStore() ?? 0),
          }) as Rules,
        ...methods((service, deps) => ({
          subscribe: async (request, context) => {
            const { rows, friends } = await ownRecord(deps, context);
            const named = new Set<string>(request.userIds);
            const free = friends.filter((id) => rows.has(id) || named.has(id)).length;
            return spared.run(free, () => service.subscribe(request, context));
          },
        })),
      };
    },
  },
  {
    id: "friend-explicit/not-listed",
    defect: "Rows to friends are not listed.",
    profiles: ["standard", "tencent-native"],
    seams: () =>
      answers(["listSubscriptions"], async (answer, _request, context, deps) => {
        const { friends } = await ownRecord(deps, context);
        return {
          ...answer,
          subscriptions: answer.subscriptions.filter((one: Any) => !friends.includes(one.subscription.userId)),
        };
      }),
  },
  {
    id: "friend-on/first-session-only",
    defect: "Friends' changes come on the first Watch of a user only.",
    seams: () => {
      const first = new Map<string, string>();
      return events(({ sessionId, context }) => {
        const key = `${callerOf(context).appId} ${callerOf(context).userId}`;
        if (!first.has(key)) first.set(key, sessionId);
        const rows = new Set<string>();
        return (event) => {
          if (event.case === "subscribed") rows.add(event.value.userId);
          if (event.case !== "status" || first.get(key) === sessionId || rows.has(event.value.userId)) return [event];
          return [];
        };
      });
    },
  },
  {
    id: "friend-off/subscribed-too",
    defect: "With the switch off, a friend's changes reach nobody, though he is subscribed to.",
    seams: () => {
      const friendsOf = new Map<string, readonly string[]>();
      return {
        admin: (service) => ({
          ...service,
          setFriends: (request, context) => {
            friendsOf.set(`${callerOf(context).appId} ${request.userId}`, [...request.friendUserIds]);
            return service.setFriends(request, context);
          },
        }),
        ...events(({ context }) => {
          const { appId, userId } = callerOf(context);
          let live = false;
          return (event) => {
            if (event.case === "snapshotEnd") live = true;
            const isFriend =
              event.case === "status" && friendsOf.get(`${appId} ${userId}`)?.includes(event.value.userId) === true;
            return live && isFriend ? [] : [event];
          };
        }),
      };
    },
  },
  oneCallOpen("gate-plan", "plan", "Subscribe", ["standard", "zim"]),
  oneCallOpen("gate-plan", "plan", "QueryStatuses", ["standard", "tencent-native"]),
  oneCallOpen("gate-plan", "plan", "SetCustomStatus", ["zim"]),
  oneCallOpen("gate-plan", "plan", "ListSubscriptions", ["zim"]),
  oneCallOpen("gate-switch", "userStatus", "Subscribe", ["standard", "zim"]),
  oneCallOpen("gate-switch", "userStatus", "Unsubscribe", ["standard", "tencent-native"]),
  oneCallOpen("gate-switch", "userStatus", "ListSubscriptions", ["zim"]),
  {
    id: "gate-switch/query-of-oneself-and-others",
    defect: "A query of others passes the gate if it names oneself, too.",
    profiles: ["standard", "tencent-native"],
    seams: () => {
      const namesSelf = new AsyncLocalStorage<true>();
      return all(
        rules(({ closedGate }) => ({
          closedGate: (procedure, self, state) => closedGate(procedure, self || namesSelf.getStore() === true, state),
        })),
        methods((service) => ({
          queryStatuses: (request, context) =>
            request.userIds.includes(callerOf(context).userId)
              ? namesSelf.run(true, () => service.queryStatuses(request, context))
              : service.queryStatuses(request, context),
        })),
      );
    },
  },
  {
    id: "gate-rows/come-back",
    defect: "Rows that a gate ended come back when it is opened.",
    profiles: ["standard", "tencent-native"],
    seams: () =>
      methods((service, deps) => {
        const kept = new Map<string, Any>();
        const key = (context: Any): string => `${callerOf(context).appId} ${callerOf(context).userId}`;
        return {
          subscribe: async (request, context) => {
            const answer = await service.subscribe(request, context);
            kept.set(key(context), new Map((await ownRecord(deps, context)).rows));
            return answer;
          },
          listSubscriptions: async (request, context) => {
            const { plan, userStatus } = await deps.store.features(callerOf(context).appId);
            const record = await ownRecord(deps, context);
            const rows = kept.get(key(context));
            if (plan && userStatus && record.rows.size === 0 && record.rowsEra > 0 && rows) (record as Any).rows = rows;
            return service.listSubscriptions(request, context);
          },
        };
      }),
  },
  {
    id: "rate-scope/each-session",
    defect: "Each session has a count of its own.",
    profiles: ["standard", "tencent-native"],
    seams: () => {
      const session = new AsyncLocalStorage<string>();
      return {
        store: (store) => ({
          ...store,
          charge: (appId, userId, procedure, rule) =>
            store.charge(appId, `${userId} ${session.getStore() ?? ""}`, procedure, rule),
        }),
        ...methods((service) =>
          Object.fromEntries(
            (["queryStatuses", "subscribe", "unsubscribe", "setCustomStatus"] as const).map((name) => [
              name,
              (request: Any, context: Any) => session.run(request.sessionId, () => service[name](request, context)),
            ]),
          ),
        ),
      };
    },
  },
  {
    id: "rate-limit/query-with-oneself-free",
    defect: "A query that names oneself among others is not counted.",
    profiles: ["tencent-native", "tencent-web"],
    seams: () => {
      const namesSelf = new AsyncLocalStorage<true>();
      return all(
        {
          store: (store) => ({
            ...store,
            charge: async (appId, userId, procedure, rule) => {
              if (namesSelf.getStore() !== true) await store.charge(appId, userId, procedure, rule);
            },
          }),
        },
        methods((service) => ({
          queryStatuses: (request, context) =>
            request.userIds.includes(callerOf(context).userId)
              ? namesSelf.run(true, () => service.queryStatuses(request, context))
              : service.queryStatuses(request, context),
        })),
      );
    },
  },
  {
    id: "watch-only-visible/friends-both-ways",
    defect: "Friendship goes both ways: who is put on a list sees its owner, too.",
    seams: () => ({
      admin: (service, deps) => ({
        ...service,
        setFriends: async (request, context) => {
          const answer = await service.setFriends(request, context);
          const { appId } = callerOf(context);
          for (const friend of request.friendUserIds) {
            const [record] = await deps.store.read(appId, [friend]);
            if (record && !record.friends.includes(request.userId))
              await service.setFriends(
                { ...request, userId: friend, friendUserIds: [...record.friends, request.userId] },
                context,
              );
          }
          return answer;
        },
      }),
    }),
  },
  {
    id: "query-result/of-the-past",
    defect: "A query answers from a cache that is renewed each second.",
    seams: () => {
      const cache = new Map<string, { atMs: number; value: Any }>();
      return answers(["queryStatuses"], (answer, _request, context) => ({
        ...answer,
        results: answer.results.map((one: Any) => {
          const key = `${callerOf(context).appId} ${one.userId}`;
          const held = cache.get(key);
          if (held && performance.now() - held.atMs < 1000) return held.value;
          cache.set(key, { atMs: performance.now(), value: one });
          return one;
        }),
      }));
    },
  },
  {
    id: "online-quiet/second-session-shows",
    defect: "A second session makes a new revision where platforms are not shown.",
    profiles: ["tencent-web"],
    seams: () =>
      methods((service, deps) => ({
        login: async (request, context) => {
          const before = (await ownRecord(deps, context)).online;
          const answer = await service.login(request, context);
          if (before === OnlineStatus.ONLINE) {
            const { appId, userId } = callerOf(context);
            await deps.store.update(appId, userId, (record, _now, core) => {
              record.revision++;
              core.changes.push({ kind: "status" });
            });
          }
          return answer;
        },
      })),
  },
  {
    id: "list-rows/stale-status",
    defect: "Rows come with the status that they were made with.",
    seams: () => {
      const made = new Map<string, Any>();
      const key = (context: Any, id: string): string => `${callerOf(context).appId} ${callerOf(context).userId} ${id}`;
      return all(
        answers(["subscribe"], (answer, _request, context) => {
          for (const one of answer.results)
            if (one.result.case === "subscribed") made.set(key(context, one.userId), one.result.value.status);
          return answer;
        }),
        answers(["listSubscriptions"], (answer, _request, context) => ({
          ...answer,
          subscriptions: answer.subscriptions.map((one: Any) => ({
            ...one,
            status: made.get(key(context, one.subscription.userId)) ?? one.status,
          })),
        })),
      );
    },
  },
  {
    id: "custom-set/blank-behind",
    defect: "Others see a text with a blank behind it.",
    seams: () =>
      statuses((status) => {
        if (status.customStatus) status.customStatus.text = `${status.customStatus.text} `;
      }),
  },
];
