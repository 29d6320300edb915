// Answers that are complete before their request is: refusals of what is too large, or not authenticated. The answer
// must reach the client, and what he goes on sending must cost neither memory nor a connection that stays.
import { constants } from "node:http2";
import type { Body } from "./direct/wire.ts";
import type { EdgeRequest, EdgeResponse } from "./one-port.ts";

/** How long a client may go on sending after its answer. Closing at once could overtake the answer. */
const lingerMs = 2_000;

/** To be called before the request is read. */
export function allowEarlyAnswer(request: EdgeRequest, response: EdgeResponse): void {
  // The library stops reading by ending its iterator, which would destroy the connection, and the answer with it.
  Object.defineProperty(request, Symbol.asyncIterator, { value: () => discardingIterator(request) });
  allowLinger(request, response);
}

/** To be called in place of the above when the request was read already: the library gets what was read. */
export function replay(request: EdgeRequest, response: EdgeResponse, { chunks, whole }: Body): void {
  Object.defineProperty(request, Symbol.asyncIterator, { value: () => replayed(chunks) });
  if (!whole) allowLinger(request, response);
}

async function* replayed(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

function allowLinger(request: EdgeRequest, response: EdgeResponse): void {
  const answered = "stream" in response ? response.stream : response;
  answered.once("finish", () => {
    if (!request.readableEnded) endAfterLinger(request);
  });
}

/** The chunks of the request. When they are no longer wanted, the rest is thrown away as it comes. */
function discardingIterator(request: EdgeRequest): AsyncIterator<unknown> {
  const chunks = request.iterator({ destroyOnReturn: false });
  return {
    next: () => chunks.next(),
    return: async () => {
      await chunks.return?.();
      request.resume();
      return { done: true, value: undefined };
    },
  };
}

function endAfterLinger(request: EdgeRequest): void {
  const timer = setTimeout(() => {
    // RFC 9113, 8.1: with this code the answer stands.
    if ("stream" in request) request.stream.close(constants.NGHTTP2_NO_ERROR);
    else request.socket.destroy();
  }, lingerMs);
  const stop = (): void => clearTimeout(timer);
  request.once("end", stop).once("close", stop);
}
