// A server that says yes: complete and honest-looking server info, every call accepted, nothing behind it. Watch
// opens and sends nothing.
import { create } from "@bufbuild/protobuf";
import { type Timestamp, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ConnectRouter, HandlerContext } from "@connectrpc/connect";
import {
  ClockScope,
  type GetServerInfoResponse,
  GetServerInfoResponseSchema,
  OnlineStatus,
  Platform,
  publishedProfile,
  SelfStatusSchema,
  type UserStatus,
  UserStatusSchema,
  UserStatusService,
  type WatchResponse,
} from "@userstatus/protocol";
import { AdminService } from "@userstatus/protocol/admin";
import { TestingService } from "@userstatus/protocol/testing";
import { durationOf } from "../units.ts";
import { serveRoutes, type TestTarget } from "./null-server.ts";

export interface YesOptions {
  /** Answers with session ids, epochs and statuses that look real, and are always the same. */
  readonly plausible: boolean;
  readonly profile?: string;
  /** One clock for all apps. */
  readonly serverClock?: boolean;
}

export function startYesServer(options: YesOptions): Promise<TestTarget> {
  return serveRoutes((router) => {
    if (options.plausible) plausibleUser(router, options);
    else emptyUser(router, options);
    admin(router);
    clock(router);
  });
}

function info({ profile: name = "standard", serverClock = false }: YesOptions): GetServerInfoResponse {
  const profile = publishedProfile(name);
  if (profile === undefined) throw new RangeError(`no profile ${name}`);
  const tools = ["admin", "test_clock", "multi_app", "resume", "transport.connect", "codec.json", "http_get"];
  return create(GetServerInfoResponseSchema, {
    specVersion: "1.0",
    serverName: "yes",
    claims: [...profile.claims, ...tools],
    profile,
    testClockScope: serverClock ? ClockScope.SERVER : ClockScope.APP,
    keepAliveInterval: durationOf(2000),
    serverTime: timestampFromMs(Date.now()),
  });
}

/** Open, and silent. */
async function* silence(_: unknown, context: HandlerContext): AsyncIterable<WatchResponse> {
  await new Promise<void>((resolve) => context.signal.addEventListener("abort", () => resolve()));
  yield* [];
}

function emptyUser(router: ConnectRouter, options: YesOptions): void {
  const yes = () => ({});
  router.service(UserStatusService, {
    getServerInfo: () => info(options),
    login: yes,
    logout: yes,
    heartbeat: yes,
    setCustomStatus: yes,
    queryStatuses: yes,
    subscribe: yes,
    unsubscribe: yes,
    listSubscriptions: yes,
    sync: yes,
    watch: silence,
  });
}

function plausibleUser(router: ConnectRouter, options: YesOptions): void {
  const epoch = "epoch-1";
  const lease = durationOf(75_000);
  const heartbeatInterval = durationOf(30_000);
  const now = (): Timestamp => timestampFromMs(Date.now());
  const statusOf = (userId: string): UserStatus =>
    create(UserStatusSchema, { userId, revision: 1n, onlineStatus: OnlineStatus.ONLINE });
  const session = { sessionId: "session-1", deviceId: "device-1", platform: Platform.ANDROID };
  const self = create(SelfStatusSchema, { status: statusOf("somebody"), sessions: [session] });
  router.service(UserStatusService, {
    getServerInfo: () => info(options),
    login: () => ({ sessionId: "session-1", epoch, self, lease, heartbeatInterval, serverTime: now() }),
    logout: () => ({ epoch, self }),
    heartbeat: () => ({ lease, serverTime: now() }),
    setCustomStatus: () => ({ epoch, self }),
    queryStatuses: ({ userIds }) => ({
      epoch,
      results: userIds.map((userId) => ({ userId, result: { case: "status" as const, value: statusOf(userId) } })),
    }),
    subscribe: ({ userIds }) => ({
      epoch,
      results: userIds.map((userId) => ({
        userId,
        result: {
          case: "subscribed" as const,
          value: { subscription: { userId, generation: 1n }, status: statusOf(userId) },
        },
      })),
    }),
    unsubscribe: ({ target }) => ({ endedUserIds: target.case === "users" ? target.value.userIds : [] }),
    listSubscriptions: () => ({ epoch, subscriptions: [] }),
    sync: () => ({}),
    watch: silence,
  });
}

function admin(router: ConnectRouter): void {
  router.service(AdminService, {
    registerUsers: ({ userIds }) => ({ createdCount: userIds.length }),
    deleteUsers: ({ userIds }) => ({ deletedCount: userIds.length }),
    setFriends: ({ friendUserIds }) => ({ friendUserIds }),
    getFeatures: () => ({ features: { plan: true, userStatus: true } }),
    updateFeatures: ({ features }) => (features === undefined ? {} : { features }),
    endSessions: () => ({}),
    queryStatuses: () => ({ epoch: "epoch-1" }),
  });
}

/** A clock that moves, and moves nothing. */
function clock(router: ConnectRouter): void {
  let offsetMs = 0;
  let stoppedAt: number | undefined;
  const nowMs = (): number => (stoppedAt ?? Date.now()) + offsetMs;
  router.service(TestingService, {
    getClock: () => ({ now: timestampFromMs(nowMs()), stopped: stoppedAt !== undefined }),
    advanceClock: ({ duration }) => {
      stoppedAt ??= Date.now();
      offsetMs += Number(duration?.seconds ?? 0n) * 1000 + (duration?.nanos ?? 0) / 1e6;
      return { now: timestampFromMs(nowMs()) };
    },
    changeEpoch: () => ({ epoch: "epoch-2" }),
  });
}
