import { expect, test } from "vitest";
import { mqtt, nats, redis, webSocket } from "./wires.ts";

const message = Buffer.from("hi");

test("messages are published as each wire has it", () => {
  expect(nats.publish?.(message).toString()).toBe("PUB status 2\r\nhi\r\n");
  expect(redis.publish?.(message).toString()).toBe("*3\r\n$7\r\nPUBLISH\r\n$6\r\nstatus\r\n$2\r\nhi\r\n");
  expect(mqtt.publish?.(message)).toEqual(Buffer.from([0x30, 10, 0, 6, ...Buffer.from("status"), ...message]));
  expect(webSocket.publish).toBeUndefined();
});

test("a packet of MQTT beyond 127 bytes has two bytes of length", () => {
  const packet = mqtt.publish?.(Buffer.alloc(200)) ?? Buffer.alloc(0);
  expect([...packet.subarray(0, 3)]).toEqual([0x30, (208 & 127) | 128, 1]);
  expect(packet.length).toBe(3 + 208);
});

test("a watcher counts only once all that it asked for is answered", () => {
  expect(mqtt.isReady(Buffer.alloc(4))).toBe(false);
  expect(mqtt.isReady(Buffer.alloc(9))).toBe(true);
  expect(nats.isReady(Buffer.from("INFO {}\r\n"))).toBe(false);
  expect(nats.isReady(Buffer.from("INFO {}\r\nPONG\r\n"))).toBe(true);
  expect(redis.isReady(Buffer.from("*3\r\n$9\r\nsubscribe\r\n$6\r\nstatus\r\n:1\r\n"))).toBe(true);
  expect(webSocket.isReady(Buffer.from("HTTP/1.1 101 Switching Protocols\r\n"))).toBe(false);
});
