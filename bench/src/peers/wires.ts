// What is said to a peer that has a wire of its own: how one subscribes, how one sees that it is done, and how a message is published.
import { randomBytes } from "node:crypto";

export interface Wire {
  /** What a watcher sends once. */
  readonly greeting: (watcher: number) => Buffer;
  /** Whether all that was asked for is answered with what has come. */
  readonly isReady: (received: Buffer) => boolean;
  /** What a publisher sends first, if anything. */
  readonly publisherGreeting?: Buffer;
  /** One message to all; undefined: the peer is told on its standard input. */
  readonly publish?: (message: Buffer) => Buffer;
}

const subject = "status";

export const webSocket: Wire = {
  greeting: () => {
    const head = [
      "GET / HTTP/1.1",
      "Host: localhost",
      "Upgrade: websocket",
      "Connection: Upgrade",
      "Sec-WebSocket-Version: 13",
      `Sec-WebSocket-Key: ${randomBytes(16).toString("base64")}`,
    ];
    return Buffer.from(`${head.join("\r\n")}\r\n\r\n`);
  },
  isReady: (received) => received.includes("\r\n\r\n"),
};

export const nats: Wire = {
  greeting: () => Buffer.from(`CONNECT {"verbose":false}\r\nSUB ${subject} 1\r\nPING\r\n`),
  isReady: (received) => received.includes("PONG\r\n"),
  publisherGreeting: Buffer.from('CONNECT {"verbose":false}\r\n'),
  publish: (message) =>
    Buffer.concat([Buffer.from(`PUB ${subject} ${message.length}\r\n`), message, Buffer.from("\r\n")]),
};

export const redis: Wire = {
  greeting: () => respOf("SUBSCRIBE", subject),
  isReady: (received) => received.includes(":1\r\n"),
  publish: (message) => respOf("PUBLISH", subject, message),
};

/** MQTT 3.1.1, at most once. */
export const mqtt: Wire = {
  greeting: (watcher) => {
    const subscribe = Buffer.concat([Buffer.from([0, 1]), field(subject), Buffer.from([0])]);
    return Buffer.concat([connectPacket(`watcher-${watcher}`), packet(0x82, subscribe)]);
  },
  // CONNACK has 4 bytes, SUBACK 5.
  isReady: (received) => received.length >= 9,
  publisherGreeting: connectPacket("publisher"),
  publish: (message) => packet(0x30, Buffer.concat([field(subject), message])),
};

function connectPacket(clientId: string): Buffer {
  const keepAliveOff = [0, 0];
  return packet(0x10, Buffer.concat([field("MQTT"), Buffer.from([4, 2, ...keepAliveOff]), field(clientId)]));
}

function respOf(...words: readonly (string | Buffer)[]): Buffer {
  const parts = words.map((word) => {
    const bytes = Buffer.from(word);
    return Buffer.concat([Buffer.from(`$${bytes.length}\r\n`), bytes, Buffer.from("\r\n")]);
  });
  return Buffer.concat([Buffer.from(`*${words.length}\r\n`), ...parts]);
}

function field(text: string): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(text.length);
  return Buffer.concat([length, Buffer.from(text)]);
}

function packet(kind: number, body: Buffer): Buffer {
  const length: number[] = [];
  let rest = body.length;
  do {
    length.push((rest & 127) | (rest > 127 ? 128 : 0));
    rest >>= 7;
  } while (rest > 0);
  return Buffer.concat([Buffer.from([kind, ...length]), body]);
}
