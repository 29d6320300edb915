// What is measured: servers of the protocol with watchers of some users, and raw floors with as many streams. Each can send a round to all of them.
import { fileURLToPath } from "node:url";
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Platform, UserStatusService } from "@userstatus/protocol";
import { type Measured, startMeasured } from "./children.ts";
import { createStreamGroup, type StreamGroup, type StreamKind } from "./streams.ts";

export interface Scene {
  readonly kind: StreamKind;
  readonly connections: number;
  readonly watchers: number;
  /** Changes of different users that are sent at once in each round. */
  readonly burst: number;
  /** So many of the watchers, the last ones, read nothing after the first message. */
  readonly stalled?: number;
}

export interface Subject {
  readonly process: Measured;
  /** Sends so many rounds, one after the other, and waits until all has arrived; answers how many statuses that were. */
  readonly rounds: (count: number) => Promise<number>;
  /** Sends one change, or burst, and waits for nothing that arrives. */
  readonly send: () => Promise<void>;
  /** Told of each message that arrives. */
  readonly eachArrival: (arrived: (() => void) | undefined) => void;
  /** Bytes of one status as a message. */
  readonly statusBytes: () => number;
  /** Frames that have arrived. */
  readonly frames: () => number;
  readonly stop: () => Promise<void>;
}

const arrivalMs = 30_000;
const varintSpareBytes = 8;
/** The reference server as it was built. */
export function serverProgram(): string {
  const manifest = fileURLToPath(import.meta.resolve("@userstatus/server/package.json"));
  return manifest.replace("package.json", "dist/main.js");
}

export const here = (name: string): string => fileURLToPath(new URL(name, import.meta.url));
export const sources: readonly string[] = ["--conditions=@userstatus/source", "--import", "tsx"];

/** The flags that keep everything but fan-out out of the measurement: no leases, rates or keep-alives fall due. */
export const quietFlags: readonly string[] = [
  "--dev",
  "--log-level=silent",
  "--listen=127.0.0.1:0",
  "--admin-listen=127.0.0.1:0",
  "--testing-listen=127.0.0.1:0",
  "--keep-alive=600s",
  "--set=liveness[1].lease=86400s",
  "--set=rate_limits[SetCustomStatus].max_calls=1000000",
];

/** The reference server, or `naive`: with each frame through the RPC library. */
export async function startServerSubject(which: "server" | "naive", scene: Scene): Promise<Subject> {
  const program = which === "server" ? [serverProgram()] : [...sources, here("naive-server.ts")];
  const process = await startMeasured([...program, ...quietFlags]);
  const { url = "" } = process.hello;
  const group = createStreamGroup(scene.kind, url, scene.connections);
  const client = createClient(UserStatusService, createConnectTransport({ baseUrl: url, httpVersion: "2" }));
  const call = async (user: string) => {
    const token = `dev:bench:${user}`;
    const headers = { authorization: `Bearer ${token}` };
    const { sessionId } = await client.login({ deviceId: "d", platform: Platform.ANDROID }, { headers });
    return { token, headers, sessionId };
  };
  const reading = scene.watchers - (scene.stalled ?? 0);
  const targets = await Promise.all(Array.from({ length: scene.burst }, (_, at) => call(`target-${at}`)));
  const userIds = targets.map((_, at) => `target-${at}`);
  await inTurns(scene.watchers, 32, async (at) => {
    const watcher = await call(`watcher-${at}`);
    await client.subscribe({ sessionId: watcher.sessionId, userIds }, { headers: watcher.headers });
    await group.open({ ...watcher, stalls: at >= reading });
  });
  await quiet(group);
  let texts = 0;
  const change = async ({ headers, sessionId }: Awaited<ReturnType<typeof call>>): Promise<void> => {
    const text = `text ${String(++texts).padStart(8, "0")}`;
    await client.setCustomStatus({ sessionId, customStatus: { text } }, { headers });
  };
  const before = group.arrivals.bytes();
  await Promise.all(targets.map(change));
  await quiet(group);
  const statusBytes = (group.arrivals.bytes() - before) / reading / scene.burst;
  return {
    process,
    send: async () => {
      await Promise.all(targets.map(change));
    },
    eachArrival: group.arrivals.each,
    rounds: async (count) => {
      for (let round = 0; round < count; round++) {
        const { messages, bytes } = group.arrivals;
        // How many frames a burst makes is the server's choice; its bytes are known but for the varints of times and revisions.
        const wanted =
          scene.burst === 1
            ? { messages: messages() + reading }
            : { bytes: bytes() + (statusBytes - varintSpareBytes) * reading * scene.burst };
        await Promise.all(targets.map(change));
        await group.arrivals.until(wanted, arrivalMs);
      }
      await quiet(group);
      return count * scene.burst * reading;
    },
    statusBytes: () => statusBytes,
    frames: group.arrivals.messages,
    stop: async () => {
      group.close();
      await process.stop();
    },
  };
}

/** Ready bytes of the same size. */
export async function startFloorSubject(scene: Scene, statusBytes: number): Promise<Subject> {
  const http1 = scene.kind === "connect-h1";
  const process = await startMeasured([...sources, here("floor.ts"), http1 ? "h1" : "h2"]);
  const group = createStreamGroup(scene.kind, process.hello.url ?? "", scene.connections);
  await inTurns(scene.watchers, scene.watchers, () => group.open({ token: "dev:bench:none", sessionId: "-" }));
  const size = Math.round(statusBytes);
  await quiet(group);
  return {
    process,
    send: async () => process.send(`1 ${size * scene.burst}`),
    eachArrival: group.arrivals.each,
    rounds: async (count) => {
      for (let round = 0; round < count; round++) {
        const wanted = { messages: group.arrivals.messages() + scene.watchers };
        process.send(`1 ${size * scene.burst}`);
        await group.arrivals.until(wanted, arrivalMs);
      }
      return count * scene.burst * scene.watchers;
    },
    statusBytes: () => size,
    frames: group.arrivals.messages,
    stop: async () => {
      group.close();
      await process.stop();
    },
  };
}

/** Does work for 0 to count - 1, so many at once. */
export async function inTurns(count: number, atOnce: number, work: (at: number) => Promise<void>): Promise<void> {
  let next = 0;
  const turn = async (): Promise<void> => {
    while (next < count) await work(next++);
  };
  await Promise.all(Array.from({ length: Math.min(atOnce, count) }, turn));
}

/** Until nothing has come for a while. */
export async function quiet({ arrivals }: Pick<StreamGroup, "arrivals">): Promise<void> {
  const pauseMs = 60;
  for (let before = -1; before !== arrivals.bytes(); ) {
    before = arrivals.bytes();
    await new Promise((resolve) => setTimeout(resolve, pauseMs));
  }
}
