// The link on a real Redis Cluster: who has a key is found, fences count for all masters, and a slot that moves is followed.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@redis/client";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type RunningRedis, startRedisCluster } from "../../testing/cluster/processes.ts";
import { deafListener } from "../../testing/deaf-listener.ts";
import { bucketCount, keys } from "./keys.ts";
import type { CasRequest, LinkListener, RedisLink } from "./link.ts";
import { createRedisLink } from "./redis-link.ts";
import { slotOf } from "./slots.ts";

const isThere = process.env.CI !== undefined || spawnSync("redis-server", ["--version"]).status === 0;

describe.skipIf(!isThere)("on a Redis Cluster", { timeout: 60_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), "redis-cluster-"));
  const links: RedisLink[] = [];
  let masters: readonly RunningRedis[];
  let names = 0;

  const linkTo = async (listener: Partial<LinkListener> = {}): Promise<RedisLink> => {
    // One address is enough to find the others.
    const url = `redis+cluster://127.0.0.1:${masters[0]?.port}`;
    const link = createRedisLink({
      url,
      node: `n${++names}`,
      wallNow: Date.now,
      steadyNow: () => performance.now(),
      random: Math.random,
      onConnection: () => {},
    });
    link.listen({ ...deafListener, ...listener });
    await link.open();
    links.push(link);
    return link;
  };
  const write = (user: string, version: number): CasRequest => ({
    user,
    version,
    status: JSON.stringify({ statusSeq: -1 }),
    rows: undefined,
    dueMs: 5_000,
    tell: true,
    clockOf: undefined,
  });
  const users = Array.from({ length: 40 }, (_, at) => `app\nuser-${at}`);

  beforeAll(async () => {
    masters = await startRedisCluster(directory, 3);
  });
  afterAll(async () => {
    for (const link of links) await link.close();
    for (const { stop } of masters) await stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it("records lie on all masters; who listens hears of each before the fence, which is above them all", async () => {
    const heard = new Map<string, number>();
    const teller = await linkTo();
    const ears = await linkTo({ changed: (user, { version }) => void heard.set(user, version) });
    await Promise.all(users.map((user) => ears.subscribeUser(user)));
    const seqs = await Promise.all(users.map((user) => teller.cas(write(user, 0))));
    expect(seqs.every((seq) => seq !== undefined)).toBe(true);
    const fence = await ears.fence();
    expect(heard.size).toBe(users.length);
    // All masters go by the clock of this machine.
    expect(fence).toBeGreaterThanOrEqual(Math.max(...seqs.map(Number)));
    const { records } = await teller.load(
      "app",
      users,
      users.map(() => -1),
    );
    expect(records.map(({ version }) => version)).toEqual(seqs);
    const due = await Promise.all(Array.from({ length: bucketCount }, (_, at) => teller.claim(at, 6_000, 1_000, 99)));
    expect(due.flat().sort()).toEqual([...users].sort());
  });

  it("questions reach who listens, and answers come back", async () => {
    const answers: string[] = [];
    const asker = await linkTo({ answered: (answer) => void answers.push(answer) });
    const asked: string[] = [];
    const ears = await linkTo({ asked: (user, question) => void asked.push(`${user} ${question}`) });
    await ears.subscribeUser("app\nann");
    expect(await asker.ask("app\nann", "who?")).toBe(1);
    await ears.fence();
    expect(asked).toEqual(["app\nann who?"]);
    await ears.answer(asker.node, "me");
    await asker.fence();
    expect(answers).toEqual(["me"]);
  });

  it("a slot that moves to another master is followed: calls go on, and what is told there is heard", async () => {
    const user = users[0] ?? "";
    let resumed = 0;
    const heard: number[] = [];
    const teller = await linkTo();
    const ears = await linkTo({
      changed: (_user, { version }) => void heard.push(version),
      resumed: () => {
        resumed++;
      },
    });
    await ears.subscribeUser(user);
    await moveSlot(masters, slotOf(keys.record(user)));
    const [stands] = (await teller.load("app", [user])).records;
    const first = await teller.cas(write(user, stands?.version ?? 0));
    expect(first).toBeDefined();
    await expect.poll(() => resumed, { timeout: 10_000 }).toBeGreaterThan(0);
    const last = await teller.cas(write(user, first ?? 0));
    expect(last).toBeDefined();
    await ears.fence();
    expect(heard.at(-1)).toBe(last);
  });

  it("a slot that no master has for a while stops nothing for good", { timeout: 60_000 }, async () => {
    const user = users.find((id) => slotOf(keys.record(id)) !== slotOf(keys.record(users[0] ?? ""))) ?? "";
    const heard: number[] = [];
    const ears = await linkTo({ changed: (_user, { version }) => void heard.push(version) });
    await ears.subscribeUser(user);
    const slot = String(slotOf(keys.record(user)));
    await withClients(masters, async (clients) => {
      const owner = await ownerOf(clients, Number(slot));
      for (const { client } of clients) await client.sendCommand(["CLUSTER", "DELSLOTS", slot]);
      await expect.poll(() => ears.fence().then(String, String), { timeout: 20_000 }).toContain("slots are moving");
      await owner.client.sendCommand(["CLUSTER", "ADDSLOTS", slot]);
    });
    await expect.poll(() => ears.fence().then(() => "answered", String), { timeout: 30_000 }).toBe("answered");
    const teller = await linkTo();
    const told = await expect
      .poll(() => teller.load("app", [user]).then(({ records }) => records[0]?.version, String), { timeout: 20_000 })
      .toBeGreaterThan(0)
      .then(async () => (await teller.load("app", [user])).records[0]?.version ?? 0);
    const last = await teller.cas(write(user, told));
    await ears.fence();
    expect(heard.at(-1)).toBe(last);
  });
});

interface ClusterClient {
  readonly port: number;
  readonly client: ReturnType<typeof createClient>;
  readonly id: string;
}

async function withClients(
  masters: readonly RunningRedis[],
  work: (clients: readonly ClusterClient[]) => Promise<void>,
): Promise<void> {
  const clients = await Promise.all(
    masters.map(async ({ port }) => {
      const client = createClient({ url: `redis://127.0.0.1:${port}` });
      await client.connect();
      return { port, client, id: String(await client.sendCommand(["CLUSTER", "MYID"])) } as unknown as ClusterClient;
    }),
  );
  try {
    await work(clients);
  } finally {
    for (const { client } of clients) client.destroy();
  }
}

async function ownerOf(clients: readonly ClusterClient[], slot: number): Promise<ClusterClient> {
  type Range = [number, number, [string, number]];
  const ranges = (await clients[0]?.client.sendCommand(["CLUSTER", "SLOTS"])) as unknown as Range[];
  const port = ranges.find(([first, last]) => slot >= first && slot <= last)?.[2][1];
  const owner = clients.find((one) => one.port === port);
  if (!owner) throw new Error("the slot has no owner");
  return owner;
}

/** Gives a slot, with what is in it, to another master, as redis-cli --cluster reshard does. */
async function moveSlot(masters: readonly RunningRedis[], slot: number): Promise<void> {
  await withClients(masters, async (clients) => {
    const from = await ownerOf(clients, slot);
    const to = clients.find((one) => one !== from);
    if (!to) throw new Error("there is no other master");
    const setSlot = (at: ClusterClient, ...how: string[]) =>
      at.client.sendCommand(["CLUSTER", "SETSLOT", String(slot), ...how]);
    await setSlot(to, "IMPORTING", from.id);
    await setSlot(from, "MIGRATING", to.id);
    const moving = (await from.client.sendCommand([
      "CLUSTER",
      "GETKEYSINSLOT",
      String(slot),
      "1000",
    ])) as unknown as string[];
    if (moving.length > 0)
      await from.client.sendCommand(["MIGRATE", "127.0.0.1", String(to.port), "", "0", "5000", "KEYS", ...moving]);
    await setSlot(to, "NODE", to.id);
    for (const at of clients) if (at !== to) await setSlot(at, "NODE", to.id);
  });
}
