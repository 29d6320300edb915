import { once } from "node:events";
import * as net from "node:net";
import { afterEach, expect, test } from "vitest";
import { openRelay, type Relay } from "./relay.ts";

const closers: (() => void)[] = [];
afterEach(() => {
  for (const close of closers.splice(0)) close();
});

interface Fixture {
  readonly relay: Relay;
  readonly client: net.Socket;
  readonly server: net.Socket;
}

async function connected(): Promise<Fixture> {
  const listener = net.createServer();
  listener.listen(0, "127.0.0.1");
  await once(listener, "listening");
  const relay = await openRelay({ host: "127.0.0.1", port: (listener.address() as net.AddressInfo).port });
  const accepted = once(listener, "connection") as Promise<[net.Socket]>;
  const client = net.connect(relay.dial);
  const [server] = await accepted;
  closers.push(
    () => relay.close(),
    () => client.destroy(),
    () => server.destroy(),
    () => listener.close(),
  );
  return { relay, client, server };
}

async function nextText(socket: net.Socket): Promise<string> {
  const [chunk] = (await once(socket, "data")) as [Buffer];
  return chunk.toString();
}

test("passes bytes both ways, and the end of either side", async () => {
  const { client, server } = await connected();
  client.write("to the server");
  expect(await nextText(server)).toBe("to the server");
  server.write("to the client");
  expect(await nextText(client)).toBe("to the client");
  const closed = once(server, "close");
  client.destroy();
  server.resume();
  await closed;
});

test("cut closes both sides, and refuses new ones", async () => {
  const { relay, client, server } = await connected();
  const both = Promise.all([once(client, "close"), once(server, "close")]);
  client.resume();
  server.resume();
  relay.cut();
  await both;
  const late = net.connect(relay.dial);
  late.resume();
  await once(late, "close");
});

test("silence lets nothing through in either direction, not even a close, while both ends stay open", async () => {
  const { relay, client, server } = await connected();
  client.write("before");
  expect(await nextText(server)).toBe("before");
  const came: string[] = [];
  server.on("data", (chunk: Buffer) => came.push(chunk.toString()));
  client.on("data", (chunk: Buffer) => came.push(chunk.toString()));
  let closed = false;
  server.on("close", () => {
    closed = true;
  });
  relay.silence();
  client.write("lost");
  server.write("lost too");
  client.end();
  // A second relay on the same loopback orders after what the first was given.
  const other = await connected();
  other.client.write("fence");
  expect(await nextText(other.server)).toBe("fence");
  expect(came).toEqual([]);
  expect(closed).toBe(false);
  expect(server.writable).toBe(true);
});

test("stall makes bytes pile up at the server; unstall brings all of them in order", async () => {
  const { relay, client, server } = await connected();
  relay.stall();
  const block = Buffer.alloc(256 * 1024, "x");
  let written = 0;
  while (server.write(block) && written < 256) written++;
  // Far more than the buffers of the way hold: the server's own queue grows.
  for (let more = 0; more < 64; more++) server.write(block);
  expect(server.writableLength).toBeGreaterThan(0);
  const total = (written + 1 + 64) * block.length;
  let came = 0;
  const all = new Promise<void>((resolve) => {
    client.on("data", (chunk: Buffer) => {
      came += chunk.length;
      if (came === total) resolve();
    });
  });
  relay.unstall();
  await all;
  expect(came).toBe(total);
});
