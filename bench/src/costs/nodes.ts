// What several servers on one Redis cost: CPU of all of them and of the Redis, for each status that is delivered, and for a change that is seen on another server.
import { createClient } from "@connectrpc/connect";
import { createConnectTransport } from "@connectrpc/connect-node";
import { Platform, UserStatusService } from "@userstatus/protocol";
import { type Measured, startMeasured } from "../children.ts";
import { median } from "../fanout.ts";
import { peers } from "../peers/programs.ts";
import { createStreamGroup, type StreamGroup } from "../streams.ts";
import { inTurns, quiet, quietFlags, serverProgram } from "../subjects.ts";
import type { CostEffort, CostRow, Say } from "./sides.ts";

interface Cluster {
  readonly cpuUs: () => number;
  /** One change after the other, each made on the first server; waits until all watchers have it. */
  readonly changes: (count: number) => Promise<void>;
  readonly stop: () => Promise<void>;
}

const arrivalMs = 30_000;

/** `shared`: on a Redis; else one server with its state in memory. */
async function startCluster(servers: number, watchers: number, shared: boolean): Promise<Cluster> {
  const running: Measured[] = [];
  const groups: StreamGroup[] = [];
  const stop = async (): Promise<void> => {
    for (const group of groups) group.close();
    await Promise.all(running.map((one) => one.stop()));
  };
  try {
    if (shared) running.push((await peers.redis.start?.()) as Measured);
    const store = shared ? ["--store", `redis://127.0.0.1:${new URL(running[0]?.hello.url ?? "").port}`] : [];
    const urls: string[] = [];
    for (let at = 0; at < servers; at++) {
      const one = await startMeasured([serverProgram(), ...quietFlags, ...store]);
      running.push(one);
      urls.push(one.hello.url ?? "");
    }
    const clients = urls.map((baseUrl) =>
      createClient(UserStatusService, createConnectTransport({ baseUrl, httpVersion: "2" })),
    );
    const login = async (at: number, user: string) => {
      const token = `dev:bench:${user}`;
      const headers = { authorization: `Bearer ${token}` };
      const answer = await clients[at]?.login({ deviceId: "d", platform: Platform.ANDROID }, { headers });
      return { token, headers, sessionId: answer?.sessionId ?? "" };
    };
    const target = await login(0, "target");
    for (const url of urls) groups.push(createStreamGroup("grpc", url, Math.ceil(watchers / servers)));
    await inTurns(watchers, 16, async (number) => {
      // The last server has at least one: a change is seen on another one than it is made on.
      const at = (servers - 1 + number) % servers;
      const watcher = await login(at, `watcher-${number}`);
      await clients[at]?.subscribe({ sessionId: watcher.sessionId, userIds: ["target"] }, { headers: watcher.headers });
      await groups[at]?.open(watcher);
    });
    for (const group of groups) await quiet(group);
    const arrived = (): number => groups.reduce((sum, { arrivals }) => sum + arrivals.messages(), 0);
    let texts = 0;
    return {
      cpuUs: () => running.reduce((sum, one) => sum + one.cpuUs(), 0),
      changes: async (count) => {
        for (let change = 0; change < count; change++) {
          const wanted = arrived() + watchers;
          const customStatus = { text: `text ${String(++texts).padStart(8, "0")}` };
          await clients[0]?.setCustomStatus({ sessionId: target.sessionId, customStatus }, { headers: target.headers });
          for (const endMs = performance.now() + arrivalMs; arrived() < wanted; ) {
            if (performance.now() > endMs) throw new Error(`${arrived()} of ${wanted} statuses had arrived`);
            await new Promise((resolve) => setImmediate(resolve));
          }
        }
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** In turns with one server in memory. Nothing where there is no Redis. */
async function beside(row: {
  readonly name: string;
  readonly unit: string;
  readonly servers: readonly number[];
  readonly watchers: number;
  /** What a change counts for. */
  readonly per: number;
  readonly changes: number;
  readonly turns: number;
}): Promise<CostRow[]> {
  const { watchers, turns, per } = row;
  const changes = Math.max(3, row.changes);
  const sides: { readonly servers: number; readonly cluster: Cluster; readonly taken: number[] }[] = [];
  try {
    const alone = await startCluster(1, watchers, false);
    sides.push({ servers: 0, cluster: alone, taken: [] });
    for (const servers of row.servers) {
      sides.push({ servers, cluster: await startCluster(servers, watchers, true), taken: [] });
    }
    for (let turn = -1; turn < turns; turn++) {
      for (const { cluster, taken } of sides) {
        const before = cluster.cpuUs();
        await cluster.changes(turn < 0 ? Math.min(20, changes) : changes);
        if (turn >= 0) taken.push((cluster.cpuUs() - before) / changes / per);
      }
    }
    const [memory, ...shared] = sides;
    return shared.map(({ servers, taken }) => ({
      name: `${row.name}, ${servers === 1 ? "1 server" : `${servers} servers`} on a Redis`,
      ours: median(taken),
      peer: median(memory?.taken ?? []),
      unit: row.unit,
      peerName: "one server in memory",
      value: median(taken.map((us, at) => us / (memory?.taken[at] ?? Number.NaN))),
      sense: "most",
      measure: "× one server in memory, CPU of all and of the Redis",
    }));
  } finally {
    await Promise.all(sides.map(({ cluster }) => cluster.stop()));
  }
}

export async function nodes({ turns, calls, watchers }: CostEffort, say: Say): Promise<CostRow[]> {
  if (!peers.redis.start) {
    say(`several servers need a Redis, which is not here: ${peers.redis.install}`);
    return [];
  }
  say("several servers on one Redis");
  const many = Math.max(6, Math.round(watchers * 0.6));
  const told = await beside({
    name: `a change to ${many} watchers`,
    unit: "µs a status",
    servers: [1, 2, 3],
    watchers: many,
    per: many,
    changes: Math.round(calls / 40),
    turns,
  });
  const crossed = await beside({
    name: "a change that one watcher sees",
    unit: "µs a change",
    servers: [1, 2],
    watchers: 1,
    per: 1,
    changes: Math.round(calls / 4),
    turns,
  });
  return [...told, ...crossed];
}
