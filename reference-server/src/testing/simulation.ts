// Random work on several nodes that share a Redis, with faults: messages lost, late and twice, nodes that die and come back, a Redis out of reach, clocks that are off or go back. Everything is
// drawn from one seed, on a virtual clock. The store, the core and the hub are those of production.
import { OnlineStatus, ResumeResult, type UserStatus, type WatchResponse } from "@userstatus/protocol";
import type { UserRecord } from "../core/model.ts";
import { Refused } from "../core/refused.ts";
import { logout, register, remove, renew } from "../core/sessions.ts";
import { liveFrom, unsubscribe } from "../core/subscriptions.ts";
import { publicStatus } from "../core/views.ts";
import { rulesOf } from "./core-bench.ts";
import { appId, createNodes, logIn, look, type Node, type Nodes, rest, say } from "./nodes.ts";

export interface Simulated {
  /** Invariants that were broken, in words. */
  readonly broken: readonly string[];
  /** Statuses that watchers were told. */
  readonly statuses: number;
}

export interface SimulationOptions {
  readonly steps?: number;
  /** What a watcher makes of a status that he was told; undefined: nothing. For tests of the simulation. */
  readonly spoil?: (status: UserStatus) => UserStatus | undefined;
}

const users = ["ann", "bob", "cid", "dan"];
const nodeCount = 3;
const watchersMax = 3;
/** How far a node's clock may be off. */
const skewMaxMs = 200;
/** How far the clock of Redis goes back at once. */
const backMaxMs = 5_000;
/** Two looks of a node at it are not further apart. */
const lookMs = 1_500;

/** A client that folds as SPEC §19 asks for. */
interface Client {
  readonly userId: string;
  readonly held: Map<string, UserStatus>;
  readonly rows: Map<string, bigint>;
  epoch: string;
  cursor: Uint8Array<ArrayBuffer>;
  node: Node;
  /** Of the open Watch. */
  sessionId: string;
  gone: AbortController;
  open: boolean;
  synced: string;
  seen: Set<string> | undefined;
}

export async function simulate(
  seed: number,
  { steps = 40, spoil = (status) => status }: SimulationOptions = {},
): Promise<Simulated> {
  const random = randomOf(seed);
  const pick = <T>(list: readonly T[]): T => list[Math.floor(random() * list.length)] as T;
  const nodes = createNodes();
  const rules = rulesOf("standard");
  const alive: Node[] = [];
  for (let at = 0; at < nodeCount; at++) alive.push(await nodes.node(`n${at}`));
  let names = nodeCount;
  const broken: string[] = [];
  const revisions = new Map<string, bigint>();
  const clients: Client[] = [];
  let statuses = 0;
  /** When the clock of Redis went back last. */
  let backAtMs = Number.NEGATIVE_INFINITY;

  const take = (client: Client, { events }: WatchResponse): void => {
    for (const { event } of events) {
      if (event.case === "status") {
        statuses++;
        const { userId, revision } = event.value;
        client.seen?.add(userId);
        const status = spoil(event.value);
        const before = client.held.get(userId);
        if (before !== undefined && before.revision === revision && before.onlineStatus !== event.value.onlineStatus) {
          broken.push(`${client.userId}: two contents of ${userId} with one revision`);
        }
        if (status !== undefined && (before === undefined || before.revision < revision))
          client.held.set(userId, status);
      } else if (event.case === "hello") {
        client.seen = event.value.resumeResult === ResumeResult.RESET ? new Set() : undefined;
        if (client.epoch === event.value.epoch) continue;
        client.epoch = event.value.epoch;
        client.held.clear();
        client.rows.clear();
      } else if (event.case === "subscribed") {
        client.seen?.add(event.value.userId);
        client.rows.set(event.value.userId, event.value.generation);
      } else if (event.case === "subscriptionEnded") {
        if (event.value.generation < (client.rows.get(event.value.userId) ?? 0n)) continue;
        client.rows.delete(event.value.userId);
        client.held.delete(event.value.userId);
      } else if (event.case === "snapshotEnd") {
        client.cursor = new Uint8Array(event.value.cursor);
        for (const userId of client.seen === undefined ? [] : client.rows.keys()) {
          if (!client.seen?.has(userId)) client.rows.delete(userId);
        }
        client.seen = undefined;
      } else if (event.case === "progress") client.cursor = new Uint8Array(event.value.cursor);
      else if (event.case === "synced") client.synced = event.value.marker;
    }
  };
  /** What Redis can go back to. */
  let saved: { readonly restore: () => void; readonly by: readonly Node[] } | undefined;
  const sessions = new Map<string, string>();
  const sessionOf = (userId: string): string => sessions.get(userId) ?? "none";
  const enter = async (node: Node, userId: string): Promise<void> => {
    sessions.set(userId, await logIn(node, userId, `s${++names}`));
  };
  const open = async (client: Client, node: Node): Promise<void> => {
    const gone = new AbortController();
    const sessionId = sessionOf(client.userId);
    const session = { appId, userId: client.userId, sessionId, tokenExpiresAtMs: null };
    const frames = await node.hub.open({ ...session, cursor: client.cursor, breakOff: () => {} }, gone.signal);
    Object.assign(client, { gone, node, sessionId, open: true });
    void (async () => {
      for await (const frame of frames) {
        // What a dead node had in its hands reaches nobody.
        if (client.gone === gone && alive.includes(client.node)) take(client, frame);
      }
      if (client.gone === gone) client.open = false;
    })();
  };
  const join = async (node: Node, userId: string): Promise<void> => {
    if (clients.length >= watchersMax || clients.some((one) => one.userId === userId)) return;
    await enter(node, userId);
    const client: Client = {
      userId,
      held: new Map(),
      rows: new Map(),
      epoch: "",
      cursor: new Uint8Array(),
      node,
      sessionId: "",
      gone: new AbortController(),
      open: false,
      synced: "",
      seen: undefined,
    };
    clients.push(client);
    await open(client, node);
  };
  const step = async (): Promise<void> => {
    const [node, userId] = [pick(alive), pick(users)];
    const work = pick([
      "say",
      "say",
      "say",
      "look",
      "leave",
      "in",
      "out",
      "beat",
      "pass",
      "watch",
      "move",
      "die",
      "lose",
      "hold",
      "twice",
      "clear",
      "down",
      "clock",
      "remove",
      "register",
      "slow",
      "save",
      "restore",
      "back",
    ]);
    if (work === "say") await say(node, userId, `text ${Math.floor(random() * 1e6)}`);
    else if (work === "look")
      await look(
        node,
        userId,
        [pick(users), pick(users)].filter((target) => target !== userId),
      );
    else if (work === "leave") {
      await node.store.update(appId, userId, (record, _now, core) =>
        unsubscribe(record, sessionOf(userId), [pick(users)], core),
      );
    } else if (work === "in") await enter(node, userId);
    else if (work === "out")
      await node.store.update(appId, userId, (record, now, core) => logout(record, sessionOf(userId), now, core));
    else if (work === "beat")
      await node.store.update(appId, userId, (record, now, core) => renew(record, sessionOf(userId), null, now, core));
    else if (work === "pass") await nodes.pass(Math.floor(random() * 3_000));
    else if (work === "watch") await join(node, userId);
    else if (work === "move" && clients.length > 0) {
      const client = pick(clients);
      if (random() < 0.5) client.gone.abort();
      await open(client, node);
    } else if (work === "die" && !nodes.redis.down && nodes.wall.now() > backAtMs + lookMs) {
      // Each node looks at the clock of Redis every second: of those who have seen how far it was somebody was left.
      alive.splice(alive.indexOf(node), 1);
      node.die();
      alive.push(await nodes.node(`n${++names}`));
    } else if (work === "lose") node.link.copies = () => (random() < 0.5 ? 0 : 1);
    else if (work === "twice") node.link.copies = () => (random() < 0.5 ? 2 : 1);
    else if (work === "hold") node.link.held = true;
    else if (work === "clear") calm(node);
    else if (work === "remove") await node.store.update(appId, userId, remove);
    else if (work === "register") await node.store.update(appId, userId, register);
    else if (work === "down") nodes.redis.down = random() < 0.5;
    else if (work === "clock") {
      // What a node takes for the time of Redis is an estimate.
      const skewMs = Math.floor(random() * 2 * skewMaxMs) - skewMaxMs;
      Object.assign(node.link, { now: () => nodes.wall.now() + skewMs });
    } else if (work === "slow") node.link.slow = random() < 0.5;
    else if (work === "back") {
      nodes.redis.behindMs += Math.floor(random() * backMaxMs);
      backAtMs = nodes.wall.now();
    } else if (work === "save") saved = { restore: nodes.redis.save(), by: [...alive] };
    else if (work === "restore" && saved !== undefined) {
      // Who made what is lost is there to notice: that of a Redis and a node that go together nobody can.
      if (saved.by.every((one) => alive.includes(one))) {
        // Change numbers are times: what comes after has greater ones.
        nodes.wall.pass(1);
        saved.restore();
        revisions.clear();
      }
      saved = undefined;
    }
  };

  for (const userId of users) await enter(pick(alive), userId);
  for (const userId of users.slice(0, watchersMax - 1)) {
    const others = users.filter((target) => target !== userId);
    await look(pick(alive), userId, others, sessionOf(userId));
    await join(pick(alive), userId);
  }
  for (let at = 0; at < steps; at++) {
    try {
      await step();
    } catch (error) {
      // Refusals are answers; anything else is a fault.
      if (!(error instanceof Refused)) throw error;
    }
    if (random() < 0.3) await rest();
    watchRevisions(await truth(nodes, alive[0] as Node), revisions, broken);
  }
  await settleDown(nodes, alive);
  for (const client of clients) await judge(client);
  for (const fault of nodes.faults) broken.push(`a fault: ${fault instanceof Error ? fault.stack : String(fault)}`);
  for (const node of alive) node.die();
  return { broken, statuses };

  /** After quiet every client that comes back holds what stands. */
  async function judge(client: Client): Promise<void> {
    // Whatever became of his session meanwhile, he comes back by his device.
    await enter(pick(alive), client.userId);
    if (!alive.includes(client.node) || !client.open || client.sessionId !== sessionOf(client.userId)) {
      await open(client, pick(alive));
    }
    await rest();
    // Called on whichever node.
    const asked = pick(alive);
    try {
      await asked.hub.sync(appId, client.userId, client.sessionId, "quiet");
    } catch (error) {
      // What the call read ended the Watch: its end had got lost. The client comes back.
      if (!(error instanceof Refused) || error.reason !== "NO_OPEN_WATCH") throw error;
      await open(client, pick(alive));
      await rest();
      await asked.hub.sync(appId, client.userId, client.sessionId, "quiet");
    }
    await rest();
    if (client.synced !== "quiet") broken.push(`${client.userId}: no marker`);
    const records = await truth(nodes, asked);
    const own = records.get(client.userId);
    const wanted = [...(own?.rows.keys() ?? [])].sort();
    const held = [...client.rows.keys()].sort();
    if (wanted.join() !== held.join())
      broken.push(`${client.userId} has rows to ${held.join()}, and they stand to ${wanted.join()}`);
    for (const target of wanted) {
      const record = records.get(target);
      const [stands, seen] = [record && publicStatus(record as UserRecord, rules), client.held.get(target)];
      if (record === undefined || stands === undefined) continue;
      const row = own?.rows.get(target);
      if (row !== undefined && row.incarnation < liveFrom(record))
        broken.push(`${client.userId} has a row to ${target}, who was deleted`);
      if (seen?.revision !== stands.revision)
        broken.push(`${client.userId} holds ${seen?.revision} of ${target}, and ${stands.revision} stands`);
      else if (seen.customStatus?.text !== stands.customStatus?.text || seen.onlineStatus !== stands.onlineStatus) {
        broken.push(`${client.userId} holds another content of ${target}`);
      }
    }
  }
}

function calm(node: Node): void {
  node.link.copies = () => 1;
  node.link.held = false;
  node.link.slow = false;
  node.link.flow();
}

async function settleDown(nodes: Nodes, alive: readonly Node[]): Promise<void> {
  nodes.redis.down = false;
  for (const node of alive) calm(node);
  // Longer than the wait after which a node looks again what a Redis has lost, or where its clock stands; each that finds something sends all Watches for a new snapshot.
  await nodes.pass(3_500);
}

async function truth(nodes: Nodes, node: Node): Promise<Map<string, Readonly<UserRecord>>> {
  const isDown = nodes.redis.down;
  nodes.redis.down = false;
  const records = await node.store.read(appId, users);
  nodes.redis.down = isDown;
  return new Map(records.map((record) => [record.userId, record]));
}

/** Revisions never go back, and nobody is online without a session. */
function watchRevisions(
  records: ReadonlyMap<string, Readonly<UserRecord>>,
  seen: Map<string, bigint>,
  broken: string[],
): void {
  for (const [userId, { revision, online, sessions, rows, custom }] of records) {
    if (BigInt(revision) < (seen.get(userId) ?? 0n)) broken.push(`the revision of ${userId} went back`);
    seen.set(userId, BigInt(revision));
    if (online === OnlineStatus.ONLINE && sessions.length === 0) broken.push(`${userId} is online without a session`);
    if (rows.has(userId)) broken.push(`${userId} watches himself`);
    if (custom?.text === "") broken.push(`${userId} has an empty text`);
  }
}

/** From 0 to 1, by a seed (xorshift). */
function randomOf(seed: number): () => number {
  let state = (seed * 2_654_435_761) >>> 0 || 1;
  return () => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    state >>>= 0;
    return state / 2 ** 32;
  };
}
