// HTTP/1.1 lets a server close a connection that is kept alive at any time, also just when the next call is written to it (RFC 9112, 9.5). A client
// then calls again over another one; so does the suite, for calls that may safely arrive twice.
import { MethodOptions_IdempotencyLevel } from "@bufbuild/protobuf/wkt";
import type { Transport } from "@connectrpc/connect";
import { isUnreachable } from "../failure.ts";

/** Methods that change nothing the second time; a fence looks for its marker, and sees it once or twice. */
const repeatable: ReadonlySet<string> = new Set(["Heartbeat", "Sync"]);

/** Behaves as `base`; a call that is safe to repeat and whose connection was reset is made once more. */
export function outliveStaleConnections(base: Transport): Transport {
  return {
    unary: async (method, signal, timeoutMs, header, input, context) => {
      try {
        return await base.unary(method, signal, timeoutMs, header, input, context);
      } catch (error) {
        const isSafe =
          method.idempotency === MethodOptions_IdempotencyLevel.NO_SIDE_EFFECTS || repeatable.has(method.name);
        if (!isSafe || signal?.aborted === true || !isUnreachable(error)) throw error;
        return await base.unary(method, signal, timeoutMs, header, input, context);
      }
    },
    stream: (...call) => base.stream(...call),
  };
}
