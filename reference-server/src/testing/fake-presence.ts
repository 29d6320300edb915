// A presence server that answers just enough to test the edges around it.
import { Code, ConnectError } from "@connectrpc/connect";
import { UserStatusService, WatchEndReason } from "@userstatus/protocol";
import { AdminService } from "@userstatus/protocol/admin";
import { TestingService } from "@userstatus/protocol/testing";
import type { PresenceServer, PresenceServerOptions } from "../presence-server.ts";
import { type Identity, identityKey } from "../rpc/identity.ts";

export interface FakePresence extends PresenceServer {
  readonly options: PresenceServerOptions;
  /** Identities of the calls that arrived, oldest first. */
  readonly callers: readonly (Identity | undefined)[];
  readonly drained: () => boolean;
  readonly closed: () => boolean;
}

/** Login of the device `crash` throws; `forbidden` is refused. Watch stays open until drain; of the session `crash` it throws. */
export function createFakePresence(options: PresenceServerOptions): FakePresence {
  const callers: (Identity | undefined)[] = [];
  let drained = false;
  let endStreams = (): void => {};
  const draining = new Promise<void>((resolve) => {
    endStreams = resolve;
  });
  let closed = false;
  return {
    options,
    callers,
    drained: () => drained,
    closed: () => closed,
    open: async () => {},
    userRoutes: (router) => {
      router.service(UserStatusService, {
        getServerInfo: (_request, { values }) => {
          callers.push(values.get(identityKey));
          return { specVersion: "1.0", serverName: "fake", claims: [...options.claims], profile: options.profile };
        },
        login: ({ deviceId }, { values }) => {
          callers.push(values.get(identityKey));
          if (deviceId === "crash") throw new Error("the password of the database is hunter2");
          if (deviceId === "forbidden") throw new ConnectError("no", Code.PermissionDenied);
          return { sessionId: "s1", epoch: "e1" };
        },
        queryStatuses: ({ userIds }) => ({ epoch: "e1", results: userIds.map((userId) => ({ userId })) }),
        async *watch({ sessionId }, { signal }) {
          yield { events: [{ event: { case: "hello", value: { epoch: "e1" } } }] };
          if (sessionId === "crash") throw new Error("the password of the database is hunter2");
          const gone = new Promise<void>((resolve) => signal.addEventListener("abort", () => resolve()));
          await Promise.race([draining, gone]);
          if (drained) yield { events: [{ event: { case: "watchEnd", value: { reason: WatchEndReason.DRAIN } } }] };
        },
      });
    },
    adminRoutes: (router) => {
      router.service(AdminService, { registerUsers: ({ userIds }) => ({ createdCount: userIds.length }) });
    },
    testingRoutes: (router) => {
      router.service(TestingService, { getClock: () => ({ stopped: true }) });
    },
    stats: () => ({ apps: 1, users: 2, watches: 3, delivered: 4 }),
    drain: async () => {
      drained = true;
      endStreams();
    },
    close: () => {
      closed = true;
    },
  };
}
