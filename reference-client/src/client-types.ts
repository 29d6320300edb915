// The public face of the client: options, events, methods.
import type { Transport } from "@connectrpc/connect";
import type {
  GetServerInfoResponse,
  Platform,
  SelfStatus,
  SubscribedUser,
  Subscription,
  SubscriptionEndReason,
  UserStatus,
} from "@userstatus/protocol";
import type { BackoffOptions } from "./backoff.ts";
import type { ConnectionEvent, ConnectionState, OwnStatus } from "./connection-state.ts";
import type { UserStatusError } from "./errors.ts";
import type { QueryOutcome, SubscribeOutcome, UnsubscribeOutcome } from "./results.ts";
import type { LoginCustomStatus } from "./session.ts";
import type { CallControl, ListQuery } from "./session-calls.ts";
import type { Clock, Random, Scheduler } from "./time.ts";
import type { TokenInput } from "./token.ts";

/** What a client is made of. */
export interface UserStatusClientOptions {
  /**
   * Any Connect transport: of `@connectrpc/connect-web` in browsers, of `@connectrpc/connect-node` in Node. Without a
   * default timeout.
   */
  readonly transport: Transport;
  /**
   * A bearer token, or a function that gives a new one each time it is called. With a function the session outlives its
   * tokens.
   */
  readonly token: TokenInput;
  /** Names the device or tab: 1 to 64 bytes of the characters of user ids. The same id again goes on with the same session. */
  readonly deviceId: string;
  /** What it runs on. */
  readonly platform: Platform;
  /** Longest wait for one call. Default 10,000 ms. */
  readonly callTimeoutMs?: number;
  /** Longest wait for login and the opening of the first Watch together. Default 15,000 ms. */
  readonly loginTimeoutMs?: number;
  /** Waits between tries to come back. */
  readonly backoff?: Partial<BackoffOptions>;
  /**
   * Called when a Watch was silent for too long, before the next try: let go of the transport's connections here. Over HTTP/2 the
   * next Watch would else be put on the same connection, and if that is dead, hear nothing either.
   */
  readonly onSilence?: () => void;
  /** Most targets and most rows that are held. Default 100,000. Those beyond are left out and told as `error` TOO_MANY_USERS. */
  readonly tableMax?: number;
  /** Milliseconds that never run backwards. Default: the runtime's. */
  readonly clock?: Clock;
  /** Default: Math.random. */
  readonly random?: Random;
  /** Default: the runtime's timers. */
  readonly scheduler?: Scheduler;
}

/** Options of `connect`. */
export interface ConnectOptions {
  /** Set with the login. Absent, or with an empty text: the custom status stays as it is. */
  readonly customStatus?: LoginCustomStatus;
  /** Gives up; nothing is left behind. */
  readonly signal?: AbortSignal;
}

/** A target's status changed. */
export interface StatusChangedEvent {
  readonly userId: string;
  /** Undefined: the server tells of this user no more. */
  readonly status: UserStatus | undefined;
  /** What was held before. Undefined: nothing. */
  readonly previous: UserStatus | undefined;
}

/** One's own status or sessions changed, here or on another device. */
export interface SelfChangedEvent {
  readonly self: SelfStatus;
  readonly previous: SelfStatus | undefined;
}

/** The connection state changed. */
export interface ConnectionStateChangedEvent {
  readonly state: ConnectionState;
  /** What made it change. */
  readonly event: ConnectionEvent;
  readonly previous: ConnectionState;
  /** What the new state says of one's own status. */
  readonly ownStatus: OwnStatus;
}

/** A row was made or refreshed, here or on another device. */
export interface SubscriptionChangedEvent {
  readonly subscription: Subscription;
  /** Undefined: there was none. */
  readonly previous: Subscription | undefined;
}

/** A row is gone. */
export interface SubscriptionEndedEvent {
  readonly userId: string;
  /** 0: the implicit row of a friend. */
  readonly generation: bigint;
  /** UNSPECIFIED: it ended while the client was away, for a reason that nobody told. Reasons of newer servers may come. */
  readonly reason: SubscriptionEndReason;
  /** The user is still seen, as a friend or by an explicit row. */
  readonly stillVisible: boolean;
}

/** A Watch is open. What it tells of oneself and others follows; the state becomes CONNECTED right after this. */
export interface WatchOpenedEvent {
  /** True: it goes on where the last one ended, and nothing was missed. False: a full snapshot follows. */
  readonly resumed: boolean;
}

/** The link is down, and the client will try to bring it back. */
export interface RetryScheduledEvent {
  /** From now to the try. */
  readonly delayMs: number;
  /** Tries in a row that did not last; 0 after a stream that was up for long. */
  readonly failures: number;
}

/** What the server's clock shows: what ttls run out by. Told at least each keep-alive interval. */
export interface ServerTimeEvent {
  /** Milliseconds since 1970. */
  readonly serverTimeMs: number;
}

/** The session was ended by a newer login or by the app's backend. The client stays away until `connect` is called. */
export interface KickedOutEvent {
  /** The session that is over. */
  readonly sessionId: string;
}

/** The token runs out soon. */
export interface TokenExpiringEvent {
  readonly remainingMs: number;
  /** True: the token function is being asked. False: the token is a fixed one; `renewToken` puts another in its place. */
  readonly renewing: boolean;
}

/** Events and what comes with them. */
export interface UserStatusEvents {
  readonly statusChanged: StatusChangedEvent;
  readonly selfChanged: SelfChangedEvent;
  readonly connectionStateChanged: ConnectionStateChangedEvent;
  readonly subscriptionChanged: SubscriptionChangedEvent;
  readonly subscriptionEnded: SubscriptionEndedEvent;
  readonly watchOpened: WatchOpenedEvent;
  readonly retryScheduled: RetryScheduledEvent;
  readonly serverTime: ServerTimeEvent;
  readonly kickedOut: KickedOutEvent;
  readonly tokenExpiring: TokenExpiringEvent;
  /** Something failed in the background. The client goes on as its connection state says. */
  readonly error: UserStatusError;
}

/** Options of calls that take a ttl. */
export interface TtlControl extends CallControl {
  /** In whole milliseconds above 0. Default: the profile's. */
  readonly ttlMs?: number | undefined;
}

/** One user on one device. Every promise is rejected with UserStatusError and nothing else. */
export interface UserStatusClient {
  /**
   * Logs in and opens the Watch. Resolves when `statuses` is complete. One try: what comes after it is brought back by
   * itself.
   */
  readonly connect: (options?: ConnectOptions) => Promise<void>;
  /** Logs out, at once for everyone. Rejects if the server could not be told; the client is disconnected all the same. */
  readonly disconnect: (options?: { readonly signal?: AbortSignal }) => Promise<void>;
  /** Leaves without a logout: to others, the link is lost. */
  readonly close: () => Promise<void>;
  /** Sets the custom status; an empty text clears it. */
  readonly setCustomStatus: (text: string, control?: TtlControl) => Promise<SelfStatus>;
  /** Asks for users, subscribed or not; each once, in the order of first occurrence. */
  readonly query: (userIds: Iterable<string>, control?: CallControl) => Promise<QueryOutcome[]>;
  /** Makes or refreshes rows; each user once, in the order of first occurrence. */
  readonly subscribe: (userIds: Iterable<string>, control?: TtlControl) => Promise<SubscribeOutcome[]>;
  /** Ends rows. An empty list is refused here, whatever the profile makes of it: use `unsubscribeAll`. */
  readonly unsubscribe: (userIds: Iterable<string>, control?: CallControl) => Promise<UnsubscribeOutcome[]>;
  /** Ends every row; answers the users. */
  readonly unsubscribeAll: (control?: CallControl) => Promise<string[]>;
  /** Every row with its target's status, over all pages, ascending by user id. */
  readonly listSubscriptions: (query?: ListQuery) => Promise<SubscribedUser[]>;
  /** The same, page by page as it is read. */
  readonly iterateSubscriptions: (query?: ListQuery) => AsyncGenerator<SubscribedUser, void, undefined>;
  /**
   * Resolves when the table has the effect of every change that was answered before (pull to refresh). Waits for a link
   * that is down.
   */
  readonly sync: (options?: { readonly signal?: AbortSignal }) => Promise<void>;
  /** Uses another token of the same user from now on, and tells the server. */
  readonly renewToken: (token: string) => Promise<void>;
  /** Targets that the server tells of: subscribed users and visible friends. Kept after a disconnect, as it was. */
  readonly statuses: ReadonlyMap<string, UserStatus>;
  /** One's own rows. */
  readonly subscriptions: ReadonlyMap<string, Subscription>;
  /** One's own status, with the live sessions. */
  readonly self: SelfStatus | undefined;
  readonly connectionState: ConnectionState;
  readonly ownStatus: OwnStatus;
  /** The session, while there is one. */
  readonly sessionId: string | undefined;
  /** What the server is, since the first login. */
  readonly serverInfo: GetServerInfoResponse | undefined;
  /** Listens to an event; the function returned ends that. */
  readonly on: <Name extends keyof UserStatusEvents>(
    name: Name,
    listener: (event: UserStatusEvents[Name]) => void,
  ) => () => void;
}
