// A peer: broadcasts to WebSockets through `ws`.
// Protocol: prints {"url"} when it listens; each line "N BYTES" on standard input sends N messages of that size to all.
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { WebSocketServer } from "ws";

const server = new WebSocketServer({ host: "127.0.0.1", port: 0, backlog: 4096, perMessageDeflate: false }, () => {
  const { port } = server.address() as AddressInfo;
  process.stdout.write(`${JSON.stringify({ url: `ws://127.0.0.1:${port}` })}\n`);
});

for await (const line of createInterface({ input: process.stdin })) {
  const [count = 0, bytes = 50] = line.split(" ").map(Number);
  const message = Buffer.alloc(bytes, 1);
  for (const client of server.clients) for (let sent = 0; sent < count; sent++) client.send(message);
}
process.exit(0);
