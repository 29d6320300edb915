// Envelopes of messages (gRPC and Connect have the same) and their compression.
import type { Compression } from "@connectrpc/connect/protocol";

/** Flags and length. */
export const envelopeBytes = 5;
/** Shorter messages are never compressed: the library's own bound. */
const compressMinBytes = 1024;
const compressedFlag = 1;

/** The one message of a body; undefined: it is not one, or is compressed. */
export function messageOf(chunks: readonly Uint8Array[], enveloped: boolean): Uint8Array | undefined {
  const [first = new Uint8Array()] = chunks;
  const body = chunks.length > 1 ? Buffer.concat(chunks) : first;
  if (!enveloped) return body;
  if (body.length < envelopeBytes || body[0] !== 0) return undefined;
  const length = new DataView(body.buffer, body.byteOffset).getUint32(1);
  return length === body.length - envelopeBytes ? body.subarray(envelopeBytes) : undefined;
}

/** Whether a message of so many bytes is to be compressed, by a caller who takes that. */
export function isCompressed(bytes: number, compression: Compression | undefined): compression is Compression {
  return compression !== undefined && bytes >= compressMinBytes;
}

export function enveloped(message: Uint8Array, flags: number): Buffer {
  const frame = Buffer.allocUnsafe(envelopeBytes + message.length);
  frame[0] = flags;
  frame.writeUInt32BE(message.length, 1);
  frame.set(message, envelopeBytes);
  return frame;
}

/** In its envelope, and compressed where that is worth it. */
export async function packed(message: Uint8Array, compression: Compression | undefined): Promise<Buffer> {
  if (!isCompressed(message.length, compression)) return enveloped(message, 0);
  return enveloped(await compression.compress(message), compressedFlag);
}
