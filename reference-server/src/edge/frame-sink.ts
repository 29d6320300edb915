// The connection of a stream as a sink of frames: straight into the HTTP/2 stream, or into the socket of an HTTP/1.1 response in chunks.
import type { ServerResponse } from "node:http";
import type { FrameCodec, FrameSink } from "../watch/frame-sink.ts";
import type { EdgeRequest, EdgeResponse } from "./one-port.ts";

/**
 * Undefined where the stream is not of a form that is known here; then everything goes through the RPC library. Only for a response that the library
 * has begun, and is waiting to go on with: what it has written stands before, and its end of the stream behind.
 */
export function openFrameSink(request: EdgeRequest, response: EdgeResponse): FrameSink | undefined {
  const codec = codecOf(request.headers["content-type"] ?? "");
  if (codec === undefined || !response.headersSent) return undefined;
  if ("stream" in response) {
    const { stream } = response;
    return {
      codec,
      connection: stream.session,
      write: (frame) => stream.destroyed || stream.writableEnded || stream.write(frame),
      whenDrained: (run) => void stream.once("drain", run),
    };
  }
  return chunkedSink(response, codec);
}

function codecOf(contentType: string): FrameCodec | undefined {
  const [, codec = "proto"] = /^application\/(?:grpc|grpc-web|connect)(?:\+(proto|json))?(?:$|;)/i.exec(
    contentType,
  ) ?? ["", ""];
  return codec === "proto" || codec === "json" ? codec : undefined;
}

/** A frame as a chunk; frames that many get are made once. */
const chunks = new WeakMap<Buffer, Buffer>();
// Neighbours mostly get the same.
let lastFrame: Buffer | undefined;
let lastChunk: Buffer = Buffer.alloc(0);

export function chunkOf(frame: Buffer): Buffer {
  if (frame === lastFrame) return lastChunk;
  let chunk = chunks.get(frame);
  if (chunk === undefined) {
    chunk = Buffer.concat([Buffer.from(`${frame.length.toString(16)}\r\n`), frame, Buffer.from("\r\n")]);
    chunks.set(frame, chunk);
  }
  lastFrame = frame;
  lastChunk = chunk;
  return chunk;
}

function chunkedSink(response: ServerResponse, codec: FrameCodec): FrameSink | undefined {
  const { socket } = response;
  if (!socket || !response.chunkedEncoding) return undefined;
  return {
    codec,
    connection: undefined,
    write: (frame) => socket.destroyed || response.writableEnded || socket.write(chunkOf(frame)),
    whenDrained: (run) => void socket.once("drain", run),
  };
}
