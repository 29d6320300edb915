#!/usr/bin/env node
// The program `userstatus-server`: configuration in, server up, signals out.
// Exit codes: 0 stopped, 1 failed, 2 wrong configuration.
import { readFileSync } from "node:fs";
import { ConfigError } from "./config/config-error.ts";
import { loadConfig } from "./config/load.ts";
import type { ServerConfig } from "./config/server-config.ts";
import { StartError } from "./edge/bind.ts";
import { developmentHints } from "./edge/hints.ts";
import { createLog, type Log } from "./edge/log.ts";
import { type RunningServer, startServer } from "./edge/server.ts";
import { serverVersion } from "./edge/version.ts";
import { StoreOpenError } from "./store/embedded/embedded-store.ts";

async function main(): Promise<void> {
  const loaded = loadConfig({
    argv: process.argv.slice(2),
    env: process.env,
    readFile: (path) => readFileSync(path, "utf8"),
  });
  if (loaded.action === "run") return run(loaded.config);
  process.stdout.write(loaded.action === "version" ? `${serverVersion}\n` : loaded.text);
}

async function run(config: ServerConfig): Promise<void> {
  const write = (line: string): void => void process.stderr.write(line);
  const log = createLog({ level: config.logLevel, pretty: config.dev, write });
  const crash = (fault: unknown): void => {
    log.fatal({ err: fault }, "uncaught fault");
    process.exit(1);
  };
  process.on("uncaughtException", crash);
  process.on("unhandledRejection", crash);
  const server = await startServer(config, { log });
  stopOnSignals(server, log);
  const profile = config.profile.name;
  // The first and only line on stdout: programs that start the server learn from it where it listens.
  process.stdout.write(`${JSON.stringify({ event: "listening", ...server.urls, profile })}\n`);
  log.info({ ...server.urls, profile }, "listening");
  if (!config.dev) return;
  if (!["127.0.0.1", "localhost", "::1"].includes(config.listen.host)) {
    log.warn("development tokens are accepted on an address that others may reach");
  }
  if (config.logLevel !== "silent") write(developmentHints(server.urls, profile));
}

/** The first signal drains, a second one ends at once. */
function stopOnSignals(server: RunningServer, log: Log): void {
  let stopping = false;
  const onSignal = (signal: NodeJS.Signals): void => {
    if (stopping) process.exit(1);
    stopping = true;
    log.info({ signal }, "draining");
    void server.stop().then(() => {
      log.info("stopped");
      process.exit(0);
    });
  };
  process.on("SIGTERM", onSignal);
  process.on("SIGINT", onSignal);
}

main().catch((cause: unknown) => {
  const told = [ConfigError, StartError, StoreOpenError].some((known) => cause instanceof known);
  const hint = cause instanceof ConfigError ? " (--help lists the options)" : "";
  process.stderr.write(`userstatus-server: ${told ? (cause as Error).message + hint : (cause as Error).stack}\n`);
  process.exit(cause instanceof ConfigError ? 2 : 1);
});
