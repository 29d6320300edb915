// The peers of QueryStatuses beside the RPC library. `raw`: a `node:http2` handler that reads what was asked and writes ready bytes, the floor;
// `grpc-js`: @grpc/grpc-js, which makes the request a message and the answer bytes.
// Protocol: prints {"url"} when it listens.
import { createServer, type ServerHttp2Stream } from "node:http2";
import type { AddressInfo } from "node:net";
import { create, fromBinary, toBinary } from "@bufbuild/protobuf";
import { Server, ServerCredentials, type ServerUnaryCall, type sendUnaryData } from "@grpc/grpc-js";
import {
  type QueryStatusesRequest,
  QueryStatusesRequestSchema,
  type QueryStatusesResponse,
  QueryStatusesResponseSchema,
} from "@userstatus/protocol";
import { answerOf } from "./answers.ts";

if (process.argv[2] === "raw") raw();
else grpcJs();

function raw(): void {
  const server = createServer({ settings: { maxConcurrentStreams: 1000 } });
  // By the size of the request, which tells those of the bench from one another: made once, then ready.
  const ready = new Map<number, Buffer>();
  server.on("stream", (stream, headers) => {
    const grpc = headers["content-type"] === "application/grpc";
    const chunks: Buffer[] = [];
    stream.on("data", (chunk: Buffer) => chunks.push(chunk));
    stream.on("end", () => {
      const request = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
      let body = ready.get(request.length);
      if (!body) {
        body = bodyFor(request, grpc);
        ready.set(request.length, body);
      }
      if (grpc) answerGrpc(stream, body);
      else {
        stream.respond({ ":status": 200, "content-type": "application/proto", "content-length": body.length });
        stream.end(body);
      }
    });
    stream.on("error", () => {});
  });
  server.on("sessionError", () => {});
  server.listen(0, "127.0.0.1", 4096, () => tell((server.address() as AddressInfo).port));
}

function answerGrpc(stream: ServerHttp2Stream, body: Buffer): void {
  stream.respond({ ":status": 200, "content-type": "application/grpc" }, { waitForTrailers: true });
  stream.once("wantTrailers", () => stream.sendTrailers({ "grpc-status": "0" }));
  stream.end(body);
}

function bodyFor(request: Buffer, grpc: boolean): Buffer {
  const { userIds } = fromBinary(QueryStatusesRequestSchema, grpc ? request.subarray(5) : request);
  const message = toBinary(QueryStatusesResponseSchema, create(QueryStatusesResponseSchema, answerOf(userIds)));
  if (!grpc) return Buffer.from(message);
  const head = Buffer.alloc(5);
  head.writeUInt32BE(message.length, 1);
  return Buffer.concat([head, message]);
}

function grpcJs(): void {
  const server = new Server({ "grpc.max_concurrent_streams": 1000 });
  const queryStatuses = {
    path: "/userstatus.v1.UserStatusService/QueryStatuses",
    requestStream: false,
    responseStream: false,
    requestSerialize: (message: QueryStatusesRequest) => Buffer.from(toBinary(QueryStatusesRequestSchema, message)),
    requestDeserialize: (bytes: Buffer) => fromBinary(QueryStatusesRequestSchema, bytes),
    responseSerialize: (message: QueryStatusesResponse) => Buffer.from(toBinary(QueryStatusesResponseSchema, message)),
    responseDeserialize: (bytes: Buffer) => fromBinary(QueryStatusesResponseSchema, bytes),
  };
  server.addService(
    { queryStatuses },
    {
      queryStatuses: (
        { request }: ServerUnaryCall<QueryStatusesRequest, QueryStatusesResponse>,
        answer: sendUnaryData<QueryStatusesResponse>,
      ) => answer(null, create(QueryStatusesResponseSchema, answerOf(request.userIds))),
    },
  );
  server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
    if (error) throw error;
    tell(port);
  });
}

function tell(port: number): void {
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
}
