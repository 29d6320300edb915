// Three servers, a balancer, a Redis with a replica, and between each server and the Redis a way that can be cut.
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { startBalancer } from "../../reference-server/src/testing/cluster/balancer.ts";
import {
  type RunningNode,
  type RunningRedis,
  startNode,
  startRedis,
  tellRedis,
} from "../../reference-server/src/testing/cluster/processes.ts";
import { type Namespace, openNamespace } from "./namespace.ts";
import { openTcpRelay, type TcpRelay } from "./relay.ts";

export interface Stage {
  readonly url: string;
  readonly adminUrl: string;
  readonly nodes: readonly StageNode[];
  /** Kills the Redis as a machine does that loses its power, and starts it again on what it had on disk. */
  readonly restartRedis: () => Promise<void>;
  /**
   * Kills the Redis, whose replica has heard nothing for so long; when `halted` is done the replica takes its place, and gets a replica of its own.
   */
  readonly failOver: (behindMs: number, halted: () => Promise<void>) => Promise<void>;
  readonly close: () => Promise<void>;
}

export interface StageNode {
  readonly node: RunningNode;
  /** The network between it and the Redis carries nothing any more, and tells nobody. */
  readonly cut: () => void;
  readonly mend: () => void;
}

export interface StageOptions {
  readonly program: string;
  /** Replicas that must have a change before it is answered. */
  readonly replicas: number;
  /** Whether the first server has a network namespace of its own; throws where none can be had. */
  readonly namespace?: boolean;
}

const nodeCount = 3;
/** Every change is on disk before it is answered. */
const durable = ["--appendonly", "yes", "--appendfsync", "always"];

export async function setStage({ program, replicas, namespace }: StageOptions): Promise<Stage> {
  const closes: (() => unknown)[] = [];
  const directory = mkdtempSync(join(tmpdir(), "userstatus-faults-"));
  closes.push(() => rmSync(directory, { recursive: true, force: true }));
  const [own, copy] = [mkdtempSync(join(directory, "primary-")), mkdtempSync(join(directory, "replica-"))];
  let redis = await startRedis(own, durable);
  closes.push(() => redis.stop());
  const wayToReplica = await openTcpRelay(redis.port);
  closes.push(wayToReplica.close);
  const follow = async (at: string, port: number): Promise<RunningRedis> => {
    const follower = await startRedis(at, ["--replicaof", "127.0.0.1", String(port)]);
    closes.push(() => follower.stop());
    await until(async () => (await tellRedis(follower.port, "INFO", "replication")).includes("master_link_status:up"));
    return follower;
  };
  const replica = await follow(copy, wayToReplica.port);
  const nodes: StageNode[] = [];
  const ways: TcpRelay[] = [];
  for (let at = 0; at < nodeCount; at++) {
    const own = namespace && at === 0 ? needNamespace() : undefined;
    if (own) closes.push(own.close);
    const way = await openTcpRelay(redis.port, own?.outside);
    closes.push(way.close);
    ways.push(way);
    const store = [
      "--store",
      `redis://${own?.outside ?? "127.0.0.1"}:${way.port}`,
      "--store-replicas",
      String(replicas),
    ];
    const limits = ["--keep-alive", "2s", "--set", "rate_limits[SetCustomStatus].max_calls=1000000"];
    const node = await startNode(program, [...store, ...limits, "--log-level", "silent"], own);
    closes.push(node.stop);
    nodes.push({ node, cut: own?.cut ?? way.swallow, mend: own?.mend ?? way.mend });
  }
  const user = await startBalancer({ servers: nodes.map(({ node }) => node.url), random: Math.random });
  const admin = await startBalancer({ servers: nodes.map(({ node }) => node.adminUrl), random: Math.random });
  closes.push(user.close, admin.close);
  return {
    url: user.url,
    adminUrl: admin.url,
    nodes,
    restartRedis: async () => {
      redis.signal("SIGKILL");
      await redis.stop();
      redis = await startRedis(own, durable, redis.port);
    },
    failOver: async (behindMs, halted) => {
      wayToReplica.swallow();
      await new Promise((resolve) => setTimeout(resolve, behindMs));
      redis.signal("SIGKILL");
      await redis.stop();
      await halted();
      await tellRedis(replica.port, "REPLICAOF", "NO", "ONE");
      for (const way of ways) way.lead(replica.port);
      await follow(mkdtempSync(join(directory, "next-")), replica.port);
    },
    close: async () => {
      for (const close of closes.toReversed()) await close();
    },
  };
}

function needNamespace(): Namespace {
  const own = openNamespace();
  if (!own) throw new Error("no network namespace can be had: that needs Linux, root and iproute2");
  return own;
}

async function until(isSo: () => Promise<boolean>): Promise<void> {
  for (const endMs = performance.now() + 30_000; !(await isSo()); ) {
    if (performance.now() > endMs) throw new Error("the replica does not follow");
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}
