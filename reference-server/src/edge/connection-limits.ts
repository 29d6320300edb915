// What one connection may cost. Every length and wait that a stranger controls has its bound here.

/** Bounds of a listener; all but `maxConnections` are the same everywhere. */
export interface ConnectionLimits {
  /** Most open connections of the listener; more are closed at once. */
  readonly maxConnections: number;
  /** How long a connection may take to show which HTTP it speaks, and a TLS handshake to finish. */
  readonly peekMs: number;
  /** How long an HTTP/1.1 client may take over its headers. */
  readonly headersMs: number;
  /** How long a client may take to send a whole request. Says nothing of the answer, which may stream for days. */
  readonly requestMs: number;
  /** How long an HTTP/1.1 connection is kept between two requests. */
  readonly keepAliveMs: number;
  /** Most bytes of request line and headers. A GET of 4,096 bytes (SPEC §3) and a token fit well. */
  readonly maxHeaderBytes: number;
  /** Most streams that one HTTP/2 connection may have open. */
  readonly maxStreams: number;
  /** Most memory of one HTTP/2 connection, in MiB: what its streams hold and what waits to be read. */
  readonly maxSessionMemoryMib: number;
  /** How long an HTTP/2 connection is left without a PING. */
  readonly pingIntervalMs: number;
  /** How long the answer to a PING may take before the connection counts as dead. */
  readonly pingTimeoutMs: number;
}

/** The bounds that the server uses. */
export const defaultConnectionLimits: ConnectionLimits = {
  maxConnections: 50_000,
  peekMs: 10_000,
  headersMs: 15_000,
  requestMs: 60_000,
  keepAliveMs: 75_000,
  maxHeaderBytes: 16_384,
  maxStreams: 10_000,
  maxSessionMemoryMib: 64,
  pingIntervalMs: 30_000,
  pingTimeoutMs: 30_000,
};
