// One TCP port for HTTP/1.1 and HTTP/2, in the clear (h2c with prior knowledge) or over TLS (ALPN). Owns the connections.
import {
  createServer as createHttp1,
  type IncomingHttpHeaders,
  type IncomingMessage,
  type ServerResponse,
} from "node:http";
import {
  constants,
  createServer as createHttp2,
  type Http2Server,
  type Http2ServerRequest,
  type Http2ServerResponse,
  type ServerHttp2Session,
  type ServerHttp2Stream,
} from "node:http2";
import { type AddressInfo, createServer as createNet, type Server, type Socket } from "node:net";
import { createServer as createTls } from "node:tls";
import type { ConnectionLimits } from "./connection-limits.ts";
import { peek } from "./peek.ts";
import { keepPinging } from "./session-pings.ts";

export type EdgeRequest = IncomingMessage | Http2ServerRequest;
export type EdgeResponse = ServerResponse | Http2ServerResponse;
export type EdgeHandler = (request: EdgeRequest, response: EdgeResponse) => void;
/** Takes a stream of HTTP/2 as it is, or answers false. `asRequest` gives it to the EdgeHandler later: what was read of it by then is gone. */
export type StreamHandler = (stream: ServerHttp2Stream, headers: IncomingHttpHeaders, asRequest: () => void) => boolean;

/** PEM texts. */
export interface TlsFiles {
  readonly cert: string;
  readonly key: string;
}

export interface OnePortOptions {
  readonly handler: EdgeHandler;
  /** Asked first for each stream of HTTP/2. Node's objects of request and response are made only for what it does not take. */
  readonly streamHandler?: StreamHandler | undefined;
  readonly limits: ConnectionLimits;
  readonly tls?: TlsFiles | undefined;
  /** Told of each connection that was not taken: there were too many, or the process has no more file descriptors. */
  readonly onDrop?: (() => void) | undefined;
}

export interface OnePort {
  /** Binds, and answers with the port; rejects with the system's error, such as EADDRINUSE. Port 0: the system chooses. */
  readonly listen: (host: string, port: number) => Promise<number>;
  readonly connectionCount: () => number;
  /** Takes no more connections, ends the idle ones, waits for open calls, and destroys what is left after `limitMs`. */
  readonly close: (limitMs: number) => Promise<void>;
}

/** How often a closing port looks for HTTP/1.1 connections that became idle. */
const idleSweepMs = 50;

export function createOnePort({ handler, streamHandler, limits, tls, onDrop }: OnePortOptions): OnePort {
  const sockets = new Set<Socket>();
  /** Connections that have not said yet what they speak. */
  const silent = new Set<Socket>();
  const sessions = new Set<ServerHttp2Session>();
  let closing = false;

  const http1 = createHttp1(
    {
      maxHeaderSize: limits.maxHeaderBytes,
      headersTimeout: limits.headersMs,
      requestTimeout: limits.requestMs,
      keepAliveTimeout: limits.keepAliveMs,
      connectionsCheckingInterval: 5_000,
    },
    (request, response) => {
      if (closing) response.shouldKeepAlive = false;
      handler(request, response);
    },
  );
  // This server never listens itself; the event starts its watch over slow headers and requests.
  http1.emit("listening");
  const http2 = createHttp2Server(limits, handler, streamHandler);
  http2.on("session", (session) => {
    sessions.add(session);
    session.once("close", () => sessions.delete(session));
    session.on("error", ignore);
    keepPinging(session, { intervalMs: limits.pingIntervalMs, timeoutMs: limits.pingTimeoutMs });
  });

  const take = (socket: Socket): void => {
    // A connection may fail at any time; whoever reads it sees it close.
    socket.on("error", ignore);
    silent.add(socket);
    socket.once("close", () => silent.delete(socket));
    peek(socket, limits.peekMs, (spoken) => {
      silent.delete(socket);
      if (spoken === "http1") return void http1.emit("connection", socket);
      // The port lets HTTP/1.1 clients half-close; an HTTP/2 client that ends its side is gone.
      socket.allowHalfOpen = false;
      http2.emit("connection", socket);
    });
  };
  const front = createFront(take, limits, tls);
  front.maxConnections = limits.maxConnections;
  // Over TLS these are the sockets below, so that a handshake counts too.
  front.on("connection", (socket: Socket) => {
    sockets.add(socket);
    socket.once("close", () => sockets.delete(socket));
  });
  front.on("drop", () => onDrop?.());

  return {
    listen: (host, port) => bind(front, host, port, () => onDrop?.()),
    connectionCount: () => sockets.size,
    close: async (limitMs) => {
      closing = true;
      for (const session of sessions) session.close();
      for (const socket of silent) socket.destroy();
      await settle(front, limitMs, () => http1.closeIdleConnections(), sockets);
      http1.close(ignore);
    },
  };
}

function ignore(): void {}

function createFront(take: (socket: Socket) => void, limits: ConnectionLimits, tls: TlsFiles | undefined): Server {
  // Without noDelay, a small frame behind another would wait for the peer's acknowledgement.
  const tcp = { noDelay: true, keepAlive: true, keepAliveInitialDelay: 30_000, allowHalfOpen: true };
  if (tls === undefined) return createNet(tcp, take);
  const secured = { ...tcp, ...tls, ALPNProtocols: ["h2", "http/1.1"], handshakeTimeout: limits.peekMs };
  return createTls(secured, take);
}

function createHttp2Server(
  limits: ConnectionLimits,
  handler: EdgeHandler,
  takes: StreamHandler = () => false,
): Http2Server {
  const server = createHttp2({
    settings: { maxConcurrentStreams: limits.maxStreams, maxHeaderListSize: limits.maxHeaderBytes },
    maxSessionMemory: limits.maxSessionMemoryMib,
  });
  // Never listens: makes requests and responses of streams.
  const requests = createHttp2();
  requests.on("request", handler);
  server.on("stream", (stream, headers, flags, rawHeaders) => {
    limitRequest(stream, limits.requestMs);
    const asRequest = (): void => void requests.emit("stream", stream, headers, flags, rawHeaders);
    if (!takes(stream, headers, asRequest)) asRequest();
  });
  server.on("sessionError", ignore);
  return server;
}

/** As requestTimeout of HTTP/1.1, which HTTP/2 servers of Node don't have. A request may be complete but not read. */
function limitRequest(stream: ServerHttp2Stream, limitMs: number): void {
  const timer = setTimeout(() => {
    if (stream.state.remoteClose !== 1) stream.close(constants.NGHTTP2_CANCEL);
  }, limitMs);
  const stop = (): void => {
    clearTimeout(timer);
    stream.off("end", stop).off("close", stop);
  };
  stream.on("end", stop).on("close", stop);
}

function bind(front: Server, host: string, port: number, onAcceptError: () => void): Promise<number> {
  return new Promise((resolve, reject) => {
    front.once("error", reject);
    front.listen({ host, port, backlog: 4_096 }, () => {
      front.off("error", reject);
      // Later faults of the listening socket cost single connections, never the server.
      front.on("error", onAcceptError);
      resolve((front.address() as AddressInfo).port);
    });
  });
}

/** Resolves when no connection is left; after `limitMs` it makes that so. */
function settle(front: Server, limitMs: number, closeIdle: () => void, sockets: ReadonlySet<Socket>): Promise<void> {
  return new Promise((resolve) => {
    const sweep = setInterval(closeIdle, idleSweepMs);
    const hardStop = setTimeout(() => {
      for (const socket of sockets) socket.destroy();
    }, limitMs);
    front.close(() => {
      clearInterval(sweep);
      clearTimeout(hardStop);
      resolve();
    });
    closeIdle();
  });
}
