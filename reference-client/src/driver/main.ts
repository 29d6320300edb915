// Lets the conformance suite drive this client in Node: `userstatus-conformance client -- node dist/driver/main.js`. Speaks the process
// contract (docs/client-contract.md) over the public face of the library.
import { createInterface } from "node:readline";
import { createNodeTransport, type WireProtocol, wireProtocols } from "../node.ts";
import { createDriver } from "./driver.ts";

const driver = createDriver({
  name: "@userstatus/client",
  protocols: wireProtocols,
  openWay: (url, protocol) => createNodeTransport(url, protocol as WireProtocol),
  write: (line) => void process.stdout.write(`${JSON.stringify(line)}\n`),
});

for await (const text of createInterface({ input: process.stdin })) driver.take(text);
// The suite has closed stdin: nothing of the client may keep the process.
await driver.close();
