// userstatus.v1.UserStatusService, put together.
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { ClockScope, type UserStatusService } from "@userstatus/protocol";
import { asRpcError, callerOf, refusing } from "./call.ts";
import type { ServiceDeps } from "./deps.ts";
import { identityKey } from "./identity.ts";
import { createSessionMethods } from "./session-methods.ts";
import { breakOffKey, sinkKey } from "./stream-control.ts";
import { createSubscriptionMethods } from "./subscription-methods.ts";
import { marker } from "./validate.ts";

export interface ServerInfoOptions {
  readonly serverName: string;
  readonly serverVersion: string;
  /** All claims. */
  readonly claims: readonly string[];
  readonly testClock: boolean;
  readonly keepAliveMs: number;
  readonly wallNow: () => number;
  /** Whether live frames may go straight to the connection; else every frame passes through what calls this service. */
  readonly direct: boolean;
}

/** Version of SPEC.md that this server implements. */
const specVersion = "1.0";

export function createUserService(deps: ServiceDeps, info: ServerInfoOptions): ServiceImpl<typeof UserStatusService> {
  const { store, rules, hub } = deps;
  const session = createSessionMethods(deps);
  const subscription = createSubscriptionMethods(deps);
  const { profile } = rules;
  return {
    getServerInfo: refusing(profile, store, (_request, context) => {
      const caller = context.values.get(identityKey);
      return {
        specVersion,
        serverName: info.serverName,
        serverVersion: info.serverVersion,
        claims: [...info.claims],
        profile,
        testClockScope: info.testClock ? ClockScope.APP : ClockScope.UNSPECIFIED,
        keepAliveInterval: durationFromMs(info.keepAliveMs),
        serverTime: timestampFromMs(caller ? store.now(caller.appId) : info.wallNow()),
      };
    }),
    login: refusing(profile, store, session.login),
    logout: refusing(profile, store, session.logout),
    heartbeat: refusing(profile, store, session.heartbeat),
    setCustomStatus: refusing(profile, store, session.setCustomStatus),
    queryStatuses: refusing(profile, store, subscription.queryStatuses),
    subscribe: refusing(profile, store, subscription.subscribe),
    unsubscribe: refusing(profile, store, subscription.unsubscribe),
    listSubscriptions: refusing(profile, store, subscription.listSubscriptions),
    sync: refusing(profile, store, async (request, context) => {
      const { appId, userId } = callerOf(context);
      await hub.sync(appId, userId, request.sessionId, marker(request.marker));
      return {};
    }),
    watch: async function* (request, context) {
      const { appId, userId, expiresAtMs } = callerOf(context);
      const { sessionId, cursor } = request;
      try {
        const breakOff = context.values.get(breakOffKey);
        const sink = info.direct ? context.values.get(sinkKey) : undefined;
        const open = { appId, userId, sessionId, cursor, tokenExpiresAtMs: expiresAtMs, breakOff, sink };
        yield* await hub.open(open, context.signal);
      } catch (error) {
        throw asRpcError(error, profile);
      }
    },
  };
}
