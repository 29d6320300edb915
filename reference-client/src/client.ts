// Puts link, session, calls and table together behind one face.

import { timestampMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import {
  type GetServerInfoResponse,
  ResumeResult,
  type SelfStatus,
  type SubscribedUser,
  type Subscription,
  type UserStatus,
  type WatchEvent,
} from "@userstatus/protocol";
import { neverAborted, untilAborted } from "./abort.ts";
import { createTableSink } from "./answer-sink.ts";
import type {
  ConnectOptions,
  TtlControl,
  UserStatusClient,
  UserStatusClientOptions,
  UserStatusEvents,
} from "./client-types.ts";
import { type ConnectionState, type OwnStatus, ownStatusOf } from "./connection-state.ts";
import { createEmitter, type Emitter } from "./emitter.ts";
import { UserStatusError } from "./errors.ts";
import { beginWatch, foldEvent, foldSelf } from "./fold.ts";
import { batchLimits, keepAliveMsOf } from "./limits.ts";
import { Link, type LinkOptions } from "./link.ts";
import { createMarkers } from "./markers.ts";
import { type CompleteOptions, completeOptions } from "./options.ts";
import type { QueryOutcome, SubscribeOutcome, UnsubscribeOutcome } from "./results.ts";
import { createRpc } from "./rpc.ts";
import { Session, type SessionOptions } from "./session.ts";
import {
  type CallControl,
  checkTtlMs,
  checkUserIds,
  createSessionCalls,
  type ListQuery,
  type SessionCalls,
  type SessionProvider,
} from "./session-calls.ts";
import { createSync, syncsMax } from "./sync.ts";
import { type Change, createStatusTable, type StatusTable } from "./table.ts";
import { createTeller } from "./tell.ts";
import { createTokenSource, type TokenSource } from "./token.ts";

/** Makes a client. It does nothing until `connect` is called. Throws UserStatusError for options that no server would take. */
export function createUserStatusClient(options: UserStatusClientOptions): UserStatusClient {
  return new Client(completeOptions(options));
}

class Client implements UserStatusClient {
  readonly on: UserStatusClient["on"];
  readonly #table: StatusTable;
  readonly #emitter: Emitter<UserStatusEvents>;
  readonly #tokens: TokenSource;
  readonly #session: Session;
  readonly #calls: SessionCalls;
  readonly #link: Link;
  readonly #tell: (changes: readonly Change[]) => void;
  readonly #sync: (signal: AbortSignal | undefined) => Promise<void>;
  #serverInfo: GetServerInfoResponse | undefined;

  constructor(options: CompleteOptions) {
    const { scheduler, random, callTimeoutMs } = options;
    this.#table = createStatusTable(options.tableMax);
    this.#emitter = createEmitter<UserStatusEvents>((name, fault) => this.#listenerFailed(name, fault));
    this.on = this.#emitter.on;
    this.#tell = createTeller(this.#emitter);
    const tokens = createTokenSource(options.token);
    const markers = createMarkers(`s${Math.floor(random() * 2 ** 48).toString(36)}`, syncsMax);
    const rpc = createRpc({ ...options, tokens, onTokenRenewed: () => this.#session.announceToken() });
    const session = new Session({ ...options, ...this.#sessionEvents(), tokens, rpc });
    const { service } = rpc;
    this.#tokens = tokens;
    this.#session = session;
    this.#link = new Link({ ...options, ...this.#linkEvents(options.onSilence), tokens, markers, service, session });
    this.#calls = createSessionCalls({
      rpc,
      scheduler,
      session: this.#provider(),
      limits: () => batchLimits(this.#serverInfo),
      sink: createTableSink(this.#table, this.#tell),
    });
    this.#sync = createSync({
      scheduler,
      timeoutMs: callTimeoutMs,
      markers,
      calls: this.#calls,
      stream: this.#link.stream,
    });
  }

  get statuses(): ReadonlyMap<string, UserStatus> {
    return this.#table.statuses;
  }

  get subscriptions(): ReadonlyMap<string, Subscription> {
    return this.#table.rows;
  }

  get self(): SelfStatus | undefined {
    return this.#table.self;
  }

  get connectionState(): ConnectionState {
    return this.#link.state;
  }

  get ownStatus(): OwnStatus {
    return ownStatusOf(this.#link.state, this.#link.cause);
  }

  get sessionId(): string | undefined {
    return this.#session.id.peek();
  }

  get serverInfo(): GetServerInfoResponse | undefined {
    return this.#serverInfo;
  }

  async connect(options: ConnectOptions = {}): Promise<void> {
    checkTtlMs(options.customStatus?.ttlMs);
    await this.#link.connect(options.customStatus, options.signal);
  }

  async disconnect(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.#link.disconnect(options.signal);
  }

  async close(): Promise<void> {
    await this.#link.close();
  }

  async setCustomStatus(text: string, control: TtlControl = {}): Promise<SelfStatus> {
    return await this.#calls.setCustomStatus(text, checkTtlMs(control.ttlMs), control);
  }

  async query(userIds: Iterable<string>, control: CallControl = {}): Promise<QueryOutcome[]> {
    return await this.#calls.query(checkUserIds(userIds), control);
  }

  async subscribe(userIds: Iterable<string>, control: TtlControl = {}): Promise<SubscribeOutcome[]> {
    return await this.#calls.subscribe(checkUserIds(userIds), checkTtlMs(control.ttlMs), control);
  }

  async unsubscribe(userIds: Iterable<string>, control: CallControl = {}): Promise<UnsubscribeOutcome[]> {
    return await this.#calls.unsubscribe(checkUserIds(userIds), control);
  }

  async unsubscribeAll(control: CallControl = {}): Promise<string[]> {
    return await this.#calls.unsubscribeAll([...this.#table.rows.keys()], control);
  }

  async listSubscriptions(query: ListQuery = {}): Promise<SubscribedUser[]> {
    const rows: SubscribedUser[] = [];
    for await (const row of this.#calls.list(query)) rows.push(row);
    return rows;
  }

  iterateSubscriptions(query: ListQuery = {}): AsyncGenerator<SubscribedUser, void, undefined> {
    return this.#calls.list(query);
  }

  async renewToken(token: string): Promise<void> {
    this.#tokens.replace(token);
    if (this.#session.id.peek() !== undefined) await this.#session.heartbeat.beatAnew();
  }

  async sync(options: { readonly signal?: AbortSignal } = {}): Promise<void> {
    await this.#sync(options.signal);
  }

  #provider(): SessionProvider {
    return {
      current: (signal) => this.#session.current(signal),
      revive: async (_sessionId, signal) => {
        await untilAborted(this.#session.heartbeat.beat(), signal ?? neverAborted);
      },
      replace: async (sessionId, error) => {
        if (!this.#link.sessionGone(sessionId, error)) throw error;
      },
    };
  }

  #sessionEvents(): Pick<SessionOptions, "onServerInfo" | "onSelf" | "onTokenExpiring" | "onGone" | "onError"> {
    return {
      onServerInfo: (info) => {
        this.#serverInfo = info;
      },
      onSelf: (epoch, self) => this.#tell(foldSelf(this.#table, epoch, self)),
      onTokenExpiring: (remainingMs, renewing) => this.#emitter.emit("tokenExpiring", { remainingMs, renewing }),
      onGone: (sessionId, error) => {
        this.#link.sessionGone(sessionId, error);
      },
      onError: (error) => this.#emitter.emit("error", error),
    };
  }

  #linkEvents(
    onSilence: () => void,
  ): Pick<LinkOptions, "keepAliveMs" | "onOpening" | "onEvent" | "onSilence" | "onRetry" | "onState" | "onError"> {
    return {
      onSilence: () => {
        try {
          onSilence();
        } catch (fault) {
          const message = "onSilence threw";
          this.#emitter.emit("error", new UserStatusError(Code.Unknown, "LISTENER_FAILED", message, { cause: fault }));
        }
      },
      keepAliveMs: () => keepAliveMsOf(this.#serverInfo?.keepAliveInterval),
      onOpening: () => beginWatch(this.#table),
      onEvent: (event) => {
        this.#tell(foldEvent(this.#table, event));
        this.#tellOfStream(event);
      },
      onRetry: (delayMs, failures) => this.#emitter.emit("retryScheduled", { delayMs, failures }),
      onState: (state, event, previous) => {
        const ownStatus = ownStatusOf(state, event);
        this.#emitter.emit("connectionStateChanged", { state, event, previous, ownStatus });
        if (event === "KICKED_OUT") this.#emitter.emit("kickedOut", { sessionId: this.#session.lastId });
      },
      onError: (error) => this.#emitter.emit("error", error),
    };
  }

  /** What is no part of the table: how the stream began, and the server's clock. */
  #tellOfStream(event: WatchEvent["event"]): void {
    if (event.case !== "hello" && event.case !== "progress") return;
    const { serverTime } = event.value;
    if (serverTime !== undefined) this.#emitter.emit("serverTime", { serverTimeMs: timestampMs(serverTime) });
    if (event.case === "hello")
      this.#emitter.emit("watchOpened", { resumed: event.value.resumeResult === ResumeResult.RESUMED });
  }

  #listenerFailed(name: keyof UserStatusEvents, fault: unknown): void {
    // A listener of `error` that throws is told to nobody: it would be told to itself.
    if (name === "error") return;
    const message = `a listener of ${name} threw`;
    this.#emitter.emit("error", new UserStatusError(Code.Unknown, "LISTENER_FAILED", message, { cause: fault }));
  }
}
