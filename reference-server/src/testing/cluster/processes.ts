// Programs that a cluster on this machine consists of: each a process of its own, ended by its id.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdtempSync } from "node:fs";
import { connect, createServer } from "node:net";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { createClient } from "@redis/client";
import { slotCount } from "../../store/redis/slots.ts";

export interface RunningProgram {
  readonly pid: number;
  /** SIGTERM, and after a while SIGKILL. */
  readonly stop: () => Promise<void>;
  readonly signal: (name: NodeJS.Signals) => void;
}

export interface RunningNode extends RunningProgram {
  readonly url: string;
  readonly adminUrl: string;
}

export interface RunningRedis extends RunningProgram {
  readonly port: number;
}

const startMaxMs = 60_000;
const stopMaxMs = 10_000;
const pollMs = 50;

/** A Redis that keeps nothing on disk; throws with a line that helps where there is none on this machine. */
export async function startRedis(
  directory: string,
  more: readonly string[] = [],
  wanted?: number,
): Promise<RunningRedis> {
  const port = wanted ?? (await freePort());
  const args = [
    "--port",
    String(port),
    "--bind",
    "127.0.0.1",
    "--save",
    "",
    "--appendonly",
    "no",
    "--dir",
    directory,
    ...more,
  ];
  const child = spawn("redis-server", args, { stdio: "ignore" });
  const failed = once(child, "error").then(([error]) => {
    throw new Error(`redis-server can't be started (Debian: apt-get install redis-server): ${String(error)}`);
  });
  failed.catch(() => {});
  await Promise.race([listens(port), failed]);
  return { ...programOf(child), port };
}

/** One command to a Redis on this machine, over a connection of its own. */
export async function tellRedis(port: number, ...command: string[]): Promise<string> {
  const client = createClient({ url: `redis://127.0.0.1:${port}` });
  client.on("error", () => {});
  await client.connect();
  try {
    return String(await client.sendCommand(command));
  } finally {
    client.destroy();
  }
}

/** A Redis Cluster of so many masters without replicas: each has its part of the slots. */
export async function startRedisCluster(directory: string, masters: number): Promise<readonly RunningRedis[]> {
  const started: RunningRedis[] = [];
  for (let at = 0; at < masters; at++) {
    const own = mkdtempSync(join(directory, `master-${at}-`));
    started.push(await startRedis(own, ["--cluster-enabled", "yes", "--cluster-node-timeout", "2000"]));
  }
  const [first] = started;
  for (const [at, { port }] of started.entries()) {
    const from = Math.ceil((at * slotCount) / masters);
    const to = Math.ceil(((at + 1) * slotCount) / masters) - 1;
    await tellRedis(port, "CLUSTER", "ADDSLOTSRANGE", String(from), String(to));
    // Each its own, or they would refuse one another.
    await tellRedis(port, "CLUSTER", "SET-CONFIG-EPOCH", String(at + 1));
    if (first && port !== first.port) await tellRedis(port, "CLUSTER", "MEET", "127.0.0.1", String(first.port));
  }
  for (const { port } of started) {
    for (const endMs = performance.now() + startMaxMs; ; ) {
      const [info, nodes] = [await tellRedis(port, "CLUSTER", "INFO"), await tellRedis(port, "CLUSTER", "NODES")];
      const isWhole = info.includes("cluster_state:ok") && nodes.trim().split("\n").length === masters;
      if (isWhole && !nodes.includes("handshake")) break;
      if (performance.now() > endMs) throw new Error("the Redis Cluster does not come together");
      await new Promise((resolve) => setTimeout(resolve, pollMs));
    }
  }
  return started;
}

/** Where a process runs: behind a command that becomes it, and with an address of its own. */
export interface Place {
  readonly runIn: readonly string[];
  readonly address: string;
}

/** The reference server as it was built. */
export async function startNode(
  program: string,
  args: readonly string[],
  { runIn, address }: Place = { runIn: [], address: "127.0.0.1" },
): Promise<RunningNode> {
  const listen = ["--listen", `${address}:0`, "--admin-listen", `${address}:0`];
  const [command = process.execPath, ...rest] = [...runIn, process.execPath, program, "--dev", ...listen, ...args];
  const child = spawn(command, rest, { stdio: ["ignore", "pipe", "inherit"] });
  const line = await new Promise<string>((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("a node does not start")), startMaxMs);
    child.once("exit", (code, signal) => reject(new Error(`a node ended with ${code ?? signal} as it started`)));
    if (child.stdout) createInterface({ input: child.stdout }).once("line", resolve);
    child.stdout?.once("data", () => clearTimeout(timer));
  });
  const { url, adminUrl } = JSON.parse(line) as { url: string; adminUrl: string };
  return { ...programOf(child), url, adminUrl };
}

function programOf(child: ChildProcess): RunningProgram {
  // However this process ends, what it started ends with it.
  const kill = (): void => void child.kill("SIGKILL");
  process.once("exit", kill);
  const ended = new Promise<void>((resolve) => {
    child.once("exit", () => {
      process.off("exit", kill);
      resolve();
    });
  });
  return {
    pid: child.pid ?? 0,
    signal: (name) => void child.kill(name),
    stop: async () => {
      if (child.exitCode !== null || child.signalCode !== null) return;
      child.kill("SIGTERM");
      const timer = setTimeout(() => child.kill("SIGKILL"), stopMaxMs);
      await ended;
      clearTimeout(timer);
    },
  };
}

async function freePort(): Promise<number> {
  const server = createServer();
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  const address = server.address();
  server.close();
  return typeof address === "object" && address !== null ? address.port : 0;
}

async function listens(port: number): Promise<void> {
  for (const endMs = performance.now() + startMaxMs; performance.now() < endMs; ) {
    const socket = connect(port, "127.0.0.1");
    const isThere = await new Promise((resolve) => {
      socket.once("connect", () => resolve(true)).once("error", () => resolve(false));
    });
    socket.destroy();
    if (isThere) return;
    await new Promise((resolve) => setTimeout(resolve, pollMs));
  }
  throw new Error(`nothing listens on port ${port}`);
}
