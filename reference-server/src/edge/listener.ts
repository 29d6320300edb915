// What one listener answers: the RPCs of its routes over Connect, gRPC and gRPC-Web, `/healthz`, and 404.
import { constants } from "node:http2";
import { type ConnectRouter, createContextValues, type HandlerContext, type Interceptor } from "@connectrpc/connect";
import { compressionGzip, connectNodeAdapter } from "@connectrpc/connect-node";
import { readyAnswers } from "../rpc/ready-results.ts";
import { breakOffKey, sinkKey } from "../rpc/stream-control.ts";
import { createCorsGuard } from "./cors.ts";
import { allowEarlyAnswer } from "./early-answer.ts";
import { openFrameSink } from "./frame-sink.ts";
import type { EdgeHandler, EdgeRequest, EdgeResponse } from "./one-port.ts";

/**
 * Most bytes of one request message, before and after decompression: above what SPEC §3 `message-size` wants accepted,
 * below what it wants refused.
 */
export const readMaxBytes: number = 1024 * 1024;

/** Greatest deadline of a caller. More would overflow the timers below, and end the call at once. */
export const maxTimeoutMs: number = 2 ** 31 - 1;

export interface ListenerOptions {
  readonly routes: (router: ConnectRouter) => void;
  /** Runs before a call's body is read: authentication. */
  readonly gate: (context: HandlerContext) => void | Promise<void>;
  /** The last one is the outermost. */
  readonly interceptors: readonly Interceptor[];
  /** Origins of web pages that may call; `*`: any. */
  readonly corsOrigins: readonly string[];
  /** What `/healthz` tells. */
  readonly serving: () => boolean;
  /** Whether ready bytes are used: live frames of a Watch straight to its connection, and results of queries. Default: they are. */
  readonly readyBytes?: boolean;
  /** Ends the calls that are open when it is aborted, with its reason. */
  readonly shutdownSignal: AbortSignal;
}

/** A handler for `createOnePort`. */
export function createListenerHandler(options: ListenerOptions): EdgeHandler {
  const responses = new WeakMap<EdgeRequest, EdgeResponse>();
  const guard = createCorsGuard(options.corsOrigins);
  const rpc = connectNodeAdapter({
    routes: options.routes,
    requestGate: options.gate,
    contextValues: (request) =>
      createContextValues()
        .set(breakOffKey, () => breakOff(request))
        .set(sinkKey, () => {
          const response = options.readyBytes === false ? undefined : responses.get(request);
          return response && openFrameSink(request, response);
        }),
    interceptors: [...options.interceptors, ...(options.readyBytes === false ? [] : [readyAnswers])],
    shutdownSignal: options.shutdownSignal,
    readMaxBytes,
    maxTimeoutMs,
    // Not brotli: the library compresses with its slowest setting, which would let callers buy much work for little.
    acceptCompression: [compressionGzip],
    fallback: (request, response) => answerPlain(request, response, options.serving),
  });
  return (request, response) => {
    responses.set(request, response);
    if (request.method === "GET" || request.method === "HEAD") response.setHeader("Cache-Control", "no-store");
    if (guard(request, response)) return;
    allowEarlyAnswer(request, response);
    try {
      rpc(request, response);
    } catch {
      // The library throws here when Host or :authority is missing or can't be part of a URL.
      answer(response, 400, "bad request: no usable Host\n");
    }
  };
}

function breakOff(request: EdgeRequest): void {
  if ("stream" in request) request.stream.close(constants.NGHTTP2_CANCEL);
  else request.socket.destroy();
}

/** What responses of HTTP/1.1 and HTTP/2 have in common here. */
interface PlainResponse {
  statusCode: number;
  setHeader(name: string, value: string): unknown;
  end(text: string): unknown;
}

function answerPlain(request: EdgeRequest, response: PlainResponse, serving: () => boolean): void {
  if (request.url?.split("?", 1)[0] !== "/healthz") answer(response, 404, "not found\n");
  else if (request.method !== "GET" && request.method !== "HEAD") answer(response, 405, "method not allowed\n");
  else if (serving()) answer(response, 200, "ok\n");
  else answer(response, 503, "draining\n");
}

function answer(response: PlainResponse, status: number, text: string): void {
  response.statusCode = status;
  response.setHeader("Content-Type", "text/plain; charset=utf-8");
  response.end(text);
}
