// One call to the service: the token in its header, a limit to its time, its error typed, a token that ran out renewed once.
import { type CallOptions, type Client, createClient, type Transport } from "@connectrpc/connect";
import { UserStatusService } from "@userstatus/protocol";
import { createDeadline, untilAborted } from "./abort.ts";
import { abortedError, toUserStatusError, type UserStatusError } from "./errors.ts";
import type { Scheduler } from "./time.ts";
import type { TokenSource } from "./token.ts";

/** The service as generated. */
export type UserStatusServiceClient = Client<typeof UserStatusService>;

/** Makes calls. */
export interface Rpc {
  readonly service: UserStatusServiceClient;
  /** Runs one unary call. Rejects with UserStatusError. */
  readonly call: <T>(
    run: (service: UserStatusServiceClient, options: CallOptions) => Promise<T>,
    signal?: AbortSignal,
  ) => Promise<T>;
}

export interface RpcOptions {
  readonly transport: Transport;
  readonly tokens: TokenSource;
  readonly scheduler: Scheduler;
  /** Longest wait for one call, its token included. */
  readonly callTimeoutMs: number;
  /** Told when a call went through with a newer token, so that the session may be told too. */
  readonly onTokenRenewed: () => void;
}

/** The header that carries a token. */
export function authorization(token: string): { authorization: string } {
  return { authorization: `Bearer ${token}` };
}

/** Whether asking for a new token may help. */
export function isTokenProblem(error: UserStatusError): boolean {
  return error.reason === "TOKEN_EXPIRED" || error.reason === "TOKEN_INVALID";
}

export function createRpc(options: RpcOptions): Rpc {
  const { tokens, scheduler, callTimeoutMs } = options;
  const service = createClient(UserStatusService, options.transport);

  async function attempt<T>(
    run: (service: UserStatusServiceClient, options: CallOptions) => Promise<T>,
    signal: AbortSignal,
  ): Promise<T> {
    const token = await tokens.get(signal);
    try {
      return await run(service, { headers: authorization(token), signal });
    } catch (thrown) {
      const error = toUserStatusError(thrown);
      if (!isTokenProblem(error) || (!tokens.renewable && tokens.peek() === token)) throw error;
      const renewed = await tokens.renew(token, signal);
      const answer = await run(service, { headers: authorization(renewed), signal });
      options.onTokenRenewed();
      return answer;
    }
  }

  return {
    service,
    call: async (run, signal) => {
      if (signal?.aborted === true) throw abortedError(signal);
      const deadline = createDeadline(scheduler, callTimeoutMs, [signal]);
      try {
        return await untilAborted(attempt(run, deadline.signal), deadline.signal);
      } catch (thrown) {
        throw toUserStatusError(thrown);
      } finally {
        deadline.dispose();
      }
    },
  };
}
