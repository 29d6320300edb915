// The client of the User Status Protocol, for Node and browsers: nothing here may reach a module of Node.
export type { BackoffOptions } from "./backoff.ts";
export { createUserStatusClient } from "./client.ts";
export type {
  ConnectionStateChangedEvent,
  ConnectOptions,
  KickedOutEvent,
  RetryScheduledEvent,
  SelfChangedEvent,
  ServerTimeEvent,
  StatusChangedEvent,
  SubscriptionChangedEvent,
  SubscriptionEndedEvent,
  TokenExpiringEvent,
  TtlControl,
  UserStatusClient,
  UserStatusClientOptions,
  UserStatusEvents,
  WatchOpenedEvent,
} from "./client-types.ts";
export type { ConnectionEvent, ConnectionState, OwnStatus } from "./connection-state.ts";
export { type ClientReason, type Reason, type Refusal, UserStatusError } from "./errors.ts";
export type { QueryOutcome, SubscribeOutcome, UnsubscribeOutcome } from "./results.ts";
export type { LoginCustomStatus } from "./session.ts";
export type { CallControl, ListQuery } from "./session-calls.ts";
export type { Clock, Random, Scheduler } from "./time.ts";
export type { TokenInput } from "./token.ts";
