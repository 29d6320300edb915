// The session: logging in and out, the lease kept fresh, the token renewed. Knows nothing of the Watch.
import { create } from "@bufbuild/protobuf";
import { durationFromMs, durationMs } from "@bufbuild/protobuf/wkt";
import { Code } from "@connectrpc/connect";
import {
  CustomStatusInputSchema,
  type GetServerInfoResponse,
  type HeartbeatResponse,
  type LoginResponse,
  type Platform,
  type SelfStatus,
} from "@userstatus/protocol";
import { createDeadline, neverAborted, untilAborted } from "./abort.ts";
import { toUserStatusError, UserStatusError } from "./errors.ts";
import { createGate, type Gate } from "./gate.ts";
import { createHeartbeat, type Heartbeat } from "./heartbeat.ts";
import type { Rpc } from "./rpc.ts";
import { isSessionGone } from "./session-calls.ts";
import type { Clock, Scheduler } from "./time.ts";
import type { TokenSource } from "./token.ts";
import { createTokenRenewal, type TokenRenewal } from "./token-renewal.ts";

/** A custom status to set with the login. */
export interface LoginCustomStatus {
  readonly text: string;
  /** How long the text holds. Default: the profile's. */
  readonly ttlMs?: number | undefined;
}

export interface SessionOptions {
  readonly rpc: Rpc;
  readonly tokens: TokenSource;
  readonly scheduler: Scheduler;
  readonly clock: Clock;
  readonly deviceId: string;
  readonly platform: Platform;
  readonly callTimeoutMs: number;
  readonly onServerInfo: (info: GetServerInfoResponse) => void;
  readonly onSelf: (epoch: string, self: SelfStatus | undefined) => void;
  /** The token ends soon; `renewing` when the token function is being asked. */
  readonly onTokenExpiring: (remainingMs: number, renewing: boolean) => void;
  /** A sign of life was refused because the session is over. */
  readonly onGone: (sessionId: string, error: UserStatusError) => void;
  /** Failures in the background. */
  readonly onError: (error: UserStatusError) => void;
}

/** The error of calls that need a session where there is none. */
export function notConnected(cause?: unknown): UserStatusError {
  return new UserStatusError(Code.FailedPrecondition, "NOT_CONNECTED", "the client is not connected", { cause });
}

/** One login after the other, of one user on one device. */
export class Session {
  /** The id of the session that stands. */
  readonly id: Gate<string> = createGate<string>(notConnected());
  readonly heartbeat: Heartbeat;
  /** The id of the newest login, over or not. Empty: there was none. */
  lastId = "";

  readonly #options: SessionOptions;
  readonly #renewal: TokenRenewal;
  #stopping: AbortController = new AbortController();
  #loggingIn: Promise<void> | undefined;

  constructor(options: SessionOptions) {
    const { scheduler, clock, tokens } = options;
    this.#options = options;
    this.heartbeat = createHeartbeat({
      scheduler,
      send: () => this.#sendHeartbeat(),
      onError: (error) => this.#report(error),
    });
    this.#renewal = createTokenRenewal({
      scheduler,
      clock,
      once: !tokens.renewable,
      onExpiring: (remainingMs) => {
        options.onTokenExpiring(remainingMs, tokens.renewable);
        if (tokens.renewable) this.#renewToken().catch((error: unknown) => this.#report(error));
      },
    });
  }

  /** The id, as soon as a login that is under way is answered. */
  async current(signal: AbortSignal | undefined): Promise<string> {
    const deadline = createDeadline(this.#options.scheduler, this.#options.callTimeoutMs, [signal]);
    return await this.id.wait(deadline.signal).finally(deadline.dispose);
  }

  /** Server info, then Login. */
  logIn(customStatus: LoginCustomStatus | undefined, signal: AbortSignal): Promise<void> {
    const login = this.#requestLogin(customStatus, signal).finally(() => {
      this.#loggingIn = undefined;
    });
    this.#loggingIn = login.catch(() => {});
    return login;
  }

  /** Logout. A session that is over already is no error. */
  async logOut(signal: AbortSignal | undefined): Promise<void> {
    const { rpc, onSelf } = this.#options;
    // A login under way would leave a session behind that nobody ends.
    if (this.id.peek() === undefined && this.#loggingIn !== undefined) {
      await untilAborted(this.#loggingIn, signal ?? neverAborted);
    }
    const sessionId = this.id.peek();
    if (sessionId === undefined) return;
    try {
      const answer = await rpc.call((service, call) => service.logout({ sessionId }, call), signal);
      onSelf(answer.epoch, answer.self);
    } catch (thrown) {
      const error = toUserStatusError(thrown);
      if (!isSessionGone(error)) throw error;
    }
  }

  /** The session is over: until the next login there is none. */
  forget(): void {
    this.id.shut();
  }

  /** A newer token is in use: tells the server. */
  announceToken(): void {
    if (this.id.peek() === undefined || this.#stopping.signal.aborted) return;
    this.heartbeat.beatAnew().catch((error: unknown) => this.#report(error));
  }

  /** No more signs of life. */
  rest(): void {
    this.#stopping.abort();
    this.heartbeat.stop();
    this.#renewal.stop();
  }

  /** Rests, and calls that need a session are rejected. */
  stop(error: UserStatusError): void {
    this.rest();
    this.id.fail(error);
  }

  async #requestLogin(customStatus: LoginCustomStatus | undefined, signal: AbortSignal): Promise<void> {
    const { rpc, deviceId, platform, onServerInfo, onSelf } = this.#options;
    onServerInfo(await rpc.call((service, call) => service.getServerInfo({}, call), signal));
    const request = { deviceId, platform, ...customStatusField(customStatus) };
    const answer = await rpc.call((service, call) => service.login(request, call), signal);
    if (answer.sessionId === "") throw new UserStatusError(Code.Internal, "BAD_ANSWER", "the login has no session id");
    if (signal.aborted) return;
    this.#stopping = new AbortController();
    onSelf(answer.epoch, answer.self);
    this.lastId = answer.sessionId;
    this.id.open(answer.sessionId);
    const intervalMs = answer.heartbeatInterval === undefined ? 0 : durationMs(answer.heartbeatInterval);
    this.heartbeat.start(intervalMs > 0 ? Math.max(intervalMs, leastHeartbeatMs) : defaultHeartbeatMs);
    this.#observe(answer, this.#stopping.signal);
  }

  async #sendHeartbeat(): Promise<void> {
    const { rpc, onGone } = this.#options;
    const sessionId = this.id.peek();
    // No session: the login to come is the sign of life.
    if (sessionId === undefined) return;
    const { signal } = this.#stopping;
    try {
      this.#observe(await rpc.call((service, call) => service.heartbeat({ sessionId }, call), signal), signal);
    } catch (thrown) {
      const error = toUserStatusError(thrown);
      // Stopped, or replaced by a newer login meanwhile.
      if (signal.aborted || this.id.peek() !== sessionId) return;
      if (isSessionGone(error)) onGone(sessionId, error);
      throw error;
    }
  }

  /** An answer that comes after the session was stopped must not start a timer again. */
  #observe(answer: HeartbeatResponse | LoginResponse, signal: AbortSignal): void {
    if (!signal.aborted) this.#renewal.observe(answer.tokenExpireTime, answer.serverTime);
  }

  async #renewToken(): Promise<void> {
    const { tokens } = this.#options;
    await tokens.renew(tokens.peek(), this.#stopping.signal);
    await this.heartbeat.beatAnew();
  }

  #report(error: unknown): void {
    this.#options.onError(toUserStatusError(error));
  }
}

/** Where the server does not say how often. */
const defaultHeartbeatMs = 30_000;

/** No server can make this client call more often by its timer. */
const leastHeartbeatMs = 100;

/** The field `custom_status` of a login, where there is one. */
export function customStatusField(customStatus: LoginCustomStatus | undefined): {
  customStatus?: ReturnType<typeof create<typeof CustomStatusInputSchema>>;
} {
  if (customStatus === undefined) return {};
  const { text, ttlMs } = customStatus;
  return {
    customStatus: create(
      CustomStatusInputSchema,
      ttlMs === undefined ? { text } : { text, ttl: durationFromMs(ttlMs) },
    ),
  };
}
