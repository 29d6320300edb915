import { Platform } from "@userstatus/protocol";
import { afterEach, describe, expect, it } from "vitest";
import { setCustom } from "../../core/custom-status.ts";
import type { UserRecord } from "../../core/model.ts";
import { login, logout, loseLink, register, renew } from "../../core/sessions.ts";
import { setFriends, subscribe, unsubscribe } from "../../core/subscriptions.ts";
import { rulesOf } from "../../testing/core-bench.ts";
import { createEmbeddedBench, type EmbeddedBench, kept } from "../../testing/embedded-bench.ts";
import { describeStore } from "../../testing/store-cases.ts";

const app = "app";
let bench: EmbeddedBench;
afterEach(() => bench.remove());

describeStore("embedded", () => {
  bench = createEmbeddedBench(rulesOf("zim"));
  return { store: bench.store, passWall: bench.wall.pass };
});

const start = (profile = "standard"): void => {
  bench = createEmbeddedBench(rulesOf(profile));
};
const logIn = (userId: string, deviceId = "d", platform: Platform = Platform.ANDROID): Promise<string> =>
  bench.store.update(app, userId, (record, now, core) => {
    const input = {
      deviceId,
      platform,
      custom: undefined,
      tokenExpiresAtMs: null,
      newSessionId: `${userId}-${deviceId}`,
    };
    return login(record, input, now, core).sessionId;
  });
const say = (userId: string, text: string, ttlMs?: number): Promise<void> =>
  bench.store.update(app, userId, (record, now, core) => setCustom(record, { text, ttlMs }, now, core));
const look = async (userId: string): Promise<Readonly<UserRecord>> => {
  const [record] = await bench.store.read(app, [userId]);
  if (!record) throw new Error("no record");
  return record;
};
const beat = (userId: string): Promise<unknown> =>
  bench.store.update(app, userId, (record, now, core) => renew(record, `${userId}-d`, null, now, core));

describe("a restart", () => {
  it("keeps users, sessions, texts, rows, ended rows, friends, switches and revisions", async () => {
    start();
    for (const id of ["b", "c", "d"]) await bench.store.update(app, id, register);
    const sessionId = await logIn("a");
    await logIn("a", "second", Platform.WEB);
    await say("a", "until evening", 3_600_000);
    await bench.store.update(app, "a", (record, now, core) => {
      const targets = ["b", "c", "d"].map((userId) => ({ userId, incarnation: 1 }));
      subscribe(record, sessionId, targets, 86_400_000, now, core);
      subscribe(record, sessionId, targets.slice(0, 1), 86_400_000, now, core);
      unsubscribe(record, sessionId, ["d"], core);
      setFriends(record, ["c"], core);
      logout(record, "a-second", now, core);
    });
    const features = await bench.store.updateFeatures(app, { friendNotifications: true });
    const epoch = await bench.store.epoch(app);
    await kept(bench.store);
    const before = structuredClone(await look("a"));
    bench.crash();
    const after = await look("a");
    expect(after).toEqual(before);
    expect([...after.rows.keys()]).toEqual(["c", "b"]);
    expect(after.endedRows).toMatchObject([{ target: "d" }]);
    expect(after.over).toEqual([{ sessionId: "a-second", reason: "LOGGED_OUT" }]);
    expect(await bench.store.features(app)).toEqual(features);
    expect(await bench.store.epoch(app)).toBe(epoch);
    expect((await look("b")).registered).toBe(true);
  });

  it("keeps what was acknowledged, and nothing of what was not", async () => {
    start();
    await logIn("a");
    await say("a", "kept");
    await kept(bench.store);
    const { revision } = await look("a");
    bench.stall(true);
    await say("a", "lost");
    await logIn("b");
    expect(bench.store.settled?.()).toBeInstanceOf(Promise);
    bench.crash();
    expect(await look("a")).toMatchObject({ custom: { text: "kept" }, revision });
    expect((await look("b")).registered).toBe(false);
    await say("a", "again");
    expect((await look("a")).revision).toBeGreaterThan(revision);
  });

  it("goes on with change numbers that no cursor can have seen", async () => {
    start();
    await logIn("a");
    await kept(bench.store);
    bench.stall(true);
    await say("a", "seen by nobody");
    const before = bench.store.deliveredSeq(app);
    bench.crash();
    expect(bench.store.deliveredSeq(app)).toBeGreaterThan(before);
    const { statusSeq } = await look("a");
    expect(statusSeq).toBeLessThan(before);
  });

  it("shows nobody as offline who comes back within a lease, however long the server was away", async () => {
    start();
    await logIn("a");
    await logIn("b");
    await kept(bench.store);
    const { revision } = await look("a");
    // No timer of the dead server may run: its time just passes.
    await bench.close();
    bench.wall.pass(3_600_000);
    bench.crash();
    expect(await look("a")).toMatchObject({ revision, sessions: [{ lossMs: null, lostMs: null }] });
    bench.wall.pass(74_999);
    await beat("a");
    bench.wall.pass(5_001);
    expect(await look("a")).toMatchObject({ revision, online: 1 });
    expect((await look("b")).sessions[0]?.lostMs).not.toBeNull();
    expect((await look("b")).revision).toBeGreaterThan(revision);
  });

  it("lets a session be away no longer for it, and keeps one that was lost", async () => {
    start();
    await logIn("a");
    await logIn("b");
    bench.wall.pass(80_000);
    await logIn("a");
    await bench.store.update(app, "a", (record, now) => loseLink(record, "a-d", now));
    await kept(bench.store);
    const lostMs = (await look("b")).sessions[0]?.lostMs;
    expect(lostMs).toBeGreaterThan(0);
    bench.crash();
    expect((await look("a")).sessions[0]?.lossMs).toBeNull();
    expect((await look("b")).sessions[0]?.lostMs).toBe(lostMs);
  });

  it("ends what fell due meanwhile at its own time", async () => {
    start();
    await logIn("a");
    await say("a", "brief", 60_000);
    await kept(bench.store);
    const { custom, revision } = await look("a");
    await bench.close();
    bench.wall.pass(3_600_000);
    bench.crash();
    expect(await look("a")).toMatchObject({ custom: null, customMs: custom?.expireMs });
    expect((await look("a")).revision).toBe(Math.max(revision + 1, (custom?.expireMs ?? 0) * 1000));
  });

  it("keeps a clock that stands still, and lets time go on, never back, where there is no test clock any more", async () => {
    start();
    await logIn("a");
    const stopped = await bench.store.advance(app, 86_400_000, true);
    await kept(bench.store);
    bench.crash();
    expect(await bench.store.clock(app)).toEqual({ nowMs: stopped, stopped: true });
    bench.crash({ testClock: false });
    expect(await bench.store.clock(app)).toEqual({ nowMs: stopped, stopped: false });
    bench.wall.pass(2 * 86_400_000);
    expect((await bench.store.clock(app)).nowMs).toBe(bench.wall.now());
  });

  it("under another profile gives every app a new epoch, once", async () => {
    start();
    await logIn("a");
    const epoch = await bench.store.epoch(app);
    await kept(bench.store);
    bench.crash({ rules: rulesOf("zim") });
    const other = await bench.store.epoch(app);
    expect(other).not.toBe(epoch);
    await kept(bench.store);
    bench.crash({ rules: rulesOf("zim") });
    expect(await bench.store.epoch(app)).toBe(other);
  });

  it("from a backup gives every app a new epoch, where that is asked for", async () => {
    start();
    await logIn("a");
    const epoch = await bench.store.epoch(app);
    await kept(bench.store);
    bench.crash({ newEpochs: true });
    const renewed = await bench.store.epoch(app);
    expect(renewed).not.toBe(epoch);
    await kept(bench.store);
    bench.crash();
    expect(await bench.store.epoch(app)).toBe(renewed);
  });

  it("in good order leaves no log behind", async () => {
    start();
    await logIn("a");
    bench.stall(true);
    await say("a", "the last word");
    setImmediate(() => bench.stall(false));
    await bench.restart();
    expect((await look("a")).custom?.text).toBe("the last word");
    expect(bench.found()).toMatchObject({ users: 1, tornBytes: 0, foundFormat: 1 });
  });
});

describe("what leaves", () => {
  it("waits for what was committed before, and for nothing else", async () => {
    start();
    await logIn("a");
    await kept(bench.store);
    expect(bench.store.settled?.()).toBeUndefined();
    expect(bench.store.hold?.(() => {})).toBe(false);
    bench.stall(true);
    await say("a", "1");
    const order: string[] = [];
    expect(bench.store.hold?.((durable) => order.push(`1 ${durable}`))).toBe(true);
    await new Promise(setImmediate);
    await say("a", "2");
    bench.store.hold?.((durable) => order.push(`2 ${durable}`));
    const both = bench.store.settled?.();
    bench.stall(false);
    await both;
    expect(order).toEqual(["1 true", "2 true"]);
    expect(bench.store.keeping?.()).toMatchObject({ waiting: 0, refusing: false });
  });

  it("does not wait for a heartbeat, which costs no write", async () => {
    start();
    await logIn("a");
    await kept(bench.store);
    bench.wall.pass(30_000);
    await beat("a");
    expect(bench.store.settled?.()).toBeUndefined();
  });

  it("is written in groups of a bounded size, in the order of its changes", async () => {
    start();
    const users = Array.from({ length: 2_500 }, (_, at) => `u${at}`);
    bench.stall(true);
    for (const user of users) await bench.store.update(app, user, register);
    const order: boolean[] = [];
    bench.store.hold?.((durable) => order.push(durable));
    bench.stall(false);
    await kept(bench.store);
    expect(order).toEqual([true]);
    expect(bench.store.keeping?.().groups).toBe(3);
    bench.crash();
    expect(bench.store.stats().users).toBe(2_500);
  });

  it("is refused when too much waits, before anything is changed", async () => {
    bench = createEmbeddedBench(rulesOf("standard"), { waitingMax: 2 });
    bench.stall(true);
    await logIn("a");
    await logIn("b");
    await expect(logIn("c")).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE", retryAfterMs: expect.any(Number) });
    expect((await look("c")).registered).toBe(false);
    bench.stall(false);
    await kept(bench.store);
    await logIn("c");
  });
});

describe("a disk that can't be written", () => {
  const fail = async (why = "disk I/O error"): Promise<void> => {
    await kept(bench.store);
    bench.failWith = why;
  };

  it("refuses those who wait, and leaves nothing of what they did", async () => {
    start();
    await bench.store.update(app, "b", register);
    const sessionId = await logIn("a");
    await say("a", "before");
    await fail("database or disk is full");
    const before = structuredClone(await look("a"));
    await say("a", "never");
    await bench.store.update(app, "a", (record, now, core) =>
      subscribe(record, sessionId, [{ userId: "b", incarnation: 1 }], 60_000, now, core),
    );
    await logIn("new");
    await bench.store.updateFeatures(app, { plan: false });
    await expect(kept(bench.store)).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    expect(bench.told).toEqual(["database or disk is full"]);
    const { sessions, ...rest } = structuredClone(await look("a"));
    expect({ ...rest, sessions: before.sessions }).toEqual(before);
    expect(sessions).toMatchObject([{ sessionId, lostMs: null }]);
    expect((await look("new")).registered).toBe(false);
    expect((await bench.store.features(app)).plan).toBe(true);
  });

  it("refuses those behind the group that failed as well", async () => {
    start();
    await logIn("a");
    await logIn("b");
    await fail();
    bench.stall(true);
    await say("a", "in the group");
    await new Promise(setImmediate);
    await say("b", "behind it");
    const refused = kept(bench.store);
    bench.stall(false);
    await expect(refused).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    expect((await look("a")).custom).toBeNull();
    expect((await look("b")).custom).toBeNull();
  });

  it("goes on answering reads and heartbeats, and refuses changes before they are made", async () => {
    start();
    await logIn("a");
    await fail();
    await say("a", "never");
    await expect(kept(bench.store)).rejects.toThrow();
    const before = structuredClone(await look("a"));
    await expect(say("a", "nor this")).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    await expect(logIn("b")).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    await expect(bench.store.updateFeatures(app, { plan: false })).rejects.toMatchObject({
      reason: "STORE_UNAVAILABLE",
    });
    await expect(bench.store.advance(app, 1_000, false)).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    await expect(bench.store.changeEpoch(app)).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    expect(await beat("a")).toMatchObject({ sessionId: "a-d" });
    const rule = { maxCalls: 1, windowMs: 1_000, selfExempt: false };
    for (let times = 0; times < 3; times++) await bench.store.charge(app, "a", "SetCustomStatus", rule);
    expect(await look("a")).toEqual(before);
    expect(bench.store.settled?.()).toBeUndefined();
  });

  it("shows what ends by its own time, and nobody as offline", async () => {
    start();
    await logIn("a");
    await say("a", "brief", 60_000);
    await fail();
    await logIn("b");
    await expect(kept(bench.store)).rejects.toThrow();
    bench.wall.pass(3_600_000);
    expect(await look("a")).toMatchObject({ custom: null, online: 1, sessions: [{ lostMs: null }] });
  });

  it("is tried again, and then everything is as memory has it", async () => {
    start();
    await logIn("a");
    await say("a", "brief", 60_000);
    await fail();
    await say("a", "never");
    await logIn("b");
    await expect(kept(bench.store)).rejects.toThrow();
    bench.wall.pass(61_000);
    await look("a");
    bench.failWith = undefined;
    bench.wall.pass(1_000);
    for (let turns = 0; bench.store.keeping?.().refusing; turns++) {
      if (turns > 50) throw new Error("it is not tried again");
      await new Promise(setImmediate);
    }
    expect(bench.told).toEqual(["disk I/O error", ""]);
    // A whole lease from here on.
    bench.wall.pass(74_000);
    expect((await look("a")).sessions[0]?.lossMs).toBeNull();
    await logIn("c");
    await kept(bench.store);
    const before = structuredClone(await look("a"));
    bench.crash();
    const { sessions, ...rest } = structuredClone(await look("a"));
    expect({ ...rest, sessions: before.sessions }).toEqual(before);
    expect(sessions).toHaveLength(1);
    expect((await look("b")).registered).toBe(false);
    expect((await look("c")).registered).toBe(true);
  });

  it("is written whole again where a group failed, whatever the disk made of it", async () => {
    start();
    await bench.store.update(app, "b", register);
    const sessionId = await logIn("a");
    const row = () =>
      bench.store.update(app, "a", (record, now, core) =>
        subscribe(record, sessionId, [{ userId: "b", incarnation: 1 }], 60_000, now, core),
      );
    await fail();
    bench.reachesDisk = true;
    await row();
    await logIn("new");
    await expect(kept(bench.store)).rejects.toThrow();
    await new Promise(setImmediate);
    bench.failWith = undefined;
    bench.wall.pass(1_000);
    while (bench.store.keeping?.().refusing) await new Promise(setImmediate);
    bench.crash();
    expect((await look("a")).rows.size).toBe(0);
    expect((await look("new")).registered).toBe(false);
    expect(bench.store.stats().users).toBe(2);
  });
});
