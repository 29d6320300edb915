// `npm run board`: server and page in one command. Ctrl-C ends both.
import { parseArgs } from "node:util";
import { ConfigError, StartError } from "@userstatus/server";
import { type RunningBoard, startBoard } from "./board.ts";

const usage = `npm run board -- [--host HOST] [--port PORT] [-- OPTIONS OF THE SERVER]

  --host HOST   where the page is reached; 0.0.0.0 for a phone on the same network [127.0.0.1]
  --port PORT   0: the system chooses [8090]

The rest goes to the reference server, such as: npm run board -- -- --profile zim
Development mode: whoever opens the page may be anyone, and may move the clock.
`;

async function main(): Promise<void> {
  const { values, positionals } = parseArgs({
    options: {
      host: { type: "string", default: "127.0.0.1" },
      port: { type: "string", default: "8090" },
      help: { type: "boolean", default: false },
    },
    allowPositionals: true,
  });
  if (values.help) {
    process.stdout.write(usage);
    return;
  }
  const port = Number(values.port);
  if (!Number.isInteger(port) || port < 0 || port > 65_535) throw new ConfigError(`not a port: ${values.port}`);
  const board = await startBoard({ host: values.host, port, serverFlags: positionals, drainTimeoutMs: 2_000 });
  stopOnSignals(board);
  process.stdout.write(
    `Status board: ${board.url}\nThe server behind it: ${board.serverUrls.url}\nCtrl-C ends both.\n`,
  );
}

/** The first signal ends in order, a second one at once. */
function stopOnSignals(board: RunningBoard): void {
  let stopping = false;
  const onSignal = (): void => {
    if (stopping) process.exit(1);
    stopping = true;
    void board.stop().then(() => process.exit(0));
  };
  process.on("SIGINT", onSignal);
  process.on("SIGTERM", onSignal);
}

main().catch((cause: unknown) => {
  const code = (cause as { code?: unknown }).code;
  const told = cause instanceof ConfigError || cause instanceof StartError || typeof code === "string";
  process.stderr.write(`board: ${told ? (cause as Error).message : (cause as Error).stack}\n`);
  process.exit(1);
});
