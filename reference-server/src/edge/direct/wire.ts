// A call before the RPC library sees it: its headers have come, nothing was read or answered.
import type { IncomingHttpHeaders } from "node:http";
import type { FrameCodec, FrameSink } from "../../watch/frame-sink.ts";

export interface Wire {
  readonly http2: boolean;
  readonly method: string;
  /** As it stands in the request, with its query. */
  readonly path: string;
  /** Host or :authority. */
  readonly authority: string | undefined;
  readonly headers: IncomingHttpHeaders;
  /** Reads the whole body. Answers nothing, ever, if the caller goes away meanwhile. */
  readonly read: (maxBytes: number, done: (body: Body) => void) => void;
  /** The whole answer. Does nothing if the caller has gone. */
  readonly answer: (headers: Headers, body: Uint8Array, trailers: Headers | undefined) => void;
  /** In place of that: an answer that goes on. */
  readonly stream: (codec: FrameCodec) => StreamAnswer;
  /** Lets the RPC library serve the call, from the start. */
  readonly handOver: (begun: HandedOver) => void;
}

/** In the order in which they are written, in small letters. */
export type Headers = Readonly<Record<string, string>>;

/** An answer that goes on. Where the caller has gone, nothing is written, and nothing fails. */
export interface StreamAnswer extends FrameSink {
  /** Writes the headers. */
  readonly begin: (headers: Headers) => void;
  /** The last frame, or the trailers of HTTP/2. */
  readonly end: (last: Uint8Array | undefined, trailers: Headers | undefined) => void;
  /** Ends it from below, whether or not anybody reads. */
  readonly breakOff: () => void;
  /** `gone` is called once, when the stream is closed; after `end`, too. */
  readonly whenGone: (listener: { gone(): void }) => void;
}

export interface Body {
  readonly chunks: readonly Uint8Array[];
  /** False: it is longer than was to be read. The rest is thrown away. */
  readonly whole: boolean;
}

/** What has happened to a call before it is handed over. */
export interface HandedOver {
  /** What was read; undefined: nothing. */
  readonly body?: Body;
  /** The method was called, and refused: it must not be called again. */
  readonly refused?: { readonly thrown: unknown };
}
