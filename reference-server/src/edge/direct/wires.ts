// Calls over HTTP/1.1 and HTTP/2, on Node's streams themselves.
import type { IncomingHttpHeaders, IncomingMessage, ServerResponse } from "node:http";
import type { ServerHttp2Stream } from "node:http2";
import type { Readable } from "node:stream";
import { Http1Answer, Http2Answer } from "./stream-answers.ts";
import type { Body, HandedOver, Headers, Wire } from "./wire.ts";

export function http1Wire(
  request: IncomingMessage,
  response: ServerResponse,
  handOver: (begun: HandedOver) => void,
): Wire {
  return {
    http2: false,
    method: request.method ?? "",
    path: request.url ?? "",
    authority: request.headers.host,
    headers: request.headers,
    read: (maxBytes, done) => readBody(request, maxBytes, done),
    answer: (headers, body) => {
      if (response.destroyed) return;
      response.writeHead(200, headers);
      response.end(body);
    },
    stream: (codec) => new Http1Answer(response, codec),
    handOver,
  };
}

/** `before` gives headers that stand before all others, of CORS. */
export function http2Wire(
  stream: ServerHttp2Stream,
  headers: IncomingHttpHeaders,
  before: () => Headers,
  handOver: (begun: HandedOver) => void,
): Wire {
  // A stream may fail at any time; whoever reads it sees it close.
  stream.on("error", ignore);
  return {
    http2: true,
    method: String(headers[":method"] ?? ""),
    path: String(headers[":path"] ?? ""),
    authority: typeof headers[":authority"] === "string" ? headers[":authority"] : headers.host,
    headers,
    read: (maxBytes, done) => readBody(stream, maxBytes, done),
    answer: (own, body, trailers) => {
      if (stream.destroyed || stream.closed) return;
      stream.respond({ ":status": 200, ...before(), ...own }, { waitForTrailers: trailers !== undefined });
      if (trailers !== undefined) stream.once("wantTrailers", () => stream.sendTrailers(trailers));
      stream.end(body);
    },
    stream: (codec) => new Http2Answer(stream, codec, before()),
    handOver,
  };
}

function readBody(from: Readable, maxBytes: number, done: (body: Body) => void): void {
  const chunks: Uint8Array[] = [];
  let length = 0;
  const onData = (chunk: Uint8Array): void => {
    chunks.push(chunk);
    length += chunk.length;
    if (length > maxBytes) settle(false);
  };
  const onEnd = (): void => settle(true);
  const settle = (whole: boolean): void => {
    from.off("data", onData).off("end", onEnd);
    // What else comes is thrown away as it comes.
    if (!whole) from.resume();
    done({ chunks, whole });
  };
  // An empty body may have ended before anybody asked for it.
  if (from.readableEnded) done({ chunks, whole: true });
  else from.on("data", onData).on("end", onEnd);
}

function ignore(): void {}
