// Answers that go on, straight to a stream of HTTP/2, or in chunks to the socket of a response of HTTP/1.1. Classes, since there is one for each watcher.
import type { ServerResponse } from "node:http";
import { constants, type ServerHttp2Stream } from "node:http2";
import type { Socket } from "node:net";
import type { FrameCodec } from "../../watch/frame-sink.ts";
import { chunkOf } from "../frame-sink.ts";
import type { Headers, StreamAnswer } from "./wire.ts";

export class Http2Answer implements StreamAnswer {
  readonly codec: FrameCodec;
  readonly connection: object | undefined;
  readonly #stream: ServerHttp2Stream;
  readonly #before: Headers;

  /** `before`: headers that stand before all others. */
  constructor(stream: ServerHttp2Stream, codec: FrameCodec, before: Headers) {
    this.#stream = stream;
    this.connection = stream.session;
    this.codec = codec;
    this.#before = before;
  }

  begin(headers: Headers): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.closed) return;
    stream.respond({ ":status": 200, ...this.#before, ...headers }, { waitForTrailers: true });
  }

  write(frame: Buffer): boolean {
    const stream = this.#stream;
    return stream.destroyed || stream.writableEnded || stream.write(frame);
  }

  whenDrained(run: () => void): void {
    this.#stream.once("drain", run);
  }

  end(last: Uint8Array | undefined, trailers: Headers | undefined): void {
    const stream = this.#stream;
    if (stream.destroyed || stream.writableEnded) return;
    stream.once("wantTrailers", () => stream.sendTrailers(trailers ?? {}));
    if (last === undefined) stream.end();
    else stream.end(last);
  }

  breakOff = (): void => this.#stream.close(constants.NGHTTP2_CANCEL);

  whenGone(listener: { gone(): void }): void {
    this.#stream.once("close", () => listener.gone());
  }
}

export class Http1Answer implements StreamAnswer {
  readonly codec: FrameCodec;
  readonly connection: undefined = undefined;
  readonly #response: ServerResponse;
  /** Once headers and the first frame have gone through the response: where chunks go, past it. */
  #socket: Socket | undefined;

  constructor(response: ServerResponse, codec: FrameCodec) {
    this.#response = response;
    this.codec = codec;
  }

  begin(headers: Headers): void {
    if (!this.#response.destroyed) this.#response.writeHead(200, headers);
  }

  write(frame: Buffer): boolean {
    const live = this.#socket;
    if (live !== undefined) return live.destroyed || live.write(chunkOf(frame));
    const response = this.#response;
    if (response.destroyed || response.writableEnded) return true;
    // The first one brings the headers with it. Behind an answer that goes on Node keeps what comes, in order.
    const hasRoom = response.write(frame);
    if (response.chunkedEncoding && response.socket) this.#socket = response.socket;
    return hasRoom;
  }

  whenDrained(run: () => void): void {
    (this.#socket ?? this.#response).once("drain", run);
  }

  end(last: Uint8Array | undefined): void {
    const response = this.#response;
    this.#socket = undefined;
    if (response.destroyed || response.writableEnded) return;
    if (last === undefined) response.end();
    else response.end(last);
  }

  breakOff = (): void => void this.#response.socket?.destroy();

  whenGone(listener: { gone(): void }): void {
    this.#response.once("close", () => listener.gone());
  }
}
