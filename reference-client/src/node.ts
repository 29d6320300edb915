// Transports for the command line: Node only, not part of the library.
import * as http from "node:http";
import * as https from "node:https";
import type { Transport } from "@connectrpc/connect";
import {
  createConnectTransport,
  createGrpcTransport,
  createGrpcWebTransport,
  Http2SessionManager,
} from "@connectrpc/connect-node";

/** The wire protocols that the command line speaks. */
export const wireProtocols = ["connect", "grpc", "grpc-web"] as const;

export type WireProtocol = (typeof wireProtocols)[number];

/** A transport and its connections. */
export interface NodeTransport {
  readonly transport: Transport;
  /** Lets go of the connections; the next call opens another one. */
  readonly renew: () => void;
  /** Closes the connections, so that the process can end. */
  readonly close: () => void;
}

/** gRPC goes over HTTP/2 (without TLS: prior knowledge), the others over HTTP/1.1, which every server and proxy has. */
export function createNodeTransport(baseUrl: string, protocol: WireProtocol): NodeTransport {
  if (protocol === "grpc") {
    const sessionManager = new Http2SessionManager(baseUrl, { pingIntervalMs: 30_000 });
    const close = (): void => sessionManager.abort();
    return { transport: createGrpcTransport({ baseUrl, sessionManager }), renew: close, close };
  }
  const agent = baseUrl.startsWith("https:")
    ? new https.Agent({ keepAlive: true })
    : new http.Agent({ keepAlive: true });
  const options = { baseUrl, httpVersion: "1.1" as const, nodeOptions: { agent } };
  const transport = protocol === "connect" ? createConnectTransport(options) : createGrpcWebTransport(options);
  const close = (): void => agent.destroy();
  return { transport, renew: close, close };
}
