// Tells HTTP/2 with prior knowledge from HTTP/1.1 by the first bytes of a connection, and leaves these bytes unread.
import type { Socket } from "node:net";

/** Which server a connection belongs to. */
export type Spoken = "http1" | "http2";

/** A client of HTTP/2 begins with these bytes (RFC 9113, 3.4); no request of HTTP/1.1 has the method PRI. */
const prefaceStart = Buffer.from("PRI * HTTP/2", "latin1");

/** What the bytes so far say; undefined: they could still become either. */
export function recognise(bytes: Uint8Array): Spoken | undefined {
  const length = Math.min(bytes.length, prefaceStart.length);
  if (prefaceStart.compare(bytes, 0, length, 0, length) !== 0) return "http1";
  return length === prefaceStart.length ? "http2" : undefined;
}

/**
 * Calls `decide` once with what the connection speaks, all its bytes put back. A connection that does not say in
 * `limitMs`, fails, or ends before, is destroyed.
 */
export function peek(socket: Socket, limitMs: number, decide: (spoken: Spoken) => void): void {
  let seen: Buffer = Buffer.alloc(0);
  const timer = setTimeout(() => socket.destroy(), limitMs);
  const onEnd = (): void => {
    socket.destroy();
  };
  const onClose = (): void => clearTimeout(timer);
  const onData = (chunk: Buffer): void => {
    seen = seen.length === 0 ? chunk : Buffer.concat([seen, chunk]);
    const spoken = recognise(seen);
    if (spoken === undefined) return;
    clearTimeout(timer);
    socket.off("data", onData).off("end", onEnd).off("close", onClose);
    // Paused, so that nothing is read between here and the listeners of the server that takes over.
    socket.pause();
    socket.unshift(seen);
    decide(spoken);
    if (spoken === "http1") socket.resume();
  };
  socket.on("data", onData).on("end", onEnd).on("close", onClose);
}
