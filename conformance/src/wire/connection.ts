// A connection of its own to the server, for one kind of transport. With `dial` it goes through the relay; names
// and TLS stay the server's.
import * as http from "node:http";
import * as https from "node:https";
import * as net from "node:net";
import * as tls from "node:tls";
import type { Transport } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { bareTypeInterceptor } from "./bare-type.ts";
import { preferGet } from "./get-transport.ts";
import { createH2Session, type H2Session } from "./h2-session.ts";
import type { TransportKind } from "./kinds.ts";
import { outliveStaleConnections } from "./stale-connection.ts";

/** Where to connect to in place of the host of the URL. */
export interface Dial {
  readonly host: string;
  readonly port: number;
}

export interface Connection {
  readonly transport: Transport;
  /** Closes all of it, streams too. */
  readonly close: () => void;
}

/** Opens lazily: nothing is sent before the first call. */
export function openConnection(kind: TransportKind, baseUrl: string, dial?: Dial): Connection {
  const { options, close } = kind.http === "2" ? http2Options(baseUrl, dial) : http1Options(baseUrl, dial);
  const transport = transportOf(kind, baseUrl, options);
  return { transport: kind.http === "2" ? transport : outliveStaleConnections(transport), close };
}

type NodeTransportOptions =
  | { readonly httpVersion: "1.1"; readonly nodeOptions: { readonly agent: http.Agent } }
  | { readonly httpVersion: "2"; readonly sessionManager: H2Session };

function transportOf(kind: TransportKind, baseUrl: string, node: NodeTransportOptions): Transport {
  // Without compression, so that what piles up behind a stalled reader is as large as it looks.
  const common = { baseUrl, acceptCompression: [] };
  const grpc = { ...common, interceptors: [bareTypeInterceptor] };
  if (kind.protocol === "grpc-web") return createGrpcWebTransport({ ...grpc, ...node });
  if (kind.protocol === "grpc") {
    if (node.httpVersion !== "2") throw new RangeError("gRPC needs HTTP/2");
    const { httpVersion: _, ...rest } = node;
    return createGrpcTransport({ ...grpc, ...rest });
  }
  const connect = { ...common, ...node, useBinaryFormat: kind.codec === "proto" };
  const byPost = createConnectTransport(connect);
  if (!kind.get) return byPost;
  return preferGet({
    byPost,
    byGet: createConnectTransport({ ...connect, useHttpGet: true }),
    baseUrl,
    json: kind.codec === "json",
  });
}

interface Opened {
  readonly options: NodeTransportOptions;
  readonly close: () => void;
}

function http1Options(baseUrl: string, dial: Dial | undefined): Opened {
  const agent = agentOf(new URL(baseUrl), dial);
  return { options: { httpVersion: "1.1", nodeOptions: { agent } }, close: () => agent.destroy() };
}

/** How long a connection is kept for another call: shorter than servers keep theirs, so that no call meets the end of one. */
const idleMs = 15_000;

/** A pool of HTTP/1.1 connections, through the relay if asked. */
export function agentOf(url: URL, dial?: Dial): http.Agent {
  const secure = url.protocol === "https:";
  // The timeout ends connections that carry no call; one that waits for an answer merely hears of it.
  const pool = { keepAlive: true, timeout: idleMs };
  const agent = secure ? new https.Agent(pool) : new http.Agent(pool);
  if (dial === undefined) return agent;
  const connect = secure
    ? (options: object) => tls.connect({ ...options, servername: url.hostname, ...dial })
    : () => net.connect(dial);
  return Object.assign(agent, { createConnection: connect });
}

function http2Options(baseUrl: string, dial: Dial | undefined): Opened {
  const url = new URL(baseUrl);
  const connect =
    url.protocol === "https:"
      ? () => tls.connect({ ...(dial ?? hostOf(url)), servername: url.hostname, ALPNProtocols: ["h2"] })
      : () => net.connect(dial ?? hostOf(url));
  const sessionManager = createH2Session(baseUrl, connect);
  return { options: { httpVersion: "2", sessionManager }, close: sessionManager.close };
}

/** Host and port that a URL names. */
export function hostOf(url: URL): Dial {
  const port = url.port === "" ? (url.protocol === "https:" ? 443 : 80) : Number(url.port);
  return { host: url.hostname.replace(/^\[|\]$/g, ""), port };
}
