// The board as one program: the reference server in development mode, and the page with a way to it, behind one address.
import { readFileSync } from "node:fs";
import { createServer, type Server } from "node:http";
import type { AddressInfo } from "node:net";
import { createLog, loadConfig, type ServerUrls, startServer } from "@userstatus/server";
import { createForwarder } from "./forward.ts";
import { buildPage, servePage } from "./page.ts";

export interface BoardOptions {
  /** Where the page is reached. Port 0: the system chooses. */
  readonly host: string;
  readonly port: number;
  /** More flags for the reference server, such as `--profile zim`. They come last, so they win. */
  readonly serverFlags: readonly string[];
  /** Longest wait of a shutdown for open streams. */
  readonly drainTimeoutMs: number;
}

export interface RunningBoard {
  readonly url: string;
  readonly serverUrls: ServerUrls;
  readonly stop: () => Promise<void>;
}

/** So few that a person can see a row pushed out by a newer one. */
const maxSubscriptions = 8;

/** Rejects with a ConfigError or StartError of the server, or the error of the page's own listener. */
export async function startBoard(options: BoardOptions): Promise<RunningBoard> {
  const pages = buildPage();
  // Awaited below; should the server not start, the build's own fault is of no interest.
  pages.catch(() => {});
  const server = await startServer(configOf(options), { log: createLog({ level: "warn", pretty: true, write }) });
  const { url, testingUrl } = server.urls;
  const forward = createForwarder({
    "/userstatus.v1.": url,
    ...(testingUrl === undefined ? {} : { "/userstatus.testing.v1.": testingUrl }),
  });
  try {
    const serve = servePage(await pages);
    const front = createServer((request, response) => {
      if (!forward.handle(request, response)) serve(request, response);
    });
    const port = await listen(front, options.host, options.port);
    return {
      url: `http://${options.host.includes(":") ? `[${options.host}]` : options.host}:${port}`,
      serverUrls: server.urls,
      stop: async () => {
        const closed = new Promise((resolve) => front.close(resolve));
        await server.stop();
        forward.close();
        front.closeAllConnections();
        await closed;
      },
    };
  } catch (cause) {
    await server.stop();
    throw cause;
  }
}

function configOf({ serverFlags, drainTimeoutMs }: BoardOptions): Parameters<typeof startServer>[0] {
  // No batch may be larger than the list.
  const limits = ["max_subscriptions", "subscribe_batch_max"].flatMap((name) => [
    "--set",
    `subscription.${name}=${maxSubscriptions}`,
  ]);
  const anyPort = "127.0.0.1:0";
  const loaded = loadConfig({
    argv: [...limits, ...serverFlags],
    // Flags win over these.
    env: {
      USERSTATUS_DEV: "true",
      USERSTATUS_LISTEN: anyPort,
      USERSTATUS_ADMIN_LISTEN: anyPort,
      USERSTATUS_TESTING_LISTEN: anyPort,
      USERSTATUS_KEEP_ALIVE: "5s",
      USERSTATUS_DRAIN_TIMEOUT: `${drainTimeoutMs}ms`,
    },
    readFile: (path) => readFileSync(path, "utf8"),
  });
  if (loaded.action !== "run") throw new Error("these flags of the server print something and start nothing");
  return loaded.config;
}

function listen(server: Server, host: string, port: number): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once("error", reject);
    server.listen(port, host, () => resolve((server.address() as AddressInfo).port));
  });
}

function write(line: string): void {
  process.stderr.write(line);
}
