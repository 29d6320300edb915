// The outside of the command line, with a scripted service behind it.
import { mkdtemp, rm } from "node:fs/promises";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { Io } from "../cli/io.ts";
import { runCli } from "../cli/run.ts";
import type { WireProtocol } from "../node.ts";
import { createFakeService, type FakeService } from "./fake-service.ts";

export interface FakeIo {
  readonly io: Io;
  readonly fake: FakeService;
  /** Lines of stdout and stderr. */
  readonly out: string[];
  readonly err: string[];
  /** What was connected to. */
  readonly connections: { readonly url: string; readonly protocol: WireProtocol }[];
  /** Opened less closed transports. */
  readonly openTransports: () => number;
  /** Ctrl-C. */
  readonly interrupt: () => void;
  /** Runs a command as alice, or as nobody after a first `--bare`; answers the exit code. */
  readonly run: (...args: string[]) => Promise<number>;
  /** Resolves when a line of stdout or stderr has this text. */
  readonly printed: (text: string) => Promise<void>;
  readonly cleanUp: () => Promise<void>;
}

/** Most turns of the event loop to wait for a line. */
const turnsMax = 10_000;

export async function createFakeIo(env: Record<string, string> = {}): Promise<FakeIo> {
  const stateHome = await mkdtemp(join(tmpdir(), "userstatus-test-"));
  const fake = createFakeService();
  const leaving = new AbortController();
  const out: string[] = [];
  const err: string[] = [];
  const connections: FakeIo["connections"] = [];
  let open = 0;
  const io: Io = {
    env: { XDG_STATE_HOME: stateHome, ...env },
    osPlatform: "linux",
    out: (line) => out.push(...line.split("\n")),
    err: (line) => err.push(...line.split("\n")),
    now: () => Date.UTC(2026, 10, 21, 7, 11, 3),
    random: () => 0.5,
    interrupted: leaving.signal,
    connect: (url, protocol) => {
      connections.push({ url, protocol });
      open += 1;
      return {
        transport: fake.transport,
        renew: () => {},
        close: () => {
          open -= 1;
        },
      };
    },
    runCommand: async (command) => `${command}-printed\n`,
  };
  return {
    io,
    fake,
    out,
    err,
    connections,
    openTransports: () => open,
    interrupt: () => leaving.abort(),
    run: (...args) => runCli(args[0] === "--bare" ? args.slice(1) : ["--app", "demo", "--user", "alice", ...args], io),
    printed: async (text) => {
      for (let turn = 0; turn < turnsMax; turn += 1) {
        if ([...out, ...err].some((line) => line.includes(text))) return;
        await new Promise((resolve) => setImmediate(resolve));
      }
      throw new Error(`never printed ${JSON.stringify(text)}; printed:\n${out.join("\n")}`);
    },
    cleanUp: () => rm(stateHome, { recursive: true, force: true }),
  };
}
