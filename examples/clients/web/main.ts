// The client of `client.ts` on Node's `fetch`, with the command line that all clients have.
import { parseArgs } from "node:util";
import { run } from "./client.ts";

const text = (value: string) => ({ type: "string", default: value }) as const;
const { values } = parseArgs({
  options: {
    url: text("http://127.0.0.1:8080"),
    token: text(""),
    device: text("example"),
    text: text(""),
    until: text("Infinity"),
    subscribe: text(""),
    protocol: text("connect"),
  },
});
const protocol = values.protocol === "grpc-web" ? "grpc-web" : "connect";
const subscribe = values.subscribe.split(",").filter((id) => id !== "");
await run({ ...values, protocol, subscribe, until: Number(values.until) }, (line) => console.log(line)).catch(
  (error: unknown) => {
    console.error(String(error));
    process.exitCode = 1;
  },
);
// A heartbeat that was on its way, or a connection kept for later, holds nobody up.
process.exit();
