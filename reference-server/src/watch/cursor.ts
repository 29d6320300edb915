// Cursors: opaque to clients, checked by us. Version, hash of app and epoch, hash of the user, change number, checksum.
import { createHash } from "node:crypto";
import { crc32 } from "node:zlib";

const version = 1;
const hashBytes = 8;
const bodyBytes = 1 + 2 * hashBytes + 8;
const cursorBytes = bodyBytes + 4;

/** A resume point: everything up to this change number of the app was carried. */
export interface CursorScope {
  readonly appId: string;
  readonly epoch: string;
  readonly userId: string;
}

export type CursorReading =
  | { readonly kind: "good"; readonly seq: number }
  /** Well-formed, of another user, epoch or app: RESET. */
  | { readonly kind: "foreign" }
  | { readonly kind: "malformed" };

/** Encodes a cursor. */
export function writeCursor(scope: CursorScope, seq: number): Uint8Array<ArrayBuffer> {
  const bytes = new Uint8Array(cursorBytes);
  const view = new DataView(bytes.buffer);
  bytes[0] = version;
  bytes.set(hash(`${scope.appId}\n${scope.epoch}`), 1);
  bytes.set(hash(scope.userId), 1 + hashBytes);
  view.setBigUint64(1 + 2 * hashBytes, BigInt(seq));
  view.setUint32(bodyBytes, crc32(bytes.subarray(0, bodyBytes)));
  return bytes;
}

/** Reads a cursor that a client sent (SPEC cursor-malformed, cursor-reset). */
export function readCursor(bytes: Uint8Array, scope: CursorScope): CursorReading {
  if (bytes.length !== cursorBytes || bytes[0] !== version) return { kind: "malformed" };
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  if (view.getUint32(bodyBytes) !== crc32(bytes.subarray(0, bodyBytes))) return { kind: "malformed" };
  const seq = Number(view.getBigUint64(1 + 2 * hashBytes));
  const own = writeCursor(scope, seq);
  for (let at = 0; at < bodyBytes; at++) if (own[at] !== bytes[at]) return { kind: "foreign" };
  return { kind: "good", seq };
}

function hash(text: string): Uint8Array {
  return createHash("sha256").update(text).digest().subarray(0, hashBytes);
}
