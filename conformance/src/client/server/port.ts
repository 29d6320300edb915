// HTTP/1.1 and HTTP/2 with prior knowledge on one port of loopback.
import { createServer as createHttp1, type IncomingMessage, type ServerResponse } from "node:http";
import { createServer as createHttp2, type Http2ServerRequest, type Http2ServerResponse } from "node:http2";
import * as net from "node:net";

export type Handler = (
  request: IncomingMessage | Http2ServerRequest,
  response: ServerResponse | Http2ServerResponse,
) => void;

export interface OpenPort {
  readonly port: number;
  readonly close: () => Promise<void>;
}

/** No request of HTTP/1.1 begins like this (RFC 9113, 3.4). */
const preface = "PRI";

export async function openPort(handler: Handler): Promise<OpenPort> {
  const http1 = createHttp1({ keepAliveTimeout: 600_000 }, handler as never);
  const http2 = createHttp2(handler as never);
  const sockets = new Set<net.Socket>();
  const listener = net.createServer((socket) => {
    sockets.add(socket);
    socket.setNoDelay(true);
    socket.on("close", () => sockets.delete(socket));
    socket.on("error", () => {});
    decide(socket, (speaks) => (speaks === "http2" ? http2 : http1).emit("connection", socket));
  });
  await new Promise<void>((resolve, reject) => {
    listener.once("error", reject).listen(0, "127.0.0.1", resolve);
  });
  // A client that breaks off in the middle of a request is no fault.
  http2.on("sessionError", () => {});
  http1.on("clientError", (_, socket) => socket.destroy());
  return {
    port: (listener.address() as net.AddressInfo).port,
    close: () =>
      new Promise((resolve) => {
        listener.close(() => resolve());
        http1.closeAllConnections();
        for (const socket of sockets) socket.destroy();
      }),
  };
}

/** Calls `then` once with what the connection speaks, its bytes put back. */
function decide(socket: net.Socket, then: (speaks: "http1" | "http2") => void): void {
  let seen = Buffer.alloc(0);
  const onData = (chunk: Buffer): void => {
    seen = Buffer.concat([seen, chunk]);
    const start = seen.subarray(0, preface.length).toString("latin1");
    if (start === preface.slice(0, start.length) && start.length < preface.length) return;
    socket.off("data", onData);
    socket.pause();
    socket.unshift(seen);
    const speaks = start === preface ? "http2" : "http1";
    then(speaks);
    if (speaks === "http1") socket.resume();
  };
  socket.on("data", onData);
}
