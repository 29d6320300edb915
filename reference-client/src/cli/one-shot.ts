// Commands that make a call and leave: they go on with the login of the command before, and leave it for the next.
import { durationMs } from "@bufbuild/protobuf/wkt";
import type { GetServerInfoResponse, LoginResponse } from "@userstatus/protocol";
import { plainSink } from "../answer-sink.ts";
import { toUserStatusError } from "../errors.ts";
import { batchLimits } from "../limits.ts";
import { createRpc, type Rpc } from "../rpc.ts";
import { customStatusField, type LoginCustomStatus } from "../session.ts";
import { type CallControl, createSessionCalls, isSessionGone, type SessionCalls } from "../session-calls.ts";
import { systemScheduler } from "../time.ts";
import { type Context, defaultDeviceId } from "./context.ts";
import { formatDuration } from "./duration.ts";
import { exitCodes } from "./failure.ts";
import { printable } from "./output/text.ts";
import type { StateKey } from "./state-file.ts";

/** Longest wait for one call. */
export const callTimeoutMs = 10_000;

/** One command's session. */
export interface OneShot {
  readonly calls: SessionCalls;
  /** Rates are waited for: a person does not want to type the command again. */
  readonly control: CallControl;
  /** Login, whatever was remembered. */
  readonly logIn: (customStatus?: LoginCustomStatus) => Promise<LoginResponse>;
}

export interface OneShotFlags {
  /** Log out at the end. */
  readonly logout?: boolean | undefined;
}

/** Runs a command with a session that stands, or comes to stand with its first call. */
export async function withOneShot(
  context: Context,
  flags: OneShotFlags,
  work: (oneShot: OneShot) => Promise<number>,
): Promise<number> {
  const tokens = context.tokens();
  const { transport, close } = context.connect();
  try {
    const rpc = createRpc({ transport, tokens, scheduler: systemScheduler, callTimeoutMs, onTokenRenewed: () => {} });
    const signal = context.io.interrupted;
    const info = await rpc.call((service, options) => service.getServerInfo({}, options), signal);
    const login = createLogin(context, rpc, {
      url: context.url,
      identity: context.identity(),
      deviceId: context.deviceId ?? defaultDeviceId,
    });
    const exitCode = await work(createOneShot(context, rpc, login, info));
    if (flags.logout === true) await login.end();
    return exitCode;
  } finally {
    close();
  }
}

interface LoginKeeper {
  readonly sessionId: () => Promise<string>;
  readonly revive: () => Promise<void>;
  readonly logIn: (customStatus?: LoginCustomStatus) => Promise<LoginResponse>;
  readonly end: () => Promise<void>;
}

function createLogin(context: Context, rpc: Rpc, key: StateKey): LoginKeeper {
  const signal = context.io.interrupted;
  let sessionId: string | undefined;

  async function logIn(customStatus?: LoginCustomStatus): Promise<LoginResponse> {
    const request = { deviceId: key.deviceId, platform: context.platform, ...customStatusField(customStatus) };
    const answer = await rpc.call((service, options) => service.login(request, options), signal);
    sessionId = answer.sessionId;
    await context.states.write(key, sessionId).catch((error: unknown) => {
      context.note(`userstatus: can't remember the session: ${printable(toUserStatusError(error).message)}`);
    });
    return answer;
  }

  /** Heartbeat rather than Login: it keeps the platform, brings back what was lost, and finds out whether the session stands. */
  async function revive(): Promise<void> {
    if (sessionId === undefined) return;
    const request = { sessionId };
    await rpc.call((service, options) => service.heartbeat(request, options), signal);
  }

  async function goOn(): Promise<string> {
    sessionId = await context.states.read(key);
    try {
      await revive();
    } catch (thrown) {
      if (!isSessionGone(toUserStatusError(thrown))) throw thrown;
      sessionId = undefined;
    }
    if (sessionId !== undefined) return sessionId;
    const answer = await logIn();
    noteLogin(context, key, answer);
    return answer.sessionId;
  }

  return {
    sessionId: async () => sessionId ?? (await goOn()),
    revive,
    logIn,
    end: async () => {
      const id = sessionId;
      if (id === undefined) return;
      await rpc.call((service, options) => service.logout({ sessionId: id }, options), signal);
      await context.states.remove(key);
    },
  };
}

function createOneShot(context: Context, rpc: Rpc, login: LoginKeeper, info: GetServerInfoResponse): OneShot {
  const limits = batchLimits(info);
  return {
    control: { signal: context.io.interrupted, waitWhenLimited: true },
    logIn: login.logIn,
    calls: createSessionCalls({
      rpc,
      scheduler: systemScheduler,
      limits: () => limits,
      sink: plainSink,
      session: {
        current: login.sessionId,
        revive: login.revive,
        // A command that somebody typed is a wish to be logged in, after a kick too.
        replace: async () => {
          await login.logIn();
        },
      },
    }),
  };
}

function noteLogin(context: Context, key: StateKey, answer: LoginResponse): void {
  const user = printable(answer.self?.status?.userId ?? "you");
  const lease = answer.lease === undefined ? "" : ` of ${formatDuration(durationMs(answer.lease))}`;
  context.note(`logged in: others see ${user} online until the lease${lease} ends (device ${key.deviceId}).`);
  context.note("--logout ends that with the command; `userstatus login` stays logged in.");
}

/** Exit code of a batch: that of a refusal as soon as one user failed. */
export function batchExitCode(results: readonly { readonly ok: boolean }[]): number {
  return results.every((result) => result.ok) ? exitCodes.ok : exitCodes.refused;
}
