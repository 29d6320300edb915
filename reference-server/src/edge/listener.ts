// What one listener answers: the RPCs of its routes over Connect, gRPC and gRPC-Web, `/healthz`, and 404.
import { constants } from "node:http2";
import type { DescMethod } from "@bufbuild/protobuf";
import {
  type ConnectError,
  type ConnectRouter,
  createContextValues,
  type HandlerContext,
  type Interceptor,
} from "@connectrpc/connect";
import { connectNodeAdapter } from "@connectrpc/connect-node";
import { readyAnswers } from "../rpc/ready-results.ts";
import { refusedBefore, refusedKey } from "../rpc/refused-before.ts";
import { breakOffKey, sinkKey } from "../rpc/stream-control.ts";
import type { UnaryMethod } from "../rpc/unary-methods.ts";
import type { OpenWatch } from "../rpc/user-service.ts";
import type { GatedCall } from "./auth/gate.ts";
import { createCors } from "./cors.ts";
import { createBegin, type DirectCalls } from "./direct/begin.ts";
import { acceptedCompressions, maxTimeoutMs } from "./direct/forms.ts";
import { createDirectUnary } from "./direct/unary.ts";
import { createDirectWatch } from "./direct/watch.ts";
import type { HandedOver } from "./direct/wire.ts";
import { http1Wire, http2Wire } from "./direct/wires.ts";
import { allowEarlyAnswer, replay } from "./early-answer.ts";
import { openFrameSink } from "./frame-sink.ts";
import type { EdgeHandler, EdgeRequest, EdgeResponse, StreamHandler } from "./one-port.ts";

/**
 * Most bytes of one request message, before and after decompression: above what SPEC §3 `message-size` wants accepted,
 * below what it wants refused.
 */
export const readMaxBytes: number = 1024 * 1024;

export interface ListenerOptions {
  readonly routes: (router: ConnectRouter) => void;
  /** Runs before a call's body is read: authentication. */
  readonly gate: (context: HandlerContext) => void | Promise<void>;
  /** The first one is the outermost. */
  readonly interceptors: readonly Interceptor[];
  /** Origins of web pages that may call; `*`: any. */
  readonly corsOrigins: readonly string[];
  /** What `/healthz` tells. */
  readonly serving: () => boolean;
  /** Whether ready bytes are used: live frames of a Watch straight to its connection, and results of queries. Default: they are. */
  readonly readyBytes?: boolean;
  /** Absent: every call passes the RPC library. */
  readonly direct?: DirectOptions | undefined;
  /** Ends the calls that are open when it is aborted, with its reason. */
  readonly shutdownSignal: AbortSignal;
}

/** Calls that are served without the RPC library. */
export interface DirectOptions {
  readonly methods: readonly UnaryMethod[];
  /** The same as that of all calls, unobserved. */
  readonly gate: (call: GatedCall) => Promise<void>;
  readonly openWatch?: OpenWatch | undefined;
  readonly onAnswered: (method: DescMethod, startMs: number) => void;
  /** A stream has ended; with a fault, what the caller is to be told. */
  readonly onEnded: (method: DescMethod, startMs: number, fault: unknown) => ConnectError | undefined;
  readonly onFault: (fault: unknown) => void;
}

/** For `createOnePort`. */
export interface ListenerHandlers {
  readonly handler: EdgeHandler;
  readonly streamHandler: StreamHandler;
}

export function createListenerHandler(options: ListenerOptions): ListenerHandlers {
  const cors = createCors(options.corsOrigins);
  const direct = createDirect(options);
  /** Calls that come back from there, by request or stream. */
  const begun = new WeakMap<object, HandedOver>();
  const library = createLibraryHandler(options, begun);
  return {
    handler: (request, response) => {
      if (request.method === "GET" || request.method === "HEAD") response.setHeader("Cache-Control", "no-store");
      if (cors.guard(request, response)) return;
      const handOver = (how: HandedOver): void => {
        begun.set(request, how);
        library(request, response);
      };
      // Streams of HTTP/2 were asked for before. A pipelined request has no socket yet, until what came before is answered.
      const isOwn = !("stream" in request) && !("stream" in response) && response.socket !== null;
      if (!isOwn || !direct(http1Wire(request, response, handOver))) library(request, response);
    },
    streamHandler: (stream, headers, asRequest) => {
      const handOver = (how: HandedOver): void => {
        begun.set(stream, how);
        asRequest();
      };
      return direct(http2Wire(stream, headers, () => cors.headersFor(headers.origin), handOver));
    },
  };
}

function createDirect({ direct, shutdownSignal }: ListenerOptions): DirectCalls {
  if (direct === undefined) return () => false;
  const begin = createBegin({ ...direct, readMaxBytes });
  const unary = createDirectUnary({ ...direct, begin, readMaxBytes });
  const { openWatch } = direct;
  if (openWatch === undefined) return unary;
  const watch = createDirectWatch({ ...direct, openWatch, begin, readMaxBytes, shutdownSignal });
  return (wire) => unary(wire) || watch(wire);
}

function createLibraryHandler(options: ListenerOptions, begun: WeakMap<object, HandedOver>): EdgeHandler {
  const responses = new WeakMap<EdgeRequest, EdgeResponse>();
  const rpc = connectNodeAdapter({
    routes: options.routes,
    requestGate: options.gate,
    contextValues: (request) =>
      createContextValues()
        .set(refusedKey, begun.get(keyOf(request))?.refused)
        .set(breakOffKey, () => breakOff(request))
        .set(sinkKey, () => {
          const response = options.readyBytes === false ? undefined : responses.get(request);
          return response && openFrameSink(request, response);
        }),
    interceptors: [...options.interceptors, ...(options.readyBytes === false ? [] : [readyAnswers]), refusedBefore],
    shutdownSignal: options.shutdownSignal,
    readMaxBytes,
    maxTimeoutMs,
    acceptCompression: [...acceptedCompressions],
    fallback: (request, response) => answerPlain(request, response, options.serving),
  });
  return (request, response) => {
    responses.set(request, response);
    const body = begun.get(keyOf(request))?.body;
    if (body === undefined) allowEarlyAnswer(request, response);
    else replay(request, response, body);
    try {
      rpc(request, response);
    } catch {
      // The library throws here when Host or :authority is missing or can't be part of a URL.
      answer(response, 400, "bad request: no usable Host\n");
    }
  };
}

function keyOf(request: EdgeRequest): object {
  return "stream" in request ? request.stream : request;
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
