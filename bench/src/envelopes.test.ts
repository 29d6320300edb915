import { expect, test } from "vitest";
import { createEnvelopeCounter, createUnchunker } from "./envelopes.ts";

function envelope(flags: number, body: string): Buffer {
  const head = Buffer.alloc(5);
  head[0] = flags;
  head.writeUInt32BE(body.length, 1);
  return Buffer.concat([head, Buffer.from(body)]);
}

test("messages are counted however the bytes are cut, ends of streams are not", () => {
  const bytes = Buffer.concat([envelope(0, "one"), envelope(0, ""), envelope(1, "three"), envelope(2, "{}")]);
  for (let size = 1; size <= bytes.length; size++) {
    const sizes: number[] = [];
    const counter = createEnvelopeCounter((length) => sizes.push(length));
    for (let at = 0; at < bytes.length; at += size) counter.take(bytes.subarray(at, at + size));
    expect([counter.count(), sizes]).toEqual([3, [3, 0, 5]]);
  }
});

test("chunks of HTTP/1.1 are taken apart however the bytes are cut", () => {
  const bytes = Buffer.from("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\na\r\n, everyone\r\n");
  for (let size = 1; size <= bytes.length; size++) {
    let text = "";
    const take = createUnchunker((data) => {
      text += data.toString();
    });
    for (let at = 0; at < bytes.length; at += size) take(bytes.subarray(at, at + size));
    expect(text).toBe("hello, everyone");
  }
  expect(() => createUnchunker(() => {})(Buffer.from("HTTP/1.1 404 Not Found\r\n\r\n"))).toThrow("404");
});
