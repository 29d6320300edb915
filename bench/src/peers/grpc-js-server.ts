// A peer: @grpc/grpc-js, which is given ready bytes.
// Protocol: prints {"url"} when it listens; each line "N BYTES" on standard input sends N messages of that size to all.
import { createInterface } from "node:readline";
import { Server, ServerCredentials, type ServerWritableStream } from "@grpc/grpc-js";

const streams = new Set<ServerWritableStream<Buffer, Buffer>>();
const asIs = (bytes: Buffer): Buffer => bytes;
const server = new Server({ "grpc.max_concurrent_streams": 1000 });
const watch = {
  path: "/userstatus.v1.UserStatusService/Watch",
  requestStream: false,
  responseStream: true,
  requestSerialize: asIs,
  requestDeserialize: asIs,
  responseSerialize: asIs,
  responseDeserialize: asIs,
};
server.addService(
  { watch },
  {
    watch: (call: ServerWritableStream<Buffer, Buffer>) => {
      streams.add(call);
      call.on("cancelled", () => streams.delete(call));
      call.on("error", () => {});
    },
  },
);
server.bindAsync("127.0.0.1:0", ServerCredentials.createInsecure(), (error, port) => {
  if (error) throw error;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});

for await (const line of createInterface({ input: process.stdin })) {
  const [count = 0, bytes = 50] = line.split(" ").map(Number);
  const message = Buffer.alloc(bytes, 1);
  for (const stream of streams) for (let sent = 0; sent < count; sent++) stream.write(message);
}
process.exit(0);
