// What every call of a service shares: who calls, and refusals as RPC errors.
import { Code, ConnectError, type HandlerContext } from "@connectrpc/connect";
import type { Profile } from "@userstatus/protocol";
import { Refused } from "../core/refused.ts";
import type { Store } from "../store/store.ts";
import { type Identity, identityKey } from "./identity.ts";
import { refusal } from "./refuse.ts";

/** The caller; the authentication gate has seen to it that there is one. */
export function callerOf(context: Pick<HandlerContext, "values">): Identity {
  const identity = context.values.get(identityKey);
  if (!identity) throw new ConnectError("no identity: the authentication gate is missing", Code.Internal);
  return identity;
}

/** Turns a Refused into the error of the profile; everything else passes. */
export function asRpcError(error: unknown, profile: Profile): unknown {
  if (!(error instanceof Refused)) return error;
  return refusal(profile, error.reason, error.message, {
    metadata: error.metadata,
    ...(error.retryAfterMs === undefined ? {} : { retryAfterMs: error.retryAfterMs }),
  });
}

/** Wraps a unary method of a service. Its answer, a refusal too, leaves when what was committed before it is durable. */
export function refusing<I, O>(
  profile: Profile,
  { settled }: Pick<Store, "settled">,
  method: (request: I, context: HandlerContext) => O | Promise<O>,
): (request: I, context: HandlerContext) => Promise<O> {
  const answer =
    settled === undefined
      ? method
      : async (request: I, context: HandlerContext): Promise<O> => {
          try {
            return await method(request, context);
          } finally {
            await settled();
          }
        };
  return async (request, context) => {
    try {
      return await answer(request, context);
    } catch (error) {
      throw asRpcError(error, profile);
    }
  };
}
