// userstatus.v1.UserStatusService, put together.
import { durationFromMs, timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { ServiceImpl } from "@connectrpc/connect";
import { ClockScope, type UserStatusService, type WatchRequest } from "@userstatus/protocol";
import type { OpenedWatch, OpenRequest } from "../watch/hub.ts";
import { asRpcError, callerOf, refusing } from "./call.ts";
import type { ServiceDeps } from "./deps.ts";
import { identityKey } from "./identity.ts";
import { createSessionMethods } from "./session-methods.ts";
import { breakOffKey, sinkKey } from "./stream-control.ts";
import { createSubscriptionMethods } from "./subscription-methods.ts";
import type { UnaryContext } from "./unary-methods.ts";
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
      try {
        const sink = info.direct ? context.values.get(sinkKey) : undefined;
        const open = openRequestOf(request, context, context.values.get(breakOffKey));
        yield* await hub.open({ ...open, sink }, context.signal);
      } catch (error) {
        throw asRpcError(error, profile);
      }
    },
  };
}

/** Opens a Watch whose frames pass through nothing. Rejects with what the caller is to be told. */
export type OpenWatch = (
  request: WatchRequest,
  context: UnaryContext,
  connection: Pick<OpenRequest, "breakOff" | "isGone">,
) => Promise<OpenedWatch>;

export function createOpenWatch({ hub, rules: { profile } }: ServiceDeps): OpenWatch {
  return async (request, context, { breakOff, isGone }) => {
    try {
      const { feed, leave } = await hub.openDirect({ ...openRequestOf(request, context, breakOff), isGone });
      const asTold = (error: unknown): never => {
        throw asRpcError(error, profile);
      };
      return { feed: (connection) => feed(connection).catch(asTold), leave };
    } catch (error) {
      throw asRpcError(error, profile);
    }
  };
}

function openRequestOf({ sessionId, cursor }: WatchRequest, context: UnaryContext, breakOff: () => void): OpenRequest {
  const { appId, userId, expiresAtMs } = callerOf(context);
  return { appId, userId, sessionId, cursor, tokenExpiresAtMs: expiresAtMs, breakOff };
}
