// Looks at SQLite's write-ahead log before it is opened, so that an end that a crash left torn is told of, and damage further in is not taken for one.
// The format is documented at sqlite.org/fileformat2.html#walformat.

export interface LogTail {
  /** Groups that are whole. */
  readonly groups: number;
  /** Bytes behind the last whole group that belong to one that is not: never acknowledged. */
  readonly tornBytes: number;
  /** A group in the middle is damaged: whole ones stand behind it, so it was acknowledged. */
  readonly damaged: boolean;
}

const headerBytes = 32;
const frameHeaderBytes = 24;
const magicLittle = 0x377f0682;

/** Pure. `log` is the whole file. */
export function inspectLog(log: Uint8Array): LogTail {
  const nothing = { groups: 0, tornBytes: 0, damaged: false };
  if (log.length === 0) return nothing;
  const view = new DataView(log.buffer, log.byteOffset, log.byteLength);
  if (log.length < headerBytes || (view.getUint32(0) | 1) >>> 0 !== (magicLittle | 1) >>> 0) {
    return { ...nothing, tornBytes: log.length };
  }
  const little = view.getUint32(0) === magicLittle;
  const frameBytes = frameHeaderBytes + view.getUint32(8);
  const header = sum(view, 0, 24, little, [0, 0]);
  if (header[0] !== view.getUint32(24) || header[1] !== view.getUint32(28))
    return { ...nothing, tornBytes: log.length };
  let groups = 0;
  let wholeEnd = headerBytes;
  let end = headerBytes;
  let groupsBehind = 0;
  let bad = false;
  let last = header;
  for (let at = headerBytes; at < log.length; at += frameBytes) {
    if (at + frameHeaderBytes > log.length) {
      if (!bad) end = log.length;
      break;
    }
    // A frame of an earlier round of the log: behind the end of this one, or where a frame of this one was never written.
    if (view.getUint32(at + 8) !== view.getUint32(16) || view.getUint32(at + 12) !== view.getUint32(20)) {
      bad = true;
      continue;
    }
    end = Math.min(log.length, at + frameBytes);
    if (end - at < frameBytes) break;
    const data = sum(
      view,
      at + frameHeaderBytes,
      frameBytes - frameHeaderBytes,
      little,
      sum(view, at, 8, little, last),
    );
    const stored: Sum = [view.getUint32(at + 16), view.getUint32(at + 20)];
    bad ||= data[0] !== stored[0] || data[1] !== stored[1];
    const commits = view.getUint32(at + 4) !== 0;
    if (bad && commits) groupsBehind++;
    if (!bad && commits) {
      groups++;
      wholeEnd = at + frameBytes;
    }
    last = stored;
  }
  // One group is written at a time, the next when it is durable. Where two end at or behind the damage, the first of them was acknowledged.
  return { groups, tornBytes: end - wholeEnd, damaged: groupsBehind > 1 };
}

type Sum = [number, number];

function sum(view: DataView, at: number, bytes: number, little: boolean, from: Sum): Sum {
  let [a, b] = from;
  for (let end = at + bytes; at < end; at += 8) {
    a = (a + view.getUint32(at, little) + b) >>> 0;
    b = (b + view.getUint32(at + 4, little) + a) >>> 0;
  }
  return [a, b];
}
