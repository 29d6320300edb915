// The floor: a process that writes ready bytes to every open stream, and does nothing else. `h2`: `node:http2` stream.write; `h1`: socket.write.
// Protocol: prints {"url"} when it listens; each stream begins with a frame, as a Watch does; each line "N BYTES" on standard input writes N frames of that size to all, one turn of the loop apart.
import { createServer as createHttp2, type ServerHttp2Stream } from "node:http2";
import { type AddressInfo, createServer as createNet, type Socket } from "node:net";
import { createInterface } from "node:readline";

// So that a profile is written.
process.once("SIGTERM", () => process.exit(0));

const kind = process.argv[2];
const streams = new Set<ServerHttp2Stream | Socket>();
const first = ready(50);

const server = kind === "h2" ? http2() : http1();
server.listen(0, "127.0.0.1", 4096, () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `http://127.0.0.1:${port}` })}\n`);
});

function http2() {
  const made = createHttp2({ settings: { maxConcurrentStreams: 1000 } });
  made.on("stream", (stream) => {
    stream.respond({ ":status": 200, "content-type": "application/grpc" });
    streams.add(stream);
    stream.write(first);
    stream.once("close", () => streams.delete(stream));
    stream.on("error", () => {});
    stream.resume();
  });
  made.on("sessionError", () => {});
  return made;
}

function http1() {
  return createNet({ noDelay: true }, (socket) => {
    socket.once("data", () => {
      socket.write("HTTP/1.1 200 OK\r\nContent-Type: application/connect+proto\r\nTransfer-Encoding: chunked\r\n\r\n");
      streams.add(socket);
      socket.write(first);
    });
    socket.once("close", () => streams.delete(socket));
    socket.on("error", () => {});
    socket.resume();
  });
}

/** One enveloped message; for HTTP/1.1 in a chunk. */
function ready(bytes: number): Buffer {
  const frame = Buffer.alloc(5 + bytes, 1);
  frame[0] = 0;
  frame.writeUInt32BE(bytes, 1);
  if (kind === "h2") return frame;
  return Buffer.concat([Buffer.from(`${frame.length.toString(16)}\r\n`), frame, Buffer.from("\r\n")]);
}

for await (const line of createInterface({ input: process.stdin })) {
  const [count = 0, bytes = 50] = line.split(" ").map(Number);
  const frame = ready(bytes);
  for (let sent = 0; sent < count; sent++) {
    for (const stream of streams) stream.write(frame);
    await new Promise<void>((resolve) => setImmediate(resolve));
  }
}
process.exit(0);
