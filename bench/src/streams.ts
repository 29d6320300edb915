// Open Watches as cheap as they can be held: bytes are counted, nothing is decoded.
import { type ClientHttp2Session, connect as connectHttp2 } from "node:http2";
import { connect as connectNet } from "node:net";
import { create, toBinary } from "@bufbuild/protobuf";
import { WatchRequestSchema } from "@userstatus/protocol";
import { createEnvelopeCounter, createUnchunker } from "./envelopes.ts";

/** `grpc`: gRPC over HTTP/2; `connect`: Connect's streaming over HTTP/2; `connect-h1`: the same over HTTP/1.1, one connection for each stream. */
export type StreamKind = "grpc" | "connect" | "connect-h1";

/** What has arrived on all streams of a group. */
export interface Arrivals {
  readonly messages: () => number;
  readonly bytes: () => number;
  /** Settles when so many messages, or bytes of them, have arrived in all; rejects after `limitMs`. */
  readonly until: (wanted: { messages: number } | { bytes: number }, limitMs: number) => Promise<void>;
  readonly add: (bytes: number) => void;
  /** Told of each message that arrives, until told otherwise. */
  readonly each: (arrived: (() => void) | undefined) => void;
}

export function createArrivals(): Arrivals {
  let messages = 0;
  let bytes = 0;
  let isThere = (): boolean => false;
  let reached = (): void => {};
  let arrived: (() => void) | undefined;
  return {
    messages: () => messages,
    bytes: () => bytes,
    until: (wanted, limitMs) =>
      new Promise((resolve, reject) => {
        isThere = () => ("messages" in wanted ? messages >= wanted.messages : bytes >= wanted.bytes);
        if (isThere()) return resolve();
        const timer = setTimeout(() => {
          const got = `${messages} messages, ${bytes} bytes`;
          reject(new Error(`${got} had arrived after ${limitMs} ms; wanted ${JSON.stringify(wanted)}`));
        }, limitMs);
        reached = () => {
          clearTimeout(timer);
          isThere = () => false;
          resolve();
        };
      }),
    add: (size) => {
      messages++;
      bytes += size;
      arrived?.();
      if (isThere()) reached();
    },
    each: (tell) => {
      arrived = tell;
    },
  };
}

export interface Opening {
  readonly token: string;
  readonly sessionId: string;
  readonly cursor?: Uint8Array;
  readonly stalls?: boolean;
}

export interface StreamGroup {
  /** Settles with the first message. `stalls`: nothing is read after it. */
  readonly open: (watch: Opening) => Promise<void>;
  readonly arrivals: Arrivals;
  readonly close: () => void;
}

const path = "/userstatus.v1.UserStatusService/Watch";

/** HTTP/2 streams are spread over `connections`; each stream of HTTP/1.1 has its own. */
export function createStreamGroup(kind: StreamKind, url: string, connections: number): StreamGroup {
  const arrivals = createArrivals();
  const closers: (() => void)[] = [];
  const sessions: ClientHttp2Session[] = [];
  let next = 0;
  const sessionOf = (): ClientHttp2Session => {
    const at = next++ % connections;
    const found = sessions[at] ?? connectHttp2(url);
    if (!sessions[at]) {
      sessions[at] = found;
      found.on("error", () => {});
      closers.push(() => found.destroy());
    }
    return found;
  };
  const overHttp2 = (token: string, body: Buffer, stalls: boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const stream = sessionOf().request({
        ":method": "POST",
        ":path": path,
        "content-type": kind === "grpc" ? "application/grpc" : "application/connect+proto",
        ...(kind === "grpc" ? { te: "trailers" } : { "connect-protocol-version": "1" }),
        authorization: `Bearer ${token}`,
      });
      const counter = createEnvelopeCounter((size) => {
        arrivals.add(size);
        if (stalls) stream.pause();
        resolve();
      });
      stream.on("data", counter.take);
      stream.on("error", reject);
      stream.on("close", () => reject(new Error("the stream was closed before its first message")));
      stream.end(body);
    });
  const overHttp1 = (token: string, body: Buffer, stalls: boolean): Promise<void> =>
    new Promise((resolve, reject) => {
      const { hostname, port, host } = new URL(url);
      const socket = connectNet({ host: hostname, port: Number(port), noDelay: true });
      closers.push(() => socket.destroy());
      const counter = createEnvelopeCounter((size) => {
        arrivals.add(size);
        if (stalls) socket.pause();
        resolve();
      });
      socket.on("data", createUnchunker(counter.take));
      socket.on("error", reject);
      socket.on("close", () => reject(new Error("the connection was closed before its first message")));
      const head = [
        `POST ${path} HTTP/1.1`,
        `Host: ${host}`,
        "Content-Type: application/connect+proto",
        "Connect-Protocol-Version: 1",
        `Authorization: Bearer ${token}`,
        `Content-Length: ${body.length}`,
      ];
      socket.write(Buffer.concat([Buffer.from(`${head.join("\r\n")}\r\n\r\n`), body]));
    });
  return {
    open: ({ token, sessionId, cursor, stalls = false }) => {
      const body = requestOf(sessionId, cursor);
      return kind === "connect-h1" ? overHttp1(token, body, stalls) : overHttp2(token, body, stalls);
    },
    arrivals,
    close: () => {
      for (const close of closers) close();
    },
  };
}

function requestOf(sessionId: string, cursor: Uint8Array = new Uint8Array()): Buffer {
  const message = toBinary(WatchRequestSchema, create(WatchRequestSchema, { sessionId, cursor }));
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
