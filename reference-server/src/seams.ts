// For tests of tests: the seams of the presence server, and the types of the parts between them. No promise of stability.
export type { Change, CoreContext, RowRecord, SessionRecord, UserRecord } from "./core/model.ts";
export { Refused } from "./core/refused.ts";
export type { Liveness, RateRule, Rules, TtlRules } from "./core/rules.ts";
export { endSessions, loseLink, renew } from "./core/sessions.ts";
export { subscribe, unsubscribe } from "./core/subscriptions.ts";
export { publicStatus } from "./core/views.ts";
export {
  type AdminServiceImpl,
  createPresenceServer,
  type PresenceSeams,
  type PresenceServer,
  type PresenceServerOptions,
  type TestingServiceImpl,
  type UserServiceImpl,
} from "./presence-server.ts";
export { callerOf } from "./rpc/call.ts";
export type { ServiceDeps } from "./rpc/deps.ts";
export type { Gatekeeper } from "./rpc/gate.ts";
export { identityKey } from "./rpc/identity.ts";
export { refusal } from "./rpc/refuse.ts";
export type { Command, Commit, Features, Store, StoreClock, StoreListener } from "./store/store.ts";
export type { Hub } from "./watch/hub.ts";
