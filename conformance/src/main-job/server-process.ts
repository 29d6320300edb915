// Starts a server as its own process, reads where it listens from its first line of output, and stops it by its id.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { TargetUnreachable } from "../run/options.ts";

export interface ServerCommand {
  readonly file: string;
  readonly args: readonly string[];
  /** Working directory. */
  readonly cwd: string;
}

export interface RunningServer {
  readonly url: string;
  readonly adminUrl: string | undefined;
  readonly testingUrl: string | undefined;
  /** SIGTERM, and after a while SIGKILL; answers when it is gone. */
  readonly stop: () => Promise<void>;
  /** SIGKILL, without any warning; answers when it is gone. */
  readonly kill: () => Promise<void>;
}

type Urls = Pick<RunningServer, "url" | "adminUrl" | "testingUrl">;

/** A machine with much else to do starts a server slowly, and a run that restarts it hundreds of times meets that. */
const startMaxMs = 60_000;
const stopMaxMs = 10_000;
const complaintMax = 4000;

/** Answers when it listens. */
export async function startServer({ file, args, cwd }: ServerCommand): Promise<RunningServer> {
  const child = spawn(file, args, { cwd, stdio: ["ignore", "pipe", "pipe"] });
  let complaints = "";
  child.stderr.on("data", (chunk: Buffer) => {
    complaints = (complaints + chunk.toString("utf8")).slice(-complaintMax);
  });
  const stop = (): Promise<void> => endProcess(child, "SIGTERM");
  try {
    return { ...(await listening(child)), stop, kill: () => endProcess(child, "SIGKILL") };
  } catch (error) {
    await stop();
    const why = error instanceof Error ? error.message : String(error);
    const told = complaints === "" ? "" : `\n${complaints.trimEnd()}`;
    throw new TargetUnreachable(`the server did not start (${[file, ...args].join(" ")}): ${why}${told}`);
  }
}

function listening(child: ChildProcess): Promise<Urls> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error(`it was not listening after ${startMaxMs} ms`)), startMaxMs);
    const settle = (work: () => void): void => {
      clearTimeout(timer);
      work();
    };
    child.once("error", (error) => settle(() => reject(error)));
    child.once("exit", (code, signal) => settle(() => reject(new Error(`it ended with ${code ?? signal}`))));
    if (child.stdout === null) return settle(() => reject(new Error("it has no output")));
    createInterface({ input: child.stdout }).on("line", (line) => {
      const found = listeningLine(line);
      if (found !== undefined) settle(() => resolve(found));
    });
  });
}

/** Pure: the line `{"event":"listening","url":…}`; undefined for any other. */
export function listeningLine(line: string): Urls | undefined {
  if (!line.startsWith("{")) return undefined;
  try {
    const data: unknown = JSON.parse(line);
    if (typeof data !== "object" || data === null || !("event" in data) || data.event !== "listening") return undefined;
    const { url, adminUrl, testingUrl } = data as Record<string, unknown>;
    const text = (value: unknown): string | undefined => (typeof value === "string" ? value : undefined);
    return typeof url === "string" ? { url, adminUrl: text(adminUrl), testingUrl: text(testingUrl) } : undefined;
  } catch {
    return undefined;
  }
}

function endProcess(child: ChildProcess, signal: NodeJS.Signals): Promise<void> {
  if (child.pid === undefined || child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    const timer = setTimeout(() => child.kill("SIGKILL"), stopMaxMs);
    child.once("exit", () => {
      clearTimeout(timer);
      resolve();
    });
    child.kill(signal);
  });
}
