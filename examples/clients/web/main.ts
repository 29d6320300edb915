// The client of `client.ts` on Node's `fetch`, with the command line that all clients have.
import { parseArgs } from "node:util";
import { run } from "./client.ts";

const usage = `Usage: npx tsx examples/clients/web/main.ts --token TOKEN [OPTIONS]

Logs in, subscribes, and tells what it hears until so many changes have come.

  --url URL             of the server (http://127.0.0.1:8080)
  --token TOKEN         of the user, such as dev:app:alice of a server with --dev
  --device ID           of this device (example)
  --subscribe A,B       users whom to watch
  --text TEXT           custom status to set
  --until N             ends after so many changes (never)
  --protocol PROTOCOL   connect or grpc-web (connect)
  --help
`;

const text = (value: string) => ({ type: "string", default: value }) as const;
const options = {
  url: text("http://127.0.0.1:8080"),
  token: text(""),
  device: text("example"),
  text: text(""),
  until: text("Infinity"),
  subscribe: text(""),
  protocol: text("connect"),
  help: { type: "boolean", default: false },
} as const;

function valuesOf() {
  try {
    return parseArgs({ options }).values;
  } catch (error) {
    console.error(`${error instanceof Error ? error.message : String(error)}\n\n${usage}`);
    process.exit(2);
  }
}

const values = valuesOf();
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}
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
