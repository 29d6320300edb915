// Counts what arrives on a stream without decoding it, so that the load costs little beside the server.

export interface EnvelopeCounter {
  readonly take: (chunk: Buffer) => void;
  /** Messages that have arrived whole. */
  readonly count: () => number;
}

/** Flags and length before each message of Connect, gRPC and gRPC-Web. */
const headBytes = 5;

export function createEnvelopeCounter(onMessage: (bytes: number) => void = () => {}): EnvelopeCounter {
  let head: Buffer = Buffer.alloc(0);
  let leftBytes = 0;
  let messages = 0;
  const take = (chunk: Buffer): void => {
    let at = 0;
    while (at < chunk.length) {
      if (leftBytes > 0) {
        const step = Math.min(leftBytes, chunk.length - at);
        leftBytes -= step;
        at += step;
      } else {
        const missing = headBytes - head.length;
        const part = chunk.subarray(at, at + missing);
        at += part.length;
        head = head.length === 0 ? part : Buffer.concat([head, part]);
        if (head.length < headBytes) return;
        leftBytes = head.readUInt32BE(1);
        const flags = head[0] ?? 0;
        head = Buffer.alloc(0);
        // Trailers of gRPC-Web and Connect's end of stream are no messages.
        if ((flags & 0x82) === 0) {
          messages++;
          onMessage(leftBytes);
        }
      }
    }
  };
  return { take, count: () => messages };
}

/** Takes the chunks of an HTTP/1.1 response apart; what they hold goes on. */
export function createUnchunker(onData: (data: Buffer) => void): (bytes: Buffer) => void {
  let inBody = false;
  let text = "";
  let leftBytes = 0;
  /** What follows a chunk's data: a line end. */
  let lineEnd = 0;
  return (bytes) => {
    let at = 0;
    if (!inBody) {
      text += bytes.toString("latin1");
      const end = text.indexOf("\r\n\r\n");
      if (end < 0) return;
      if (!/^HTTP\/1\.1 200 /.test(text)) throw new Error(`refused: ${text.slice(0, 400)}`);
      at = bytes.length - (text.length - end - 4);
      inBody = true;
      text = "";
    }
    while (at < bytes.length) {
      if (leftBytes > 0) {
        const part = bytes.subarray(at, at + leftBytes);
        onData(part);
        leftBytes -= part.length;
        at += part.length;
        if (leftBytes === 0) lineEnd = 2;
      } else if (lineEnd > 0) {
        lineEnd--;
        at++;
      } else {
        const letter = String.fromCharCode(bytes[at++] ?? 0);
        if (letter !== "\n") text += letter;
        else {
          leftBytes = Number.parseInt(text, 16);
          text = "";
        }
      }
    }
  };
}
