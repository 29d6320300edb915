// What a check is, and what it gets to work with. A check is a value: listing, planning and skipping need no execution.
// Checks know this file, the protocol and the matchers; they know nothing of transports, clocks, identities or
// printers.

import type { Client } from "@connectrpc/connect";
import type {
  CustomStatusInput,
  GetServerInfoResponse,
  HeartbeatResponse,
  ListSubscriptionsResponse,
  LoginResponse,
  LogoutResponse,
  Platform,
  Profile,
  QueryResult,
  ReasonName,
  SelfStatus,
  SessionEndName,
  SetCustomStatusResponse,
  SubscribeResult,
  UnsubscribeResponse,
  UserStatus,
  UserStatusService,
  WatchEnd,
  WatchEvent,
} from "@userstatus/protocol";
import type { AdminService, Features } from "@userstatus/protocol/admin";
import type { TestingService } from "@userstatus/protocol/testing";

/** A tool that a check can't do without. Where the run has none, the check is NOT_TESTABLE. */
export type Tool =
  /** `userstatus.admin.v1` (`--admin-url`). */
  | "admin"
  /** Users who are registered and never logged in (admin calls, a users file, or a provision command). */
  | "fresh-users"
  /** The test clock itself; only for checks of the clock. Checks of durations use `t.time` and declare `timeMs`. */
  | "test-clock"
  /** Tokens with an expiry, and a user, of our choice (`--token-secret`, `--token-command`, `--token-dev`). */
  | "short-tokens"
  /** A second app that tokens can be made for. */
  | "second-app";

/** One check: decides one requirement. */
export interface Check {
  /** The requirement it decides, `/`, and a word for the case: `sub-batch/limit-plus-one`. Stable. */
  readonly id: string;
  /** What it does, in one line. */
  readonly title: string;
  /** Claims beside the requirement's own without which it is NOT_APPLICABLE. */
  readonly claims?: readonly string[];
  /** Tools without which it is NOT_TESTABLE. */
  readonly tools?: readonly Tool[];
  /** Whether the profile has what it looks at: true, or why it is NOT_APPLICABLE. */
  readonly applies?: (profile: Profile) => true | string;
  /**
   * Longest stretch of the profile's time that must pass. In the tiers `scaled` and `real` this is really waited.
   * Default: none.
   */
  readonly timeMs?: (profile: Profile) => number;
  /** Wall time that really passes in every tier, by the server's `keep_alive_interval` in milliseconds. Default: none. */
  readonly wallMs?: (keepAliveMs: number) => number;
  /** It changes switches, or anything else of the whole app: it gets an app of its own, or runs alone. */
  readonly wholeApp?: boolean;
  /**
   * Time runs by itself for this check, in every tier: the clock of its app is never stopped, and what must pass is
   * really waited.
   */
  readonly realTime?: true;
  /** Run over each claimed wire protocol and codec, not only over a sampled one. */
  readonly everyTransport?: boolean;
  /** Decides: returns, or throws by a matcher of `t`. */
  readonly run: (t: Bench) => Promise<void>;
}

/** What a check works with: a bench of its own, with users that nobody else has. */
export interface Bench {
  readonly info: GetServerInfoResponse;
  readonly profile: Profile;
  readonly claims: ReadonlySet<string>;
  /** Seeded by run and check. */
  readonly random: Random;
  readonly time: Time;
  readonly wire: Wire;
  /** Tools; asking for one that was not declared is an error of the check. */
  readonly admin: AdminTool;
  readonly clock: ClockTool;

  /** A registered user with a random id. Logged in never, if `fresh` (needs the tool "fresh-users"). */
  user(options?: { fresh?: boolean }): Promise<TestUser>;
  /** Several of them, registered in one go. */
  users(count: number, options?: { fresh?: boolean }): Promise<TestUser[]>;
  /** A well-formed id that nobody registered. */
  unregisteredId(): string;
  /** A token of the check's app that names this user, whatever the id (tool "short-tokens"). NOT_TESTABLE where its issuer makes none. */
  tokenNaming(id: string): Promise<string>;
  /** The same id as `user`, in another app (tool "second-app"). */
  inOtherApp(user: TestUser): Promise<TestUser>;
  /** A new user, logged in. Shorthand for `(await t.user()).login(options)`. */
  session(options?: LoginOptions): Promise<TestSession>;
  /** A new user, logged in, with an open Watch whose snapshot is complete. */
  watcher(options?: LoginOptions & WatchOptions): Promise<{ session: TestSession; watch: TestWatch; user: TestUser }>;
  /** The liveness rule of a platform, in milliseconds. `graceMs` 0 where there is none; `decayMs` Infinity likewise. */
  liveness(platform: Platform): LivenessMs;

  /** Matchers. Each says what it is about, in words that end "Expected …, got …". */
  equal<T>(got: T, expected: T, what: string): void;
  ok(condition: boolean, what: string, got?: unknown): asserts condition;
  /** The call is refused with this reason and its code; returns the refusal for more. */
  refused(call: Promise<unknown>, reason: ReasonName, what: string): Promise<Refusal>;
  /** The call is refused, in whatever way (faults below the method). */
  refusedSomehow(call: Promise<unknown>, what: string): Promise<void>;
  /**
   * Ends the check as NOT_APPLICABLE: what the server advertises leaves out what it looks at. Where the profile alone
   * tells, use `applies`.
   */
  notApplicable(why: string): never;
  /**
   * Ends the check as NOT_TESTABLE: what it needs can't be had from this server, for a reason that no plan could see.
   * Never for a refusal.
   */
  notTestable(why: string): never;
  /** A line in the transcript, for the reader of a failure. */
  note(text: string): void;
}

export interface Random {
  /** 0 ≤ n < max. */
  int(max: number): number;
  /** Lower-case letters and digits. */
  text(length: number): string;
  pick<T>(from: readonly T[]): T;
}

export interface LivenessMs {
  heartbeatMs: number;
  leaseMs: number;
  graceMs: number;
  decayMs: number;
  offline: boolean;
}

/** A refusal as it came, decoded. */
export interface Refusal {
  readonly code: number;
  readonly reason: string | undefined;
  readonly domain: string | undefined;
  readonly metadata: Readonly<Record<string, string>>;
  readonly retryAfterMs: number | undefined;
  readonly endReason: SessionEndName | undefined;
}

/**
 * The server's time, by whatever clock tier the run has. All instants are the server's, in milliseconds since 1970.
 * In the virtual tier
 * time stands still unless a check lets it pass; otherwise it runs, so that checks must not count on it standing.
 */
export interface Time {
  readonly tier: "virtual" | "scaled" | "real";
  /** The server's time now. */
  now(): Promise<number>;
  /** By how many milliseconds what `now` gave may miss the server's clock: 0 where that stands (virtual), else half of the slowest answer's way. */
  errorMs(): number;
  /** Lets this much pass. Sessions get no sign of life, unless kept alive. */
  pass(ms: number, keep?: KeepAlive): Promise<void>;
  /**
   * To the last moment at which what ends at `instant` must still be there (virtual: 1 ms before it; else a safe
   * margin before it). `acts`: what is done then, before time passes again, must come before `instant`, or what is looked at later decides nothing.
   */
  justBefore(instant: number, keep?: KeepAlive, options?: { readonly acts?: boolean }): Promise<void>;
  /** To `instant`, or just after it: what ends then must be gone. */
  reach(instant: number, keep?: KeepAlive): Promise<void>;
}

/**
 * Which sessions live on while time passes: all of the check, or these only (by Heartbeat in steps; not for long
 * stretches).
 */
export type KeepAlive = "all" | readonly TestSession[];

export interface TestUser {
  readonly id: string;
  /**
   * A token of this user. `expiresInMs` of wall time (tool "short-tokens"); negative: already expired. Default: 48
   * hours.
   */
  token(options?: { expiresInMs?: number }): Promise<string>;
  /** Logs in; a failure is a failure of the check. */
  login(options?: LoginOptions): Promise<TestSession>;
  /** Logs in, and leaves it to the caller what comes of it. */
  tryLogin(options?: LoginOptions): Promise<LoginResponse>;
  /**
   * A bare client that acts as this user, or with another token, or with none (null). `bareType`: over gRPC and gRPC-Web its content type names no
   * codec.
   */
  client(options?: { token?: string | null; bareType?: boolean }): Client<typeof UserStatusService>;
}

export interface LoginOptions {
  /** Default: a random one. */
  device?: string;
  /** Default: ANDROID, or the first native platform that the profile's rules name. */
  platform?: Platform;
  text?: string;
  ttlMs?: number;
  token?: string;
}

/**
 * A logged-in session. Every method fails the check if the call is refused; the `raw` client leaves that to the
 * caller.
 */
export interface TestSession {
  readonly user: TestUser;
  readonly id: string;
  readonly device: string;
  readonly platform: Platform;
  readonly login: LoginResponse;
  /** The same calls without judgement: promises that reject with what came. */
  readonly raw: RawCalls;
  query(ids: readonly string[]): Promise<QueryResult[]>;
  /** The status of one user by QueryStatuses; fails the check if there is none. */
  statusOf(id: string): Promise<UserStatus>;
  /**
   * `ttlMs` undefined: the least that the profile takes without thinking (its default, or 1/4 of max where it has
   * none). null: no ttl at all.
   */
  subscribe(ids: readonly string[], ttlMs?: number | null): Promise<SubscribeResult[]>;
  unsubscribe(ids: readonly string[]): Promise<UnsubscribeResponse>;
  unsubscribeAll(): Promise<UnsubscribeResponse>;
  /** All pages. */
  list(ids?: readonly string[]): Promise<ListSubscriptionsResponse["subscriptions"]>;
  set(text: string, ttlMs?: number): Promise<SetCustomStatusResponse>;
  heartbeat(token?: string): Promise<HeartbeatResponse>;
  logout(): Promise<LogoutResponse>;
  /** Opens a Watch and waits for its snapshot_end. */
  watch(options?: WatchOptions): Promise<TestWatch>;
  /** Opens a Watch and waits for nothing. A refusal shows in `ended`. */
  openWatch(options?: WatchOptions): TestWatch;
}

/** Calls that leave success and failure to the caller. `extra` goes into the message as it is. */
export interface RawCalls {
  query(ids: readonly string[]): Promise<{ epoch: string; results: QueryResult[] }>;
  subscribe(ids: readonly string[], ttlMs?: number | null): Promise<{ epoch: string; results: SubscribeResult[] }>;
  unsubscribe(ids: readonly string[] | "all" | "unset"): Promise<UnsubscribeResponse>;
  list(request?: {
    pageSize?: number;
    pageToken?: string;
    userIds?: readonly string[];
  }): Promise<ListSubscriptionsResponse>;
  set(input: { text?: string; ttlMs?: number } | undefined): Promise<SetCustomStatusResponse>;
  heartbeat(): Promise<HeartbeatResponse>;
  logout(): Promise<LogoutResponse>;
  sync(marker: string): Promise<unknown>;
}

export interface WatchOptions {
  cursor?: Uint8Array;
  token?: string;
  /** Through the suite's relay, so that `link` works. */
  relay?: boolean;
}

/** One event as it came. */
export interface Seen {
  readonly event: WatchEvent["event"];
  /** Place on the stream, from 0. */
  readonly index: number;
  /** Bytes of the frame it came in. */
  readonly frameBytes: number;
}

/** An open Watch. It reads all the time; everything that came stays in `seen`. */
export interface TestWatch {
  readonly session: TestSession;
  readonly seen: readonly Seen[];
  /** Index after the last event: a point for `after`. */
  mark(): number;
  /** Events from a mark on. */
  after(mark: number): readonly Seen[];
  /**
   * The first event from `from` (default 0) on that fits; waits for it. Fails the check, in the words of `what`, when
   * patience ends.
   */
  find<T>(what: string, pick: (event: WatchEvent["event"], index: number) => T | undefined, from?: number): Promise<T>;
  /** Waits for a status of the target that fits. */
  status(id: string, what: string, fits: (status: UserStatus) => boolean, from?: number): Promise<UserStatus>;
  self(what: string, fits: (self: SelfStatus) => boolean, from?: number): Promise<SelfStatus>;
  /** Sync, and waits for its marker: what was answered before has come. Returns the index of the marker. */
  fence(): Promise<number>;
  /**
   * The newest status of the target by (epoch, revision) that came, minus rows that ended: what a client would hold.
   */
  held(id: string): UserStatus | undefined;
  /** How many events of a target (status, or all kinds) came from a mark on. */
  statusesOf(id: string, from?: number): UserStatus[];
  readonly epoch: string;
  /** Newest cursor that came (snapshot_end or progress). */
  readonly cursor: Uint8Array;
  /** Settles when the stream is over: its watch_end if one came, or the error. Never rejects. */
  readonly ended: Promise<{ end: WatchEnd | undefined; error: unknown }>;
  /** `ended`, within patience; fails the check otherwise. */
  end(what: string): Promise<{ end: WatchEnd | undefined; error: unknown }>;
  /**
   * The client ends the stream (cancels; with a relay, closes the connection). Answers when the server has had time
   * to see it.
   */
  close(): Promise<void>;
  /** What the relay can do to it (only with `relay`). */
  readonly link: Link;
}

/** Faults on the way, made by the suite's own relay. */
export interface Link {
  /** Closes the connection both ways. */
  cut(): Promise<void>;
  /** From now on nothing passes in either direction; both ends stay open. */
  silence(): void;
  /** The client's side stops reading: bytes pile up at the server. */
  stall(): void;
  /** Reads go on. */
  unstall(): void;
}

/** `userstatus.admin.v1` of the check's app. */
export interface AdminTool {
  readonly client: Client<typeof AdminService>;
  /** A client of the admin service that acts with another token, or with none (null). */
  as(token: string | null): Client<typeof AdminService>;
  /** A token of the role `admin` of the check's app. */
  token(): Promise<string>;
  /** Answers how many were not registered before. */
  register(ids: readonly string[]): Promise<number>;
  /** Answers how many were registered. */
  remove(ids: readonly string[]): Promise<number>;
  setFriends(id: string, friends: readonly string[]): Promise<void>;
  features(change: Partial<Pick<Features, "plan" | "userStatus" | "friendNotifications">>): Promise<void>;
  endSessions(id: string, sessions?: readonly string[]): Promise<string[]>;
  query(ids: readonly string[]): Promise<QueryResult[]>;
}

/** The test clock, for checks of the clock itself. */
export interface ClockTool {
  /** A client of the testing service that acts with another token, or with none (null). */
  as(token: string | null): Client<typeof TestingService>;
  now(): Promise<{ now: number; stopped: boolean }>;
  advance(ms: number, holdLeases?: boolean): Promise<number>;
  changeEpoch(): Promise<string>;
  /** The clock of the other app (tool "second-app"). */
  nowOfOtherApp(): Promise<number>;
}

/** Below the method: bytes as they are. For malformed messages, GET, headers. */
export interface Wire {
  /** Which protocol and codec this run of the check uses. */
  readonly transport: string;
  readonly baseUrl: string;
  /** One HTTP/1.1 exchange with the server. `path` is appended to the base URL. Only where Connect is claimed. */
  http(request: {
    method: "GET" | "POST" | "PUT" | "OPTIONS";
    path: string;
    headers?: Record<string, string>;
    body?: string | Uint8Array;
    token?: string;
  }): Promise<{ status: number; headers: Record<string, string>; body: Uint8Array }>;
}

/** Helpers for check files. */
export type CustomInput = Pick<CustomStatusInput, "text" | "ttl">;
