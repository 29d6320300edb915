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
import { createDeadline } from "./abort.ts";
import { toUserStatusError, UserStatusError } from "./errors.ts";
import { createGate, type Gate } from "./gate.ts";
import { createHeartbeat, type Heartbeat } from "./heartbeat.ts";
import type { Rpc } from "./rpc.ts";
import { isSessionGone } from "./session-calls.ts";
import type { Clock, Scheduler } from "./time.ts";
import type { TokenSource } from "./token.ts";
import { createTokenRenewal } from "./token-renewal.ts";

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

/** One login after the other, of one user on one device. */
export interface SessionKeeper {
  /** The id of the session that stands. */
  readonly id: Gate<string>;
  /** The id of the newest login, over or not. Empty: there was none. */
  readonly lastId: () => string;
  /** The id, as soon as a login that is under way is answered. */
  readonly current: (signal: AbortSignal | undefined) => Promise<string>;
  /** Server info, then Login. */
  readonly logIn: (customStatus: LoginCustomStatus | undefined, signal: AbortSignal) => Promise<void>;
  /** Logout. A session that is over already is no error. */
  readonly logOut: (signal: AbortSignal | undefined) => Promise<void>;
  /** The session is over: until the next login there is none. */
  readonly forget: () => void;
  readonly heartbeat: Heartbeat;
  /** A newer token is in use: tells the server. */
  readonly announceToken: () => void;
  /** No more signs of life. */
  readonly rest: () => void;
  /** Rests, and calls that need a session are rejected. */
  readonly stop: (error: UserStatusError) => void;
}

/** The error of calls that need a session where there is none. */
export function notConnected(cause?: unknown): UserStatusError {
  return new UserStatusError(Code.FailedPrecondition, "NOT_CONNECTED", "the client is not connected", { cause });
}

export function createSession(options: SessionOptions): SessionKeeper {
  const { rpc, tokens, scheduler, onError } = options;
  const id = createGate<string>(notConnected());
  let stopping = new AbortController();
  let lastId = "";
  let loggingIn: Promise<void> | undefined;

  const heartbeat = createHeartbeat({
    scheduler,
    send: sendHeartbeat,
    onError: (error) => onError(toUserStatusError(error)),
  });
  const renewal = createTokenRenewal({
    scheduler,
    clock: options.clock,
    once: !tokens.renewable,
    onExpiring: (remainingMs) => {
      options.onTokenExpiring(remainingMs, tokens.renewable);
      if (tokens.renewable) renewToken().catch((error: unknown) => onError(toUserStatusError(error)));
    },
  });

  async function sendHeartbeat(): Promise<void> {
    const sessionId = id.peek();
    // No session: the login to come is the sign of life.
    if (sessionId === undefined) return;
    const { signal } = stopping;
    try {
      observe(await rpc.call((service, call) => service.heartbeat({ sessionId }, call), signal), signal);
    } catch (thrown) {
      const error = toUserStatusError(thrown);
      // Stopped, or replaced by a newer login meanwhile.
      if (signal.aborted || id.peek() !== sessionId) return;
      if (isSessionGone(error)) options.onGone(sessionId, error);
      throw error;
    }
  }

  /** An answer that comes after the session was stopped must not start a timer again. */
  function observe(answer: HeartbeatResponse | LoginResponse, signal: AbortSignal): void {
    if (!signal.aborted) renewal.observe(answer.tokenExpireTime, answer.serverTime);
  }

  async function renewToken(): Promise<void> {
    await tokens.renew(tokens.peek(), stopping.signal);
    await heartbeat.beatAnew();
  }

  function rest(): void {
    stopping.abort();
    heartbeat.stop();
    renewal.stop();
  }

  function logIn(customStatus: LoginCustomStatus | undefined, signal: AbortSignal): Promise<void> {
    const login = requestLogin(customStatus, signal).finally(() => {
      loggingIn = undefined;
    });
    loggingIn = login.catch(() => {});
    return login;
  }

  async function requestLogin(customStatus: LoginCustomStatus | undefined, signal: AbortSignal): Promise<void> {
    options.onServerInfo(await rpc.call((service, call) => service.getServerInfo({}, call), signal));
    const request = { deviceId: options.deviceId, platform: options.platform, ...customStatusField(customStatus) };
    const answer = await rpc.call((service, call) => service.login(request, call), signal);
    if (answer.sessionId === "") throw new UserStatusError(Code.Internal, "BAD_ANSWER", "the login has no session id");
    if (signal.aborted) return;
    stopping = new AbortController();
    options.onSelf(answer.epoch, answer.self);
    lastId = answer.sessionId;
    id.open(answer.sessionId);
    const intervalMs = answer.heartbeatInterval === undefined ? 0 : durationMs(answer.heartbeatInterval);
    heartbeat.start(intervalMs > 0 ? Math.max(intervalMs, leastHeartbeatMs) : defaultHeartbeatMs);
    observe(answer, stopping.signal);
  }

  async function logOut(signal: AbortSignal | undefined): Promise<void> {
    // A login under way would leave a session behind that nobody ends.
    if (id.peek() === undefined) await loggingIn;
    const sessionId = id.peek();
    if (sessionId === undefined) return;
    try {
      const answer = await rpc.call((service, call) => service.logout({ sessionId }, call), signal);
      options.onSelf(answer.epoch, answer.self);
    } catch (thrown) {
      const error = toUserStatusError(thrown);
      if (!isSessionGone(error)) throw error;
    }
  }

  return {
    id,
    lastId: () => lastId,
    current: async (signal) => {
      const deadline = createDeadline(scheduler, options.callTimeoutMs, [signal]);
      return await id.wait(deadline.signal).finally(deadline.dispose);
    },
    logIn,
    logOut,
    forget: () => id.shut(),
    heartbeat,
    announceToken: () => {
      if (id.peek() === undefined || stopping.signal.aborted) return;
      heartbeat.beatAnew().catch((error: unknown) => onError(toUserStatusError(error)));
    },
    rest,
    stop: (error) => {
      rest();
      id.fail(error);
    },
  };
}

/** Where the server does not say how often. */
const defaultHeartbeatMs = 30_000;

/** No server can make this client call more often by its timer. */
const leastHeartbeatMs = 100;

function customStatusField(customStatus: LoginCustomStatus | undefined): {
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
