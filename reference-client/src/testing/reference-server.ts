// Starts the reference server as a process of its own: this package reaches it by its address, like any other server.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";
import { fileURLToPath } from "node:url";

/** Root of the workspace. */
export const workspace: string = fileURLToPath(new URL("../../../", import.meta.url));

/** Runs TypeScript sources. */
export const tsx: string = fileURLToPath(new URL("../../../node_modules/.bin/tsx", import.meta.url));

/** Picks the sources of the workspaces, not what was built of them. */
export const sourceCondition = "--conditions=@userstatus/source";

/** A server that runs. */
export interface RunningServer {
  readonly url: string;
  /** Where AdminService and TestingService are. */
  readonly adminUrl: string;
  readonly stop: () => Promise<void>;
}

interface Listening {
  readonly url: string;
  readonly adminUrl: string;
}

/** Longest wait for the line that tells the address. */
const startMs = 30_000;

/** How long a server may take to end in order. */
const drainMs = 2_000;

/** Starts a server in development mode on free ports of the loopback. Rejects, with what it said, if it does not come up. */
export async function startReferenceServer(): Promise<RunningServer> {
  const flags = ["--dev", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0"];
  const child = spawn(tsx, [sourceCondition, "reference-server/src/main.ts", ...flags], {
    cwd: workspace,
    stdio: ["ignore", "pipe", "pipe"],
  });
  try {
    const { url, adminUrl } = await untilListening(child);
    return { url, adminUrl, stop: () => stop(child) };
  } catch (error) {
    await stop(child);
    throw error;
  }
}

function untilListening(child: ChildProcess): Promise<Listening> {
  return new Promise((resolve, reject) => {
    const said: string[] = [];
    const fail = (why: string): void => reject(new Error(`the reference server ${why}; it said:\n${said.join("\n")}`));
    const timer = setTimeout(() => fail(`told no address within ${startMs} ms`), startMs);
    child.once("error", (error) => fail(`did not start (${error.message})`));
    child.once("exit", (code) => {
      clearTimeout(timer);
      fail(`ended with ${code}`);
    });
    if (child.stderr !== null) createInterface({ input: child.stderr }).on("line", (line) => said.push(line));
    if (child.stdout === null) return;
    createInterface({ input: child.stdout }).on("line", (line) => {
      const listening = parseListening(line);
      if (listening === undefined) return;
      clearTimeout(timer);
      resolve(listening);
    });
  });
}

function parseListening(line: string): Listening | undefined {
  if (!line.startsWith("{")) return undefined;
  const value = JSON.parse(line) as Partial<Record<string, unknown>>;
  const { event, url, adminUrl } = value;
  return event === "listening" && typeof url === "string" && typeof adminUrl === "string"
    ? { url, adminUrl }
    : undefined;
}

function stop(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return Promise.resolve();
  return new Promise((resolve) => {
    child.kill("SIGTERM");
    // A second signal ends it without waiting for connections that clients keep idle.
    const again = setTimeout(() => child.kill("SIGTERM"), drainMs);
    child.once("exit", () => {
      clearTimeout(again);
      resolve();
    });
  });
}
