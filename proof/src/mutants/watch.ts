// Defects of Watch, resume, Sync, revisions and epochs (SPEC §11, §12, §13).
import { OnlineStatus, ResumeResult, WatchEndReason } from "@userstatus/protocol";
import { callerOf, Refused } from "@userstatus/server/seams";
import type { Mutant } from "../mutant.ts";
import {
  type Any,
  answers,
  type Event,
  events,
  frameOf,
  methods,
  reasonOf,
  refusals,
  requests,
  statuses,
  unaryNames,
  without,
} from "../seam-tools.ts";

const openWith = (edit: (request: Any) => Any) => ({
  hub: (hub: Any) => ({ ...hub, open: (request: Any, gone: AbortSignal) => hub.open(edit(request), gone) }),
});
const resumed = (edit: (event: Event) => boolean) =>
  events(() => {
    let catchingUp = false;
    return (event) => {
      if (event.case === "hello") catchingUp = event.value.resumeResult === ResumeResult.RESUMED;
      if (event.case === "snapshotEnd") catchingUp = false;
      return catchingUp && edit(event) ? [] : [event];
    };
  });

export const watchMutants: readonly Mutant[] = [
  {
    id: "watch-hello/second",
    defect: "hello comes behind the self status.",
    seams: () =>
      events(() => {
        let held: Event | undefined;
        return (event) => {
          if (event.case === "hello") {
            held = event;
            return [];
          }
          const first = held;
          held = undefined;
          return first ? [event, first] : [event];
        };
      }),
  },
  {
    id: "watch-snapshot/no-statuses",
    defect: "The snapshot has rows without statuses.",
    seams: () => without((event, live) => !live && event.case === "status"),
  },
  {
    id: "watch-snapshot/no-self",
    defect: "The snapshot has no self status.",
    profiles: ["standard", "zim"],
    seams: () => without((event, live) => !live && event.case === "self"),
  },
  {
    id: "watch-snapshot-end/twice",
    defect: "snapshot_end comes twice.",
    seams: () => events(() => (event) => (event.case === "snapshotEnd" ? [event, event] : [event])),
  },
  {
    id: "watch-catch-up/forgotten",
    defect: "Who was logged out is not told what he missed.",
    profiles: ["standard", "zim", "tencent-native"],
    seams: () => {
      const away = new Set<string>();
      const key = (context: Any) => `${callerOf(context).appId} ${callerOf(context).userId}`;
      const seams = events(({ context }) => {
        let live = !away.has(key(context));
        return (event) => {
          if (event.case === "snapshotEnd") live = true;
          return !live && event.case === "status" ? [] : [event];
        };
      });
      return {
        user: (service, deps) => {
          const { logout } = service;
          const watching = seams.user?.(service, deps) ?? service;
          return {
            ...watching,
            logout: (request, context) => {
              away.add(key(context));
              return logout(request, context);
            },
          };
        },
      };
    },
  },
  {
    id: "watch-session/served",
    defect: "A session that is over gets a Watch all the same.",
    seams: () => ({
      user: (service, deps) => ({
        ...service,
        watch: async function* (request, context) {
          try {
            yield* service.watch(request, context) as AsyncIterable<Any>;
          } catch (error) {
            if (!reasonOf(error)?.startsWith("SESSION")) throw error;
            const epoch = await deps.store.epoch(callerOf(context).appId);
            yield frameOf([
              {
                case: "hello",
                value: { $typeName: "userstatus.v1.Hello", epoch, resumeResult: ResumeResult.RESET } as Any,
              },
            ]);
          }
        },
      }),
    }),
  },
  {
    id: "watch-replaced/second-refused",
    defect: "A second Watch of a session is refused.",
    seams: () => {
      const open = new Map<string, AbortSignal>();
      return {
        hub: (hub) => ({
          ...hub,
          open: async (request, gone) => {
            const before = open.get(request.sessionId);
            if (before && !before.aborted) throw new Refused("INVALID_FIELD", "there is one already");
            open.set(request.sessionId, gone);
            return hub.open(request, gone);
          },
        }),
      };
    },
  },
  {
    id: "watch-self/snapshot-only",
    defect: "One's own changes are not told.",
    seams: () => without((event, live) => live && event.case === "self"),
  },
  {
    id: "watch-self-view/all-shown",
    defect: "The self view shows the online status where it is reduced, and hides it where it is full.",
    profiles: ["standard", "zim"],
    seams: () =>
      events(() => (event) => {
        if (event.case !== "self" || !event.value.status) return [event];
        const onlineStatus =
          event.value.status.onlineStatus === OnlineStatus.UNSPECIFIED ? OnlineStatus.ONLINE : OnlineStatus.UNSPECIFIED;
        return [{ case: "self", value: { ...event.value, status: { ...event.value.status, onlineStatus } } }];
      }),
  },
  {
    id: "watch-self-view/newest-first",
    defect: "Sessions come newest first.",
    seams: () =>
      events(
        () => (event) =>
          event.case === "self"
            ? [{ case: "self", value: { ...event.value, sessions: event.value.sessions.toReversed() } }]
            : [event],
      ),
  },
  {
    id: "watch-only-visible/everybody",
    defect: "The statuses of strangers are told.",
    seams: () => {
      const users = new Map<string, Set<string>>();
      const seams = events(({ context, deps }) => {
        const { appId, userId } = callerOf(context);
        const revisions = new Map<string, number>();
        return (event) => {
          if (event.case !== "synced") return [event];
          const strangers = [...(users.get(appId) ?? [])].filter((id) => id !== userId);
          for (const id of strangers) revisions.set(id, (revisions.get(id) ?? deps.store.now(appId) * 1000) + 1);
          return [
            ...strangers.map(
              (id): Event => ({
                case: "status",
                value: {
                  $typeName: "userstatus.v1.UserStatus",
                  userId: id,
                  revision: BigInt(revisions.get(id) ?? 0),
                  onlineStatus: 1,
                  onlinePlatforms: [],
                } as Any,
              }),
            ),
            event,
          ];
        };
      });
      return {
        user: (service, deps) => ({
          ...(seams.user?.(service, deps) ?? service),
          login: (request, context) => {
            const { appId, userId } = callerOf(context);
            users.set(appId, (users.get(appId) ?? new Set()).add(userId));
            return service.login(request, context);
          },
        }),
      };
    },
  },
  {
    id: "watch-conflates/first-wins",
    defect: "Of changes in quick succession the first is told, not the last.",
    seams: () =>
      events(() => {
        const told = new Map<string, number>();
        let live = false;
        return (event) => {
          if (event.case === "snapshotEnd") live = true;
          if (event.case !== "status" || !live) return [event];
          const before = told.get(event.value.userId) ?? Number.NEGATIVE_INFINITY;
          if (performance.now() - before < 500) return [];
          told.set(event.value.userId, performance.now());
          return [event];
        };
      }),
  },
  {
    id: "watch-end-last/goes-on",
    defect: "A keep-alive comes after watch_end.",
    seams: () =>
      events(
        () => (event) =>
          event.case === "watchEnd"
            ? [
                event,
                {
                  case: "progress",
                  value: { $typeName: "userstatus.v1.Progress", cursor: new Uint8Array(), heartbeatRequested: false },
                },
              ]
            : [event],
      ),
  },
  {
    id: "cursor-malformed/reset",
    defect: "Any bytes are taken as a cursor that is too old.",
    seams: () => ({
      hub: (hub) => ({
        ...hub,
        open: async (request, gone) => {
          try {
            return await hub.open(request, gone);
          } catch (error) {
            if (!(error instanceof Refused) || error.reason !== "MALFORMED_CURSOR") throw error;
            return hub.open({ ...request, cursor: new Uint8Array() }, gone);
          }
        },
      }),
    }),
  },
  {
    id: "cursor-reset/refused",
    defect: "A cursor that can't be used is refused.",
    seams: () => ({
      hub: (hub) => ({
        ...hub,
        open: async (request, gone) => {
          const frames = await hub.open(request, gone);
          if (request.cursor.length === 0) return frames;
          return (async function* () {
            for await (const frame of frames) {
              const [first] = frame.events;
              if (first?.event.case === "hello" && first.event.value.resumeResult === ResumeResult.RESET)
                throw new Refused("MALFORMED_CURSOR", "too old");
              yield frame;
            }
          })();
        },
      }),
    }),
  },
  {
    id: "resume-covers/forgets-the-gone",
    defect: "Resuming leaves out those who went offline.",
    seams: () => resumed((event) => event.case === "status" && event.value.onlineStatus !== OnlineStatus.ONLINE),
  },
  {
    id: "resume-covers/forgets-expired-texts",
    defect: "Resuming leaves out those whose text ran out.",
    seams: () =>
      resumed(
        (event) =>
          event.case === "status" &&
          event.value.onlineStatus === OnlineStatus.ONLINE &&
          event.value.customStatus === undefined,
      ),
  },
  {
    id: "resume-ended/forgets-ends",
    defect: "Resuming leaves out rows that ended.",
    seams: () => resumed((event) => event.case === "subscriptionEnded"),
  },
  {
    id: "resume-ended/forgets-new",
    defect: "Resuming leaves out rows that were made.",
    seams: () => resumed((event) => event.case === "subscribed"),
  },
  {
    id: "resume-used/always-reset",
    defect: "Resuming is claimed, and every Watch is reset.",
    seams: () => openWith((request) => ({ ...request, cursor: new Uint8Array() })),
  },
  {
    id: "cursor-safe/ahead",
    defect: "A keep-alive's cursor covers a status that has not left yet.",
    seams: () =>
      events(() => {
        let live = false;
        let held: Event[] = [];
        return (event) => {
          if (event.case === "snapshotEnd") live = true;
          if (live && event.case === "status") {
            held.push(event);
            return [];
          }
          const late = held;
          if (event.case === "progress") return [event];
          held = [];
          return [...late, event];
        };
      }),
  },
  {
    id: "sync-fence/overtakes",
    defect: "The marker overtakes the data.",
    seams: () =>
      events(() => {
        let live = false;
        let held: Event[] = [];
        return (event) => {
          if (event.case === "snapshotEnd") live = true;
          if (live && (event.case === "status" || event.case === "subscriptionEnded")) {
            held.push(event);
            return [];
          }
          const late = held;
          held = [];
          return event.case === "synced" ? [event, ...late] : [...late, event];
        };
      }),
  },
  {
    id: "sync-own/twice",
    defect: "A marker comes twice.",
    seams: () => events(() => (event) => (event.case === "synced" ? [event, event] : [event])),
  },
  {
    id: "sync-no-watch/answered",
    defect: "Sync without a Watch is answered.",
    seams: () =>
      refusals(["sync"], (error) => {
        if (reasonOf(error) !== "NO_OPEN_WATCH") throw error;
        return {};
      }),
  },
  {
    id: "sync-marker/cut",
    defect: "A marker is cut to 32 bytes.",
    seams: () => requests("sync", (request) => ({ ...request, marker: request.marker.slice(0, 32) })),
  },
  {
    id: "sync-marker/any-length",
    defect: "A marker of 65 bytes is taken.",
    seams: () => requests("sync", (request) => ({ ...request, marker: request.marker.slice(0, 64) })),
  },
  {
    id: "rev-order/goes-back",
    defect: "An older status comes again after a newer one.",
    seams: () =>
      events(() => {
        const before = new Map<string, Event>();
        return (event) => {
          if (event.case !== "status") return [event];
          const older = before.get(event.value.userId);
          before.set(event.value.userId, event);
          return older ? [event, older] : [event];
        };
      }),
  },
  {
    id: "rev-change/never",
    defect: "The revision never changes.",
    seams: () =>
      statuses((status) => {
        status.revision = 1n;
      }),
  },
  {
    id: "rev-safe/too-large",
    defect: "Revisions are beyond 2^53.",
    seams: () =>
      statuses((status) => {
        status.revision += 1n << 60n;
      }),
  },
  {
    id: "rev-safe/starts-anew",
    defect: "Who is registered anew starts with low revisions.",
    seams: () => ({
      admin: (service, deps) => ({
        ...service,
        registerUsers: async (request, context) => {
          const answer = await service.registerUsers(request, context);
          for (const userId of request.userIds) {
            await deps.store.update(callerOf(context).appId, userId, (record) => {
              if (record.incarnation > 1 && !record.everLoggedIn) record.revision = 1;
            });
          }
          return answer;
        },
      }),
    }),
  },
  {
    id: "epoch-same/of-the-call",
    defect: "Every answer has an epoch of its own.",
    seams: () =>
      answers(
        unaryNames.filter((name) => !["heartbeat", "unsubscribe", "sync"].includes(name)),
        (answer) => ({ ...answer, epoch: String(Math.random()) }),
      ),
  },
  {
    id: "epoch-change/watch-stays",
    defect: "A new epoch is made without a word to the open Watches.",
    seams: () => without((event) => event.case === "watchEnd" && event.value.reason === WatchEndReason.RESYNC),
  },
  {
    id: "custom-own-told/only-others",
    defect: "The setter's own Watch is not told.",
    seams: () => {
      const setters = new Set<string>();
      const told = events(
        ({ sessionId }) =>
          (event) =>
            event.case === "self" && setters.has(sessionId) ? [] : [event],
      );
      return {
        user: (service, deps) =>
          told.user?.(
            {
              ...service,
              ...(methods((plain) => ({
                setCustomStatus: (request, context) => {
                  setters.add(request.sessionId);
                  return plain.setCustomStatus(request, context);
                },
              })).user?.(service, deps) ?? {}),
            },
            deps,
          ) ?? service,
      };
    },
  },
];
