// The servers that clients are run against. One more is one more entry: a command that serves in development mode
// (`dev:APP:USER` is that user) and prints, as its first line, JSON with `url` and, if it has these, `adminUrl` and `testingUrl`.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { createInterface } from "node:readline";
import { root } from "../../scripts/spec.ts";
import { goServerBuild, goServerCommand } from "./go-server.ts";
import type { Command } from "./languages.ts";
import type { Buildable } from "./toolchain.ts";

export interface ServerKind {
  readonly name: string;
  readonly start: Command;
  /** Undefined: it is ready. */
  readonly made?: Buildable;
}

export interface RunningServer {
  readonly name: string;
  readonly url: string;
  /** Undefined: no admin service. */
  readonly adminUrl: string | undefined;
  /** Undefined: no test clock. */
  readonly testingUrl: string | undefined;
  readonly stop: () => Promise<void>;
}

const anyPorts = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--testing-listen", "127.0.0.1:0"];

export const serverKinds: readonly ServerKind[] = [
  {
    name: "reference",
    start: {
      program: process.execPath,
      args: [
        ...["--conditions=@userstatus/source", "--import", "tsx", "reference-server/src/main.ts", "--dev"],
        // Silence is short, so that a heartbeat is soon asked for; 2.5 times as long is what a slow machine may take.
        ...[...anyPorts, "--log-level", "warn", "--keep-alive", "2s"],
      ],
    },
  },
  { name: "go", start: goServerCommand([]), made: goServerBuild },
];

/** Longest wait for the first line of a server. */
const startTimeoutMs = 60_000;

export async function startServer({ name, start }: Pick<ServerKind, "name" | "start">): Promise<RunningServer> {
  const child = spawn(start.program, start.args, {
    cwd: root,
    env: { ...process.env, ...start.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  // What it says for people is of interest only if it does not start.
  let errors = "";
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4000);
  });
  const exited = once(child, "exit");
  try {
    const urls = JSON.parse(await firstLine(child)) as { url: string; adminUrl?: string; testingUrl?: string };
    return {
      name,
      url: urls.url,
      adminUrl: urls.adminUrl,
      testingUrl: urls.testingUrl,
      stop: async () => {
        child.kill("SIGTERM");
        await exited;
      },
    };
  } catch (cause) {
    child.kill("SIGKILL");
    const why = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`server ${name} did not start: ${why}\n${errors.trimEnd()}`);
  }
}

async function firstLine(child: ChildProcess): Promise<string> {
  if (!child.stdout) throw new Error("no output");
  const lines = createInterface({ input: child.stdout });
  const timeout = AbortSignal.timeout(startTimeoutMs);
  return await new Promise((resolve, reject) => {
    lines.once("line", resolve);
    child.once("error", reject);
    child.once("exit", (code) => reject(new Error(`it ended with ${code}`)));
    timeout.addEventListener("abort", () => reject(new Error("it printed no line in time")));
  });
}
