// Unary calls as cheap as they can be made: ready bytes out, bytes in, and a look at the status.
import { type ClientHttp2Session, connect } from "node:http2";

export type UnaryKind = "grpc" | "connect";

export interface UnaryLoad {
  /** Settles with the bytes of the answer; rejects if the call was refused. */
  readonly call: (method: string, token: string, message: Uint8Array) => Promise<number>;
  readonly close: () => void;
}

const envelopeBytes = 5;

/** Calls are spread over `connections` of HTTP/2. */
export function createUnaryLoad(kind: UnaryKind, url: string, connections: number): UnaryLoad {
  const sessions: ClientHttp2Session[] = Array.from({ length: connections }, () => connect(url));
  for (const session of sessions) session.on("error", () => {});
  let next = 0;
  return {
    call: (method, token, message) =>
      new Promise((resolve, reject) => {
        const session = sessions[next++ % connections];
        if (!session) throw new Error("no connection");
        const stream = session.request({
          ":method": "POST",
          ":path": `/userstatus.v1.UserStatusService/${method}`,
          authorization: `Bearer ${token}`,
          ...(kind === "grpc"
            ? { "content-type": "application/grpc", te: "trailers" }
            : { "content-type": "application/proto", "connect-protocol-version": "1" }),
        });
        let bytes = 0;
        let status = 0;
        let grpcStatus: unknown;
        stream.on("response", (headers) => {
          status = Number(headers[":status"]);
          grpcStatus = headers["grpc-status"];
        });
        stream.on("trailers", (trailers) => {
          grpcStatus = trailers["grpc-status"];
        });
        stream.on("data", (chunk: Buffer) => {
          bytes += chunk.length;
        });
        stream.on("error", reject);
        stream.on("end", () => {
          if (status === 200 && (kind === "connect" || grpcStatus === "0")) resolve(bytes);
          else reject(new Error(`${method}: HTTP ${status}, grpc-status ${String(grpcStatus)}`));
        });
        stream.end(kind === "grpc" ? enveloped(message) : message);
      }),
    close: () => {
      for (const session of sessions) session.destroy();
    },
  };
}

function enveloped(message: Uint8Array): Buffer {
  const head = Buffer.alloc(envelopeBytes);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}
