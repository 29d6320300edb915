// Several nodes on one Redis: what was set on one is told on the others, whatever becomes of messages, nodes and the Redis.
import { OnlineStatus, ResumeResult, WatchEndReason } from "@userstatus/protocol";
import { beforeEach, expect, it } from "vitest";
import { logout, register, remove } from "../../core/sessions.ts";
import { rulesOf } from "../../testing/core-bench.ts";
import { appId, createNodes, logIn, look, type Node, type Nodes, rest, say, watch } from "../../testing/nodes.ts";
import { createRedisStore } from "./redis-store.ts";

const { ONLINE, OFFLINE } = OnlineStatus;
let nodes: Nodes;
let a: Node;
let b: Node;

beforeEach(async () => {
  nodes = createNodes();
  [a, b] = [await nodes.node("a"), await nodes.node("b")];
  await logIn(a, "bob");
  await logIn(b, "alice");
  await look(a, "alice", ["bob"]);
});

it("a watcher sees on one node what is set on another, in order", async () => {
  const reading = await watch(b, "alice");
  await rest();
  expect(reading.seen).toEqual([`hello ${ResumeResult.RESET}`, "subscribed bob", `status bob ${ONLINE}`]);
  for (const text of ["one", "two", "three"]) {
    await say(a, "bob", text);
    await rest();
  }
  expect(reading.seen.slice(3)).toEqual(["one", "two", "three"].map((text) => `status bob ${ONLINE} ${text}`));
  expect(nodes.faults).toEqual([]);
});

it("two nodes that change one record at once lose nothing", async () => {
  const texts = Array.from({ length: 20 }, (_, at) => `text ${at}`);
  const before = (await a.store.read(appId, ["bob"]))[0]?.revision ?? 0;
  await Promise.all(texts.map((text, at) => say(at % 2 === 0 ? a : b, "bob", text)));
  const [read] = await a.store.read(appId, ["bob"]);
  expect(texts).toContain(read?.custom?.text);
  // Each set is a revision.
  expect((read?.revision ?? 0) - before).toBeGreaterThanOrEqual(20);
});

it("a message that is lost is made up for by Sync, and one that comes twice changes nothing", async () => {
  const reading = await watch(b, "alice");
  await rest();
  b.link.copies = () => 0;
  await say(a, "bob", "unheard");
  await rest();
  expect(reading.seen).not.toContain(`status bob ${ONLINE} unheard`);
  await b.hub.sync(appId, "alice", "s-alice", "m");
  await rest();
  expect(reading.seen.slice(-2)).toEqual([`status bob ${ONLINE} unheard`, "synced m"]);
  b.link.copies = () => 2;
  await say(a, "bob", "twice");
  await rest();
  expect(reading.seen.filter((line) => line.endsWith("twice"))).toHaveLength(1);
});

it("Sync on one node puts the marker on the Watch of another, behind what was answered before; without a Watch it is refused", async () => {
  const reading = await watch(b, "alice");
  await rest();
  b.link.held = true;
  await say(a, "bob", "late");
  b.link.held = false;
  await a.hub.sync(appId, "alice", "s-alice", "m");
  await rest();
  expect(reading.seen.slice(-2)).toEqual([`status bob ${ONLINE} late`, "synced m"]);
  const refused = a.hub.sync(appId, "bob", "s-bob", "m");
  await expect(refused).rejects.toMatchObject({ reason: "NO_OPEN_WATCH" });
});

it("nobody is told that a Watch is gone before its link is lost: a sign of life after that stands", async () => {
  const reading = await watch(b, "alice");
  await rest();
  const cas = b.link.cas;
  let open = (): void => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  Object.assign(b.link, { cas: async (request: Parameters<typeof cas>[0]) => gate.then(() => cas(request)) });
  reading.leave();
  await rest();
  const answers: string[] = [];
  const refusals = [a, b].map((node) =>
    node.hub
      .sync(appId, "alice", "s-alice", "m")
      .catch(({ reason }: { reason: string }) => void answers.push(`${reason}`)),
  );
  await rest();
  expect(answers).toEqual([]);
  open();
  await Promise.all(refusals);
  expect(answers).toEqual(["NO_OPEN_WATCH", "NO_OPEN_WATCH"]);
  const [alice] = await a.store.read(appId, ["alice"]);
  expect(alice?.sessions[0]?.lossMs).not.toBeNull();
});

it("Subscribe on one node shows on the Watch of another, though its target changes meanwhile", async () => {
  await logIn(a, "carol");
  const reading = await watch(b, "alice");
  await rest();
  await Promise.all([look(a, "alice", ["carol"]), say(a, "carol", "meanwhile")]);
  await rest();
  expect(reading.seen.filter((line) => line === "subscribed carol")).toHaveLength(1);
  expect(reading.seen.at(-1)).toBe(`status carol ${ONLINE} meanwhile`);
});

it.each([false, true])(
  "a target who is deleted before a new row to him is heard of ends it (registered anew: %s)",
  async (again) => {
    await logIn(a, "carol");
    const reading = await watch(b, "alice");
    await rest();
    b.link.held = true;
    await look(a, "alice", ["carol"]);
    await a.store.update(appId, "carol", remove);
    if (again) await a.store.update(appId, "carol", register);
    b.link.held = false;
    b.link.flow();
    await rest();
    expect(reading.seen.at(-1)).toMatch(/^ended carol/);
    expect((await a.store.read(appId, ["alice"]))[0]?.rows.has("carol")).toBe(false);
  },
);

it("a target who is deleted and registered anew ends the rows to him, though only the last was heard", async () => {
  const reading = await watch(b, "alice");
  await rest();
  b.link.copies = () => 0;
  await a.store.update(appId, "bob", remove);
  b.link.copies = () => 1;
  await a.store.update(appId, "bob", register);
  await rest();
  expect(reading.seen.filter((line) => line.startsWith("ended bob"))).toHaveLength(1);
  expect((await a.store.read(appId, ["alice"]))[0]?.rows.has("bob")).toBe(false);
});

it("a row to a deleted target that Redis was too far away to end ends when it is back", async () => {
  const reading = await watch(b, "alice");
  await rest();
  b.link.held = true;
  await a.store.update(appId, "bob", remove);
  nodes.redis.down = true;
  b.link.held = false;
  b.link.flow();
  await rest();
  nodes.redis.down = false;
  await nodes.pass(1_000);
  expect(reading.seen.at(-1)).toMatch(/^ended bob/);
  expect(nodes.faults).toEqual([]);
});

it("a cursor of one node goes on at another, and leaves nothing out", async () => {
  const first = await watch(b, "alice");
  await rest();
  first.leave();
  await say(a, "bob", "while away");
  await rest();
  const c = await nodes.node("c");
  const second = await watch(c, "alice", first.cursor());
  await rest();
  expect(second.seen[0]).toBe(`hello ${ResumeResult.RESUMED}`);
  expect(second.seen).toContain(`status bob ${ONLINE} while away`);
});

it("a newer Watch on another node ends the older, whose end is no loss of the link", async () => {
  const older = await watch(a, "alice");
  await rest();
  const newer = await watch(b, "alice");
  await older.ended;
  expect(older.seen.at(-1)).toBe(`end ${WatchEndReason.REPLACED}`);
  older.leave();
  await nodes.pass(10_000);
  const [record] = await b.store.read(appId, ["alice"]);
  expect(record).toMatchObject({ online: ONLINE, sessions: [expect.objectContaining({ lossMs: null })] });
  newer.leave();
  await nodes.pass(10_000);
  expect((await b.store.read(appId, ["alice"]))[0]).toMatchObject({ online: OFFLINE });
});

it("when a node dies its users go offline at the time of the profile, once", async () => {
  await logIn(a, "carol");
  await look(b, "alice", ["carol"]);
  await watch(a, "carol");
  const start = nodes.wall.now();
  const reading = await watch(b, "alice");
  await rest();
  a.die();
  const due = async (node: Node): Promise<boolean> =>
    (await node.link.dueOf(appId, nodes.wall.now())).includes("app\ncarol");
  // A lease of 75 s, then a grace of 5 s. Nobody reads her record: a node that is left settles it.
  await nodes.pass(80_500);
  expect(await due(b)).toBe(false);
  const [carol] = await b.store.read(appId, ["carol"]);
  expect(carol).toMatchObject({ online: OFFLINE, onlineMs: start + 80_000 });
  expect(reading.seen.filter((line) => line === `status carol ${OFFLINE}`).length).toBeLessThanOrEqual(1);
});

it("a session that ends on one node ends its Watch on another", async () => {
  const reading = await watch(b, "alice");
  await rest();
  await a.store.update(appId, "alice", (record, nowMs, core) => logout(record, "s-alice", nowMs, core));
  await reading.ended;
  expect(reading.seen.at(-1)).toBe(`end ${WatchEndReason.LOGGED_OUT}`);
});

it("switches and epochs that change on one node are told on the others", async () => {
  const reading = await watch(b, "alice");
  await rest();
  await a.store.changeEpoch(appId);
  await reading.ended;
  expect(reading.seen.at(-1)).toBe(`end ${WatchEndReason.RESYNC}`);
  await a.store.updateFeatures(appId, { plan: false });
  expect(await b.store.features(appId)).toMatchObject({ plan: false });
});

it("calls of all nodes count together against a rate", async () => {
  const rule = { maxCalls: 3, windowMs: 10_000, selfExempt: false };
  for (const node of [a, b, a]) await node.store.charge(appId, "bob", "Subscribe", rule);
  const refused = b.store.charge(appId, "bob", "Subscribe", rule);
  await expect(refused).rejects.toMatchObject({ reason: "RATE_LIMITED", retryAfterMs: 10_000 });
  await nodes.pass(10_000);
  await b.store.charge(appId, "bob", "Subscribe", rule);
});

it("a Redis out of reach refuses with a delay; when it is back, what was missed is told without a restart", async () => {
  const reading = await watch(b, "alice");
  await rest();
  nodes.redis.down = true;
  const refused = { reason: "STORE_UNAVAILABLE", retryAfterMs: expect.any(Number) };
  await expect(say(a, "bob", "no")).rejects.toMatchObject(refused);
  await expect(b.store.read(appId, ["bob"])).rejects.toMatchObject(refused);
  nodes.redis.down = false;
  b.link.copies = () => 0;
  await say(a, "bob", "unheard");
  b.link.copies = () => 1;
  b.link.reconnect();
  await rest();
  expect(reading.seen.at(-1)).toBe(`status bob ${ONLINE} unheard`);
  expect(nodes.faults).toEqual([]);
});

it("the test clock moves for all nodes, and stands still between", async () => {
  const start = nodes.wall.now();
  await a.store.advance(appId, 1_000, false);
  expect(await b.store.clock(appId)).toEqual({ nowMs: start + 1_000, stopped: true });
  const reading = await watch(b, "alice");
  await rest();
  await a.store.advance(appId, 100_000, false);
  await b.hub.sync(appId, "alice", "s-alice", "m").catch(() => {});
  await rest();
  expect(reading.seen.some((line) => line === `status bob ${OFFLINE}` || line.startsWith("end "))).toBe(true);
  expect((await b.store.read(appId, ["bob"]))[0]).toMatchObject({ online: OFFLINE });
});

it("a Watch that nobody waits for any more takes no other's place: its node had stopped meanwhile", async () => {
  const reading = await watch(b, "alice");
  await rest();
  const late = a.hub.openDirect({
    appId,
    userId: "alice",
    sessionId: "s-alice",
    cursor: new Uint8Array(),
    tokenExpiresAtMs: null,
    breakOff: () => {},
    isGone: () => true,
  });
  await expect(late).rejects.toMatchObject({ message: "the caller has gone" });
  await say(a, "bob", "still told");
  await rest();
  expect(reading.seen.at(-1)).toBe(`status bob ${ONLINE} still told`);
});

it("a reading that a change on the same node has overtaken is not what a new Watch holds", async () => {
  const load = b.link.load;
  let open = (): void => {};
  const gate = new Promise<void>((resolve) => {
    open = resolve;
  });
  let held = 0;
  Object.assign(b.link, {
    load: async (...args: Parameters<typeof load>) => {
      const answer = await load(...args);
      // As where the app's state, or another user's record, comes late from another master.
      if (args[1].includes("app\nbob") && held++ === 1) await gate;
      return answer;
    },
  });
  const opening = watch(b, "alice");
  await rest();
  expect(held).toBe(2);
  await say(b, "bob", "newer");
  await rest();
  open();
  const reading = await opening;
  await rest();
  expect(reading.seen.at(-1)).toBe(`status bob ${ONLINE} newer`);
  await b.hub.sync(appId, "alice", "s-alice", "m");
  await rest();
  expect(reading.seen).toContain(`status bob ${ONLINE} newer`);
});

it("a Redis that went on from an older copy: each app gets one new epoch, and watchers hold what stands", async () => {
  const reading = await watch(b, "alice");
  await say(a, "bob", "kept");
  await rest();
  const epoch = await a.store.epoch(appId);
  const back = nodes.redis.save();
  for (const text of ["lost", "lost too"]) await say(a, "bob", text);
  await rest();
  expect(reading.seen.at(-1)).toBe(`status bob ${ONLINE} lost too`);
  back();
  await rest();
  await reading.ended;
  expect(reading.seen.at(-1)).toBe(`end ${WatchEndReason.RESYNC}`);
  const epochs = [await a.store.epoch(appId), await b.store.epoch(appId)];
  expect(epochs[0]).not.toBe(epoch);
  expect(epochs[1]).toBe(epochs[0]);
  const again = await watch(b, "alice", reading.cursor());
  await rest();
  expect(again.seen).toEqual([`hello ${ResumeResult.RESET}`, "subscribed bob", `status bob ${ONLINE} kept`]);
  // Its version is one that was told already, of what was lost.
  await say(a, "bob", "after");
  await rest();
  expect(again.seen.at(-1)).toBe(`status bob ${ONLINE} after`);
  nodes.redis.save()();
  await rest();
  expect(await a.store.epoch(appId)).toBe(epochs[0]);
  expect(nodes.faults).toEqual([]);
});

it("a clock of Redis that goes back: a new epoch, and a change that has a number below an old cursor is told", async () => {
  const reading = await watch(b, "alice");
  await nodes.pass(60_000);
  await b.hub.sync(appId, "alice", "s-alice", "m");
  await rest();
  const epoch = await a.store.epoch(appId);
  reading.leave();
  nodes.redis.behindMs = 30_000;
  await say(a, "bob", "meanwhile");
  await nodes.pass(60_000);
  expect(await a.store.epoch(appId)).not.toBe(epoch);
  const again = await watch(a, "alice", reading.cursor());
  await rest();
  expect(again.seen).toEqual([`hello ${ResumeResult.RESET}`, "subscribed bob", `status bob ${OFFLINE} meanwhile`]);
  expect(nodes.faults).toEqual([]);
});

it("a clock that goes back by less than there is between two looks is noticed, too", async () => {
  await nodes.pass(60_000);
  const epoch = await a.store.epoch(appId);
  await nodes.pass(100);
  const reading = await watch(b, "alice");
  await rest();
  reading.leave();
  await rest();
  nodes.redis.behindMs = 500;
  await nodes.pass(10);
  await say(a, "bob", "meanwhile");
  await nodes.pass(5_000);
  expect(await a.store.epoch(appId)).not.toBe(epoch);
  const again = await watch(a, "alice", reading.cursor());
  await rest();
  expect(again.seen.at(-1)).toContain("meanwhile");
});

it("a node whose own state of the app was lost takes the younger epoch of another, though its number is no greater", async () => {
  const reading = await watch(b, "alice");
  await rest();
  const back = nodes.redis.save();
  await say(a, "bob", "lost");
  a.link.copies = () => 0;
  await b.store.updateFeatures(appId, { friendNotifications: false });
  await nodes.pass(300);
  // The other one is first.
  const { lost } = b.link;
  Object.assign(b.link, {
    lost: async () => {
      await rest();
      return await lost();
    },
  });
  back();
  a.link.copies = () => 1;
  await nodes.pass(10_000);
  expect(await b.store.epoch(appId)).toBe(await a.store.epoch(appId));
  expect(await b.store.features(appId)).toEqual(await a.store.features(appId));
  expect(reading.seen.at(-1)).toBe(`end ${WatchEndReason.RESYNC}`);
  await b.store.updateFeatures(appId, { friendNotifications: false });
  expect(nodes.faults).toEqual([]);
});

it("a store that was closed while Redis is out of reach schedules nothing more", async () => {
  const link = nodes.redis.link("d");
  let armed: (() => void)[] = [];
  const store = createRedisStore({
    link,
    rules: rulesOf("standard"),
    schedule: (_delayMs, run) => {
      armed.push(run);
      return () => {
        armed = armed.filter((other) => other !== run);
      };
    },
    newEpoch: () => "d",
    testClock: true,
    onFault: () => {},
  });
  await link.open();
  await store.epoch(appId);
  nodes.redis.down = true;
  link.reconnect();
  await rest();
  await store.close();
  for (let turn = 0; turn < 5; turn++) {
    for (const run of armed.splice(0)) run();
    await rest();
  }
  expect(armed).toEqual([]);
});
