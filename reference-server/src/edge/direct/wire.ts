// A call before the RPC library sees it: its headers have come, nothing was read or answered.
import type { IncomingHttpHeaders } from "node:http";

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
  /** Lets the RPC library serve the call, from the start. */
  readonly handOver: (begun: Begun) => void;
}

/** In the order in which they are written, in small letters. */
export type Headers = Readonly<Record<string, string>>;

export interface Body {
  readonly chunks: readonly Uint8Array[];
  /** False: it is longer than was to be read. The rest is thrown away. */
  readonly whole: boolean;
}

/** What has happened to a call before it is handed over. */
export interface Begun {
  /** What was read; undefined: nothing. */
  readonly body?: Body;
  /** The method was called, and refused: it must not be called again. */
  readonly refused?: { readonly thrown: unknown };
}
