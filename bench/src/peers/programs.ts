// The peers, and where their programs are.
import { existsSync } from "node:fs";
import { createServer } from "node:net";
import { delimiter, join } from "node:path";
import { fileURLToPath } from "node:url";
import { type Measured, startMeasured, startProgram } from "../children.ts";
import type { StreamKind } from "../streams.ts";
import { sources } from "../subjects.ts";
import { mqtt, nats, redis, type Wire, webSocket } from "./wires.ts";

export interface Peer {
  readonly name: string;
  /** How its watchers are connected: as those of our server, or by a wire of its own. */
  readonly wire: StreamKind | Wire;
  /** Undefined: its program is not there. */
  readonly start: (() => Promise<Measured>) | undefined;
  /** What makes it be there. */
  readonly install: string;
}

const root = fileURLToPath(new URL("../../..", import.meta.url));
const goPeers = join(root, ".cache/peers/peers");
const installGo = "npm run bench:peers:install";

export const peers = {
  grpcGo: goPeer("grpc-go, encoded once", "grpc", "grpc"),
  connectGo: goPeer("connect-go", "connect", "connect-h1"),
  nats: goPeer("NATS", "nats", nats),
  grpcJs: nodePeer("@grpc/grpc-js, ready bytes", "grpc-js-server.ts", "grpc"),
  ws: nodePeer("ws", "ws-server.ts", webSocket),
  redis: portPeer("Redis pub/sub", "redis-server", redis, (port) => [
    ...["--port", String(port), "--bind", "127.0.0.1", "--save", "", "--appendonly", "no"],
    ...["--maxclients", "12000", "--tcp-backlog", "511", "--loglevel", "warning", "--dir", "/tmp"],
  ]),
  mosquitto: portPeer("mosquitto, QoS 0", "mosquitto", mqtt, (port) => ["-p", String(port)]),
} as const satisfies Record<string, Peer>;

function nodePeer(name: string, file: string, wire: Peer["wire"]): Peer {
  const program = fileURLToPath(new URL(file, import.meta.url));
  return { name, wire, start: () => startMeasured([...sources, program]), install: "npm ci" };
}

function goPeer(name: string, mode: string, wire: Peer["wire"]): Peer {
  const start = existsSync(goPeers) ? () => startProgram(goPeers, [mode]) : undefined;
  return { name, wire, start, install: installGo };
}

/** A program of the system that is told its port. */
function portPeer(name: string, program: string, wire: Wire, args: (port: number) => readonly string[]): Peer {
  const path = [...(process.env.PATH ?? "").split(delimiter), "/usr/sbin"]
    .map((directory) => join(directory, program))
    .find((candidate) => existsSync(candidate));
  const start =
    path === undefined
      ? undefined
      : async () => {
          const port = await freePort();
          return startProgram(path, args(port), { url: `tcp://127.0.0.1:${port}` });
        };
  return { name, wire, start, install: `apt-get install ${program}` };
}

async function freePort(): Promise<number> {
  const server = createServer().listen(0, "127.0.0.1");
  await new Promise((resolve) => server.once("listening", resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  return typeof address === "object" && address !== null ? address.port : 0;
}
