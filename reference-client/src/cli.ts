#!/usr/bin/env node
// Entry point of the command line `userstatus`: the process's streams and signals, nothing else.
import { exec } from "node:child_process";
import { promisify } from "node:util";
import { runCli } from "./cli/run.ts";
import { createNodeTransport } from "./node.ts";

const leaving = new AbortController();

for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
  process.on(name, () => {
    // The second time the user does not want to wait for the logout.
    if (leaving.signal.aborted) process.exit(130);
    leaving.abort();
  });
}

/** The reader of a pipe has gone (`watch | head`): leave in order. */
function onStreamError(error: NodeJS.ErrnoException): void {
  if (error.code !== "EPIPE") process.exitCode = 1;
  leaving.abort();
}

process.stdout.on("error", onStreamError);
process.stderr.on("error", onStreamError);

const execute = promisify(exec);

const exitCode = await runCli(process.argv.slice(2), {
  env: process.env,
  osPlatform: process.platform,
  out: (line) => {
    process.stdout.write(`${line}\n`);
  },
  err: (line) => {
    process.stderr.write(`${line}\n`);
  },
  now: Date.now,
  random: Math.random,
  interrupted: leaving.signal,
  connect: createNodeTransport,
  runCommand: async (command) => (await execute(command, { timeout: 30_000, maxBuffer: 64 * 1024 })).stdout,
});
process.exitCode ??= exitCode;
