// Where the live frames of a Watch go when nothing stands between the Watch and its connection. A port: the edge has the adapters.

/** How messages are written on this stream. */
export type FrameCodec = "proto" | "json";

export interface FrameSink {
  readonly codec: FrameCodec;
  /** The same for all streams of one connection; undefined: it carries this one only. */
  readonly connection: object | undefined;
  /**
   * Hands one enveloped frame to the connection, which keeps it until it is written. False: the connection has enough; nothing may be written until
   * `whenDrained` calls back. A connection that is gone takes everything and drops it: its end is told elsewhere.
   */
  readonly write: (frame: Buffer) => boolean;
  /** Calls back once, when what was written has left. */
  readonly whenDrained: (run: () => void) => void;
}
