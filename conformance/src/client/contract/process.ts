// The client under test as a process: lines in, lines out, both bounded; ended with everything that it started.
import { type ChildProcess, spawn } from "node:child_process";
import type { Line } from "./contract.ts";
import { ContractError, parseLine } from "./validate.ts";

/** Longest line that a client may write, in bytes. */
export const lineMaxBytes = 1_048_576;

/** How long a process may take to end by itself once its stdin is closed. */
const endMs = 1_000;
/** And once it was told to. */
const termMs = 500;

export interface ProcessListener {
  readonly onLine: (line: Line) => void;
  /** A line on stderr. */
  readonly onStderr: (text: string) => void;
  /** The process is over, or broke the contract; told once, and nothing after it. */
  readonly onEnd: (why: ContractError | ProcessEnded) => void;
}

/** The process ended by itself. */
export class ProcessEnded extends Error {
  override readonly name = "ProcessEnded";
}

export interface ClientProcess {
  readonly write: (text: string) => void;
  /** Closes stdin, waits a little, then ends the process group. */
  readonly end: () => Promise<void>;
}

/** Process groups that run; none may outlive the suite. */
const running = new Set<number>();
const endAll = (): void => {
  for (const group of running) killGroup(group, "SIGKILL");
};
process.on("exit", endAll);

/** A signal that ends this process tells nobody else: groups of their own don't get what a terminal sends. */
const minded = new Set<NodeJS.Signals>();

function mindSignals(): void {
  for (const signal of ["SIGINT", "SIGTERM", "SIGHUP"] as const) {
    if (minded.has(signal)) continue;
    minded.add(signal);
    process.once(signal, () => {
      endAll();
      // Again, to whoever else minds it, or to its usual end.
      process.kill(process.pid, signal);
    });
  }
}

/** Starts `command` as a process group of its own. */
export function startProcess(command: readonly string[], listener: ProcessListener): ClientProcess {
  const [program = "", ...args] = command;
  mindSignals();
  // A group, so that what the command starts (npx, a shell, a virtual machine) ends with it.
  const child = spawn(program, args, { detached: true, stdio: ["pipe", "pipe", "pipe"] });
  if (child.pid !== undefined) running.add(child.pid);
  let over = false;
  const finish = (why: ContractError | ProcessEnded): void => {
    if (over) return;
    over = true;
    listener.onEnd(why);
  };
  child.on("error", (error) => finish(new ContractError(`the command could not be started: ${error.message}`)));
  const gone = new Promise<void>((resolve) => {
    child.on("error", () => resolve());
    child.on("close", (code, signal) => {
      finish(new ProcessEnded(`the client's process ended by itself (${signal ?? `exit code ${code}`})`));
      resolve();
    });
  });
  // A process that has gone does not read: its end is told by `close`.
  child.stdin.on("error", () => {});
  readLines(child.stdout, lineMaxBytes, {
    line: (text) => {
      if (over || text.trim() === "") return;
      try {
        listener.onLine(parseLine(text));
      } catch (error) {
        if (!(error instanceof ContractError)) throw error;
        finish(error);
      }
    },
    tooLong: () => finish(new ContractError(`a line on stdout has more than ${lineMaxBytes} bytes`)),
  });
  readLines(child.stderr, 10_000, { line: listener.onStderr, tooLong: () => {} });
  return {
    write: (text) => void child.stdin.write(text),
    end: async () => {
      over = true;
      child.stdin.end();
      await endGroup(child, gone);
      if (child.pid !== undefined) running.delete(child.pid);
    },
  };
}

async function endGroup(child: ChildProcess, gone: Promise<void>): Promise<void> {
  const { pid } = child;
  await within(gone, endMs);
  if (pid === undefined) return;
  if (child.exitCode === null && child.signalCode === null) {
    killGroup(pid, "SIGTERM");
    await within(gone, termMs);
  }
  // Also what the leader left behind.
  killGroup(pid, "SIGKILL");
  await within(gone, termMs);
}

function killGroup(group: number, signal: NodeJS.Signals): void {
  try {
    process.kill(-group, signal);
  } catch {
    // Nobody is left of it.
  }
}

function within(promise: Promise<void>, ms: number): Promise<void> {
  return new Promise((resolve) => {
    const timer = setTimeout(resolve, ms);
    void promise.then(() => {
      clearTimeout(timer);
      resolve();
    });
  });
}

interface LineReader {
  readonly line: (text: string) => void;
  /** Told once; then nothing is read any more. */
  readonly tooLong: () => void;
}

function readLines(stream: NodeJS.ReadableStream, maxBytes: number, reader: LineReader): void {
  let rest: Buffer = Buffer.alloc(0);
  stream.on("error", () => {});
  stream.on("data", (chunk: Buffer) => {
    rest = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    for (let at = rest.indexOf(10); at >= 0; at = rest.indexOf(10)) {
      reader.line(rest.subarray(0, at).toString("utf8").replace(/\r$/, ""));
      rest = rest.subarray(at + 1);
    }
    if (rest.length <= maxBytes) return;
    rest = Buffer.alloc(0);
    stream.removeAllListeners("data");
    stream.resume();
    reader.tooLong();
  });
}
