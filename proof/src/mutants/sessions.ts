// Defects of sessions, liveness and the online status (SPEC §6, §7).
import { AsyncLocalStorage } from "node:async_hooks";
import { OnlineStatus, Platform } from "@userstatus/protocol";
import { callerOf, endSessions, loseLink, refusal, renew } from "@userstatus/server/seams";
import type { Mutant } from "../mutant.ts";
import {
  answers,
  methods,
  ownRecord,
  reasonOf,
  refusals,
  requests,
  rules,
  sessionOf,
  statuses,
  touch,
  unaryNames,
  withInfo,
  without,
} from "../seam-tools.ts";

const liveness = (edit: (before: ReturnType<Parameters<Parameters<typeof rules>[0]>[0]["liveness"]>) => object) =>
  rules((before) => ({
    liveness: (platform) => ({ ...before.liveness(platform), ...edit(before.liveness(platform)) }),
  }));

export const sessionMutants: readonly Mutant[] = [
  {
    id: "login-reply/no-lease",
    defect: "Login does not tell the lease.",
    seams: () => answers(["login"], ({ lease: _gone, ...rest }) => rest),
  },
  {
    id: "login-online/only-with-watch",
    defect: "A login counts only once a Watch is open.",
    seams: () =>
      methods((service, deps) => ({
        login: async (request, context) => {
          const answer = await service.login(request, context);
          await touch(deps, context, (record, nowMs) => {
            const session = sessionOf(record, answer.sessionId);
            if (session) session.lossMs = nowMs - deps.rules.liveness(session.platform).graceMs;
          });
          return answer;
        },
      })),
  },
  {
    id: "login-registers/ghost",
    defect: "Who logs in without having been registered stays unregistered.",
    seams: () =>
      methods((service, deps) => ({
        login: async (request, context) => {
          const before = await ownRecord(deps, context);
          const known = before.registered;
          const answer = await service.login(request, context);
          if (!known) {
            const [after] = await deps.store.read(callerOf(context).appId, [callerOf(context).userId]);
            if (after) (after as { registered: boolean }).registered = false;
          }
          return answer;
        },
      })),
  },
  {
    id: "login-same-device/new-session",
    defect: "Every login makes a session of its own.",
    seams: () => {
      let logins = 0;
      return requests("login", (request) => ({ ...request, deviceId: `${request.deviceId}.${++logins}`.slice(0, 64) }));
    },
  },
  {
    id: "login-custom-set/ignored",
    defect: "The custom status of a login is dropped.",
    seams: () => requests("login", ({ customStatus: _gone, ...rest }) => rest),
  },
  {
    id: "login-custom-empty/clears",
    defect: "A login without a text clears the text.",
    seams: () =>
      methods((service, deps) => ({
        login: async (request, context) => {
          if (!request.customStatus?.text)
            await touch(deps, context, (record) => {
              record.custom = null;
            });
          return service.login(request, context);
        },
      })),
  },
  {
    id: "logout-at-once/with-grace",
    defect: "Logout is treated like a lost link.",
    seams: () =>
      methods((_service, deps) => ({
        logout: async (request, context) => {
          await touch(deps, context, (record, nowMs) => loseLink(record, request.sessionId, nowMs));
          return { epoch: await deps.store.epoch(callerOf(context).appId) };
        },
      })),
  },
  {
    id: "logout-ends-session/heartbeat-taken",
    defect: "Heartbeat of a session that is over is accepted.",
    seams: () =>
      refusals(["heartbeat"], (error) => {
        if (reasonOf(error) !== "SESSION_ENDED") throw error;
        return {};
      }),
  },
  {
    id: "logout-ends-watch/no-end",
    defect: "The Watch of a logged-out session just closes.",
    seams: () => without((event) => event.case === "watchEnd"),
  },
  {
    id: "logout-lost/refused",
    defect: "A lost session can't be logged out.",
    seams: () =>
      methods((service, deps) => ({
        logout: async (request, context) => {
          const session = sessionOf(await ownRecord(deps, context), request.sessionId);
          if (session && session.lostMs !== null) throw refusal(deps.rules.profile, "SESSION_LOST", "lost");
          return service.logout(request, context);
        },
      })),
  },
  {
    id: "session-limit/one-more",
    defect: "One session too many may live.",
    profiles: ["standard", "zim", "tencent-native", "tencent-web"],
    seams: () =>
      rules((before) => ({
        sessionRules: (platform) =>
          before.sessionRules(platform).map((rule) => ({ ...rule, maxSessions: rule.maxSessions + 1 })),
      })),
  },
  {
    id: "session-limit/all-platforms-together",
    defect: "A rule per platform counts all platforms together.",
    profiles: ["tencent-native"],
    seams: () =>
      rules((before) => ({
        sessionRules: (platform) => before.sessionRules(platform).map((rule) => ({ ...rule, perPlatform: false })),
      })),
  },
  {
    id: "session-comes-back/beyond-the-rule",
    defect: "A lost session comes back though newer logins fill the rule.",
    seams: () => {
      const atLogin = new AsyncLocalStorage<true>();
      const seams = rules((before) => ({
        sessionRules: (platform) => (atLogin.getStore() ? before.sessionRules(platform) : []),
      }));
      return {
        ...seams,
        ...methods((service) => ({
          login: (request, context) => atLogin.run(true, () => service.login(request, context)),
        })),
      };
    },
  },
  {
    id: "session-kick-told/called-logout",
    defect: "A kicked session is told that it logged out.",
    seams: () =>
      refusals(unaryNames, (error) => {
        throw withInfo(error, (info) =>
          info.metadata?.end_reason === "KICKED"
            ? { ...info, metadata: { ...info.metadata, end_reason: "LOGGED_OUT" } }
            : info,
        );
      }),
  },
  {
    id: "session-kick-silent/flicker",
    defect: "The old session is ended before the new one lives.",
    profiles: ["tencent-native", "tencent-unity"],
    seams: () =>
      methods((service, deps) => ({
        login: async (request, context) => {
          const record = await ownRecord(deps, context);
          const old = record.sessions.find(
            (session) => session.platform === request.platform && session.deviceId !== request.deviceId,
          );
          if (old) {
            const { appId, userId } = callerOf(context);
            await deps.store.update(appId, userId, (own, nowMs, core) =>
              endSessions(own, [old.sessionId], nowMs, core),
            );
            await new Promise((resolve) => setTimeout(resolve, 20));
          }
          return service.login(request, context);
        },
      })),
  },
  {
    id: "session-lost-uncounted/counted",
    defect: "Lost sessions count against the rule.",
    seams: () =>
      methods((service, deps) => ({
        login: async (request, context) => {
          const record = await ownRecord(deps, context);
          const [rule] = deps.rules.sessionRules(request.platform);
          const live = record.sessions.filter((session) => session.lostMs === null);
          if (rule && record.sessions.length >= rule.maxSessions && live[0] && live[0].deviceId !== request.deviceId) {
            const { appId, userId } = callerOf(context);
            const [first] = live;
            await deps.store.update(appId, userId, (own, nowMs, core) =>
              endSessions(own, [first.sessionId], nowMs, core),
            );
          }
          return service.login(request, context);
        },
      })),
  },
  {
    id: "lease-ends/late",
    defect: "A lease lasts a second too long.",
    profiles: ["standard", "zim", "tencent-native", "tencent-web"],
    seams: () => liveness(({ leaseMs }) => ({ leaseMs: leaseMs + 1000 })),
  },
  {
    id: "lease-ends/early",
    defect: "A lease ends a second too soon.",
    seams: () => liveness(({ leaseMs }) => ({ leaseMs: leaseMs - 1000 })),
  },
  {
    id: "lease-heartbeat/ignored",
    defect: "Heartbeat is answered, and renews nothing.",
    seams: () =>
      methods((service, deps) => ({
        heartbeat: async (request, context) => {
          const before = sessionOf(await ownRecord(deps, context), request.sessionId)?.leaseEndMs;
          const answer = await service.heartbeat(request, context);
          await touch(deps, context, (record) => {
            const session = sessionOf(record, request.sessionId);
            if (session && before !== undefined) session.leaseEndMs = before;
          });
          return answer;
        },
      })),
  },
  {
    id: "lease-watch/ignored",
    defect: "Opening a Watch renews nothing.",
    seams: () => ({
      user: (service, deps) => ({
        ...service,
        watch: async function* (request, context) {
          const before = sessionOf(await ownRecord(deps, context), request.sessionId)?.leaseEndMs;
          let first = true;
          for await (const frame of service.watch(request, context) as AsyncIterable<never>) {
            if (first && before !== undefined) {
              await touch(deps, context, (record) => {
                const session = sessionOf(record, request.sessionId);
                if (session) session.leaseEndMs = before;
              });
            }
            first = false;
            yield frame;
          }
        },
      }),
    }),
  },
  {
    id: "lease-login/ignored",
    defect: "Login again renews nothing.",
    seams: () =>
      methods((service, deps) => ({
        login: async (request, context) => {
          const before = (await ownRecord(deps, context)).sessions.find(
            ({ deviceId }) => deviceId === request.deviceId,
          )?.leaseEndMs;
          const answer = await service.login(request, context);
          if (before !== undefined) {
            await touch(deps, context, (record) => {
              const session = sessionOf(record, answer.sessionId);
              if (session) session.leaseEndMs = before;
            });
          }
          return answer;
        },
      })),
  },
  {
    id: "lease-reads/renew",
    defect: "A query is a sign of life.",
    seams: () =>
      methods((service, deps) => ({
        queryStatuses: async (request, context) => {
          const answer = await service.queryStatuses(request, context);
          const { appId, userId } = callerOf(context);
          await deps.store.update(appId, userId, (record, nowMs, core) =>
            renew(record, request.sessionId, null, nowMs, core),
          );
          return answer;
        },
      })),
  },
  {
    id: "lease-ends-watch/may-not-resume",
    defect: "A lapsed lease tells the client not to come back.",
    seams: () => ({
      user: (service) => ({
        ...service,
        watch: async function* (request, context) {
          for await (const frame of service.watch(request, context) as AsyncIterable<{
            events: { event: { case?: string; value?: { mayResume?: boolean } } }[];
          }>) {
            for (const { event } of frame.events)
              if (event.case === "watchEnd" && event.value) event.value.mayResume = false;
            yield frame as never;
          }
        },
      }),
    }),
  },
  {
    id: "link-close/unnoticed",
    defect: "The end of a Watch by the client is not noticed.",
    seams: () => ({
      hub: (hub) => ({
        ...hub,
        open: async (request, _gone) => {
          const frames = await hub.open(request, new AbortController().signal);
          const inner = frames[Symbol.asyncIterator]();
          return {
            [Symbol.asyncIterator]: () => ({
              next: () => inner.next(),
              return: async () => ({ done: true as const, value: undefined }),
            }),
          } as typeof frames;
        },
      }),
    }),
  },
  {
    id: "link-server-end/counts-as-loss",
    defect: "Replacing a Watch counts as the loss of the link.",
    seams: () => {
      const open = new Set<string>();
      return {
        user: (service, deps) => ({
          ...service,
          watch: async function* (request, context) {
            const again = open.has(request.sessionId);
            open.add(request.sessionId);
            let first = true;
            for await (const frame of service.watch(request, context) as AsyncIterable<never>) {
              yield frame;
              if (first && again)
                await touch(deps, context, (record, nowMs) => loseLink(record, request.sessionId, nowMs));
              first = false;
            }
          },
        }),
      };
    },
  },
  { id: "link-grace/none", defect: "A lost link shows at once.", seams: () => liveness(() => ({ graceMs: 0 })) },
  {
    id: "lost-offline/logged-out",
    defect: "A lost session counts as logged out.",
    profiles: ["standard", "zim", "tencent-native"],
    seams: () => liveness(() => ({ offline: false })),
  },
  {
    id: "lost-logged-out/offline",
    defect: "A lost web session makes its user OFFLINE.",
    profiles: ["tencent-web", "tencent-web-v2"],
    seams: () => liveness(() => ({ offline: true })),
  },
  {
    id: "lost-calls/taken",
    defect: "A query with a lost session is answered.",
    seams: () =>
      methods((service, deps) => ({
        queryStatuses: async (request, context) => {
          const session = sessionOf(await ownRecord(deps, context), request.sessionId);
          const { appId, userId } = callerOf(context);
          if (session && session.lostMs !== null) {
            await deps.store.update(appId, userId, (record, nowMs, core) =>
              renew(record, request.sessionId, null, nowMs, core),
            );
          }
          return service.queryStatuses(request, context);
        },
      })),
  },
  {
    id: "lost-revive/only-by-login",
    defect: "Heartbeat does not revive a lost session.",
    seams: () =>
      methods((service, deps) => ({
        heartbeat: async (request, context) => {
          const session = sessionOf(await ownRecord(deps, context), request.sessionId);
          if (session && session.lostMs !== null) throw refusal(deps.rules.profile, "SESSION_LOST", "log in");
          return service.heartbeat(request, context);
        },
      })),
  },
  {
    id: "lost-decay/never",
    defect: "A lost session never decays.",
    profiles: ["standard", "tencent-native"],
    seams: () => liveness(() => ({ decayMs: Number.POSITIVE_INFINITY })),
  },
  {
    id: "online-any/logout-ends-all",
    defect: "Logging one session out logs the user out.",
    seams: () =>
      methods((service, deps) => ({
        logout: async (request, context) => {
          const answer = await service.logout(request, context);
          const { appId, userId } = callerOf(context);
          await deps.store.update(appId, userId, (record, nowMs, core) => endSessions(record, [], nowMs, core));
          return answer;
        },
      })),
  },
  {
    id: "online-never/offline",
    defect: "Who never logged in is OFFLINE.",
    seams: () => rules(() => ({ neverLoggedIn: OnlineStatus.OFFLINE })),
  },
  {
    id: "online-platforms/descending",
    defect: "Platforms come in descending order.",
    profiles: ["standard", "zim"],
    seams: () => statuses((status) => void status.onlinePlatforms.reverse()),
  },
  {
    id: "online-platforms/when-logged-out",
    defect: "Platforms are shown of users who are not ONLINE.",
    seams: () =>
      statuses((status) => {
        if (status.onlineStatus !== OnlineStatus.ONLINE) status.onlinePlatforms = [Platform.WEB];
      }),
  },
  {
    id: "online-times/any-change",
    defect: "The time of the online status moves with every change.",
    profiles: ["standard", "zim"],
    seams: () =>
      statuses((status) => {
        if (status.updateTime) status.onlineStatusUpdateTime = status.updateTime;
      }),
  },
  {
    id: "online-quiet/heartbeat-shows",
    defect: "Each heartbeat makes a new revision.",
    seams: () =>
      methods((service, deps) => ({
        heartbeat: async (request, context) => {
          const answer = await service.heartbeat(request, context);
          await touch(deps, context, (record) => void record.revision++);
          return answer;
        },
      })),
  },
];
