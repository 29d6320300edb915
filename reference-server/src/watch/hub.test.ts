import { SubscriptionEndReason, WatchEndReason } from "@userstatus/protocol";
import { afterEach, describe, expect, it } from "vitest";
import { setCustom } from "../core/custom-status.ts";
import { logout, register, remove, renew } from "../core/sessions.ts";
import { setFriends, unsubscribe } from "../core/subscriptions.ts";
import { createHubBench, type HubBench } from "../testing/hub-bench.ts";

const app = "app";
let bench: HubBench;

const start = async (profile?: string) => {
  bench = createHubBench(profile);
  const bob = await bench.login("bob");
  const alice = await bench.login("alice");
  return { bob, alice };
};
const say = (userId: string, text: string) =>
  bench.store.update(app, userId, (record, now, core) => setCustom(record, { text, ttlMs: undefined }, now, core));

afterEach(() => {
  expect(bench.faults).toEqual([]);
});

describe("opening", () => {
  it("gives hello, self, each row with its status, and the end with a cursor", async () => {
    const { alice } = await start();
    await bench.store.update(app, "carol", register);
    await bench.subscribe("alice", alice, ["carol", "bob"]);
    const stream = await bench.open("alice", alice);
    expect(await stream.until("snapshotEnd")).toEqual([
      "hello 1",
      "self",
      "subscribed bob",
      "status bob 1",
      "subscribed carol",
      "status carol 3",
      "snapshotEnd",
    ]);
    expect(stream.cursor.length).toBeGreaterThan(0);
  });

  it("loses no change that falls into it, and tells none twice", async () => {
    const { alice, bob } = await start();
    await bench.subscribe("alice", alice, ["bob"]);
    const opening = bench.open("alice", alice);
    await say("bob", "while it opens");
    const stream = await opening;
    const events = await stream.until("snapshotEnd");
    expect(events.filter((event) => event.startsWith("status bob"))).toEqual(["status bob 1 while it opens"]);
    await bench.store.update(app, "bob", (record, now, core) => logout(record, bob, now, core));
    expect(await stream.until("status")).toEqual(["status bob 3 while it opens"]);
  });

  it("lets an unread Watch that was replaced keep nothing but its end", async () => {
    const { alice } = await start();
    const ids = Array.from({ length: 200 }, (_, index) => `t${index}`);
    for (const id of ids) await bench.store.update(app, id, register);
    await bench.subscribe("alice", alice, ids);
    const unread = await bench.open("alice", alice);
    await bench.open("alice", alice);
    expect(await unread.rest()).toEqual(["hello 1", `end ${WatchEndReason.REPLACED} false`]);
  });

  it("replaces the session's older Watch without touching the session", async () => {
    const { alice } = await start();
    const first = await bench.open("alice", alice);
    await first.until("snapshotEnd");
    const second = await bench.open("alice", alice);
    expect(await first.rest()).toEqual([`end ${WatchEndReason.REPLACED} false`]);
    first.leave();
    const [record] = await bench.store.read(app, ["alice"]);
    expect(record?.sessions[0]?.lossMs).toBeNull();
    await second.until("snapshotEnd");
    expect(bench.hub.stats().watches).toBe(1);
  });
});

describe("names", () => {
  it("of users are never taken for the server's own keys", async () => {
    const { alice } = await start();
    for (const id of ["elf", "napshotEnd", "zed"]) await bench.login(id);
    await bench.subscribe("alice", alice, ["elf", "napshotEnd", "zed"]);
    const stream = await bench.open("alice", alice);
    expect(await stream.until("snapshotEnd")).toEqual([
      "hello 1",
      "self",
      "subscribed elf",
      "status elf 1",
      "subscribed napshotEnd",
      "status napshotEnd 1",
      "subscribed zed",
      "status zed 1",
      "snapshotEnd",
    ]);
    await say("alice", "mine");
    await say("elf", "its");
    await bench.hub.sync(app, "alice", alice, "m");
    expect(await stream.until("synced")).toEqual(["self", "status elf 1 its", "synced m"]);
  });
});

describe("resuming", () => {
  it("tells that a friend was deleted", async () => {
    const { alice } = await start();
    await bench.store.updateFeatures(app, { friendNotifications: true });
    await bench.store.update(app, "alice", (record, _now, core) => setFriends(record, ["bob"], core));
    const stream = await bench.open("alice", alice);
    await stream.until("snapshotEnd");
    stream.leave();
    await bench.store.update(app, "bob", remove);
    const again = await bench.open("alice", alice, stream.cursor);
    expect(await again.until("snapshotEnd")).toEqual([
      "hello 2",
      `ended bob ${SubscriptionEndReason.TARGET_GONE}`,
      "snapshotEnd",
    ]);
  });

  it("goes on after calls of the backend that changed nothing", async () => {
    const { alice } = await start();
    await bench.store.update(app, "alice", (record, _now, core) => setFriends(record, ["bob"], core));
    const stream = await bench.open("alice", alice);
    await stream.until("snapshotEnd");
    await bench.store.updateFeatures(app, { plan: true });
    await bench.store.update(app, "alice", (record, _now, core) => setFriends(record, ["bob"], core));
    expect((await (await bench.open("alice", alice, stream.cursor)).until("snapshotEnd"))[0]).toBe("hello 2");
  });

  it("tells what changed, those who are gone, rows that ended and rows that came, and nothing else", async () => {
    const { alice, bob } = await start();
    for (const id of ["carol", "dave", "eve"]) await bench.store.update(app, id, register);
    await bench.subscribe("alice", alice, ["bob", "carol", "dave"]);
    const stream = await bench.open("alice", alice);
    await stream.until("snapshotEnd");
    stream.leave();
    await bench.store.update(app, "bob", (record, now, core) => logout(record, bob, now, core));
    await bench.store.update(app, "alice", (record, _now, core) => unsubscribe(record, alice, ["dave"], core));
    await bench.subscribe("alice", alice, ["eve"]);
    const again = await bench.open("alice", alice, stream.cursor);
    expect(await again.until("snapshotEnd")).toEqual([
      "hello 2",
      `ended dave ${SubscriptionEndReason.UNSUBSCRIBED}`,
      "status bob 3",
      "subscribed eve",
      "status eve 3",
      "snapshotEnd",
    ]);
  });

  it("is a reset after switches or friends changed, with another epoch, or with another user's cursor", async () => {
    const { alice, bob } = await start();
    const cursorOf = async () => {
      const stream = await bench.open("alice", alice);
      await stream.until("snapshotEnd");
      return stream.cursor;
    };
    const helloAfter = async (change: () => Promise<unknown>) => {
      const cursor = await cursorOf();
      await change();
      return (await (await bench.open("alice", alice, cursor)).until("snapshotEnd"))[0];
    };
    expect(await helloAfter(async () => {})).toBe("hello 2");
    expect(await helloAfter(() => bench.store.updateFeatures(app, { friendNotifications: true }))).toBe("hello 1");
    const befriend = () => bench.store.update(app, "alice", (record, _now, core) => setFriends(record, ["bob"], core));
    expect(await helloAfter(befriend)).toBe("hello 1");
    expect(await helloAfter(() => bench.store.changeEpoch(app))).toBe("hello 1");
    const foreign = await cursorOf();
    expect((await (await bench.open("bob", bob, foreign)).until("snapshotEnd"))[0]).toBe("hello 1");
  });

  it("never covers what the stream has not carried", async () => {
    const { alice } = await start();
    await bench.subscribe("alice", alice, ["bob"]);
    const stream = await bench.open("alice", alice);
    await stream.until("snapshotEnd");
    const before = stream.cursor;
    bench.wall.pass(12_000);
    await Promise.resolve();
    await say("bob", "news");
    const events = await stream.until("progress");
    expect(events.indexOf("status bob 1 news")).toBeLessThan(events.indexOf("progress false"));
    const resumed = async (cursor: Uint8Array) =>
      (await (await bench.open("alice", alice, cursor)).until("snapshotEnd")).includes("status bob 1 news");
    expect(await resumed(before)).toBe(true);
    expect(await resumed(stream.cursor)).toBe(false);
  });
});

describe("a change of a target with many watchers", () => {
  /** Of two Watches the first has been told of bob's news, the second has not. */
  const half = async () => {
    const turns: (() => void)[] = [];
    bench = createHubBench("standard", {}, { defer: (run) => void turns.push(run), tellSlice: 1 });
    await bench.login("bob");
    const [first, second] = [await watching("alice"), await watching("carol")];
    await say("bob", "news");
    expect(await first.stream.until("status")).toEqual(["status bob 1 news"]);
    const runTurns = () => {
      for (let run = turns.shift(); run; run = turns.shift()) run();
    };
    return { ...second, runTurns };
  };
  const watching = async (userId: string) => {
    const session = await bench.login(userId);
    await bench.subscribe(userId, session, ["bob"]);
    const stream = await bench.open(userId, session);
    await stream.until("snapshotEnd");
    return { session, stream };
  };

  it("is not covered by a cursor before it has come to the Watch", async () => {
    const { session, stream } = await half();
    bench.wall.pass(12_000);
    expect(await stream.until("progress")).toEqual(["progress false"]);
    const resumed = await bench.open("carol", session, stream.cursor);
    expect(await resumed.until("snapshotEnd")).toContain("status bob 1 news");
  });

  it("is not overtaken by a marker", async () => {
    const { session, stream, runTurns } = await half();
    const synced = bench.hub.sync(app, "carol", session, "m");
    for (let turn = 0; turn < 20; turn++) await Promise.resolve();
    runTurns();
    await synced;
    expect(await stream.until("synced")).toEqual(["status bob 1 news", "synced m"]);
  });
});

describe("live events", () => {
  it("conflate for a reader who does not read: one entry per target, the last value", async () => {
    const { alice } = await start();
    await bench.subscribe("alice", alice, ["bob"]);
    const stream = await bench.open("alice", alice);
    await stream.until("snapshotEnd");
    for (let round = 0; round < 10_000; round++) await say("bob", `text ${round}`);
    await bench.hub.sync(app, "alice", alice, "m");
    expect(await stream.until("synced")).toEqual(["status bob 1 text 9999", "synced m"]);
  });

  it("of more ended rows than the table takes end the stream with RESYNC", async () => {
    const { alice } = await start();
    const stream = await bench.open("alice", alice);
    await stream.until("snapshotEnd");
    for (let round = 0; round < 110; round++) {
      const ids = Array.from({ length: 200 }, (_, index) => `t${round}-${index}`);
      await bench.subscribe("alice", alice, ids);
      await bench.store.update(app, "alice", (record, _now, core) => unsubscribe(record, alice, ids, core));
    }
    expect(await stream.rest()).toEqual([`end ${WatchEndReason.RESYNC} true`]);
  });

  it("keep a marker behind what was answered before, also when a target is read anew", async () => {
    const { alice } = await start();
    const stream = await bench.open("alice", alice);
    await stream.until("snapshotEnd");
    await bench.subscribe("alice", alice, ["bob"]);
    await bench.hub.sync(app, "alice", alice, "m1");
    expect(await stream.until("synced")).toEqual(["subscribed bob", "status bob 1", "synced m1"]);
  });

  it("show no text that ended while it waited", async () => {
    const { alice } = await start("zim");
    await bench.subscribe("alice", alice, ["bob"]);
    const stream = await bench.open("alice", alice);
    await stream.until("snapshotEnd");
    await bench.store.advance(app, 0, false);
    await bench.store.update(app, "bob", (record, now, core) =>
      setCustom(record, { text: "brief", ttlMs: 1_000 }, now, core),
    );
    await bench.store.advance(app, 1_000, true);
    expect(await stream.until("status")).toEqual(["status bob 1"]);
  });

  it("end rows on every Watch of the user, and show nothing of the target after", async () => {
    const { alice } = await start();
    const tablet = await bench.login("alice", "tablet");
    await bench.subscribe("alice", alice, ["bob"]);
    const streams = [await bench.open("alice", alice), await bench.open("alice", tablet)];
    for (const stream of streams) await stream.until("snapshotEnd");
    await bench.store.update(app, "alice", (record, _now, core) => unsubscribe(record, alice, ["bob"], core));
    await say("bob", "unseen");
    await bench.hub.sync(app, "alice", alice, "m");
    await bench.hub.sync(app, "alice", tablet, "m");
    for (const stream of streams) expect(await stream.until("synced")).toEqual(["ended bob 3", "synced m"]);
  });

  it("tell of friends while the switch is on, and of their end", async () => {
    const { alice } = await start();
    await bench.store.update(app, "alice", (record, _now, core) => setFriends(record, ["bob"], core));
    const stream = await bench.open("alice", alice);
    await stream.until("snapshotEnd");
    await bench.store.updateFeatures(app, { friendNotifications: true });
    await bench.hub.sync(app, "alice", alice, "on");
    expect(await stream.until("synced")).toEqual(["status bob 1", "synced on"]);
    await bench.subscribe("alice", alice, ["bob"]);
    await bench.store.update(app, "alice", (record, _now, core) => unsubscribe(record, alice, ["bob"], core));
    await say("bob", "still seen");
    await bench.hub.sync(app, "alice", alice, "friend");
    expect(await stream.until("synced")).toEqual(["ended bob 3 visible", "status bob 1 still seen", "synced friend"]);
    await bench.store.update(app, "alice", (record, _now, core) => setFriends(record, [], core));
    await say("bob", "unseen");
    await bench.hub.sync(app, "alice", alice, "off");
    expect(await stream.until("synced")).toEqual(["ended bob 7", "synced off"]);
  });

  it("say what is visible when they leave, however they were merged", async () => {
    const { alice } = await start();
    await bench.store.updateFeatures(app, { friendNotifications: true });
    const friends = (ids: string[]) =>
      bench.store.update(app, "alice", (record, _now, core) => setFriends(record, ids, core));
    await friends(["bob"]);
    const stream = await bench.open("alice", alice);
    await stream.until("snapshotEnd");
    await bench.subscribe("alice", alice, ["bob"]);
    await friends([]);
    await bench.store.update(app, "alice", (record, _now, core) => unsubscribe(record, alice, ["bob"], core));
    await bench.hub.sync(app, "alice", alice, "m");
    const events = await stream.until("synced");
    expect(events.filter((event) => event.startsWith("ended"))).toEqual(["ended bob 3", "ended bob 7"]);
  });

  it("tell of a deleted target", async () => {
    const { alice } = await start();
    await bench.subscribe("alice", alice, ["bob"]);
    const stream = await bench.open("alice", alice);
    await stream.until("snapshotEnd");
    await bench.store.update(app, "bob", remove);
    await bench.hub.sync(app, "alice", alice, "m");
    expect(await stream.until("synced")).toEqual(["ended bob 5", "synced m"]);
  });
});

describe("ends", () => {
  it("come when the lease lapses, though the stream is open", async () => {
    const { alice } = await start();
    const stream = await bench.open("alice", alice);
    await stream.until("snapshotEnd");
    bench.wall.pass(75_000);
    expect((await stream.rest()).at(-1)).toBe(`end ${WatchEndReason.LEASE_EXPIRED} true`);
  });

  it("are broken off where nobody reads them", async () => {
    const { alice } = await start();
    const stream = await bench.open("alice", alice);
    await stream.until("snapshotEnd");
    const armed = bench.wall.armed();
    await bench.open("alice", alice);
    expect(bench.wall.armed()).toBe(armed + 1);
    bench.wall.pass(30_000);
    expect(await stream.next()).toBeUndefined();
  });

  it("come when the token runs out, unless a newer one came", async () => {
    const { alice } = await start("tencent-native");
    await bench.store.update(app, "alice", (record) => {
      const [session] = record.sessions;
      if (session) session.tokenExpiresAtMs = bench.wall.now() + 10_000;
    });
    const stream = await bench.open("alice", alice, undefined, bench.wall.now() + 10_000);
    await stream.until("snapshotEnd");
    await bench.store.update(app, "alice", (record, now, core) =>
      renew(record, alice, bench.wall.now() + 20_000, now, core),
    );
    bench.wall.pass(19_999);
    await bench.hub.sync(app, "alice", alice, "m");
    expect(await stream.until("synced")).toContain("synced m");
    bench.wall.pass(1);
    expect(await stream.rest()).toEqual([`end ${WatchEndReason.TOKEN_EXPIRED} true`]);
    const [record] = await bench.store.read(app, ["alice"]);
    expect(record?.sessions[0]?.lossMs).toBe(bench.wall.now());
  });

  it("of the client's making are link loss; the server's are not", async () => {
    const { alice, bob } = await start();
    const stream = await bench.open("alice", alice);
    await stream.until("snapshotEnd");
    stream.leave();
    expect((await bench.store.read(app, ["alice"]))[0]?.sessions[0]?.lossMs).toBe(bench.wall.now());
    const other = await bench.open("bob", bob);
    await other.until("snapshotEnd");
    await bench.store.changeEpoch(app);
    expect(await other.rest()).toEqual([`end ${WatchEndReason.RESYNC} true`]);
    other.leave();
    expect((await bench.store.read(app, ["bob"]))[0]?.sessions[0]?.lossMs).toBeNull();
  });

  it("come with a drain, for every Watch, and nobody gets in any more", async () => {
    const { alice, bob } = await start();
    const streams = [await bench.open("alice", alice), await bench.open("bob", bob)];
    const drained = bench.hub.drain();
    for (const stream of streams) expect((await stream.rest()).at(-1)).toBe(`end ${WatchEndReason.DRAIN} true`);
    await drained;
    await expect(bench.open("alice", alice)).rejects.toMatchObject({ reason: "DRAINING" });
    expect(bench.hub.stats().watches).toBe(0);
  });
});

describe("keep-alives", () => {
  it("come within the interval, and ask for a heartbeat when one is due", async () => {
    const { alice } = await start();
    const stream = await bench.open("alice", alice);
    await stream.until("snapshotEnd");
    const heard: string[] = [];
    for (let round = 0; round < 4; round++) {
      bench.wall.pass(12_000);
      heard.push(...(await stream.until("progress")));
    }
    expect(heard).toEqual(["progress false", "progress false", "progress true", "progress true"]);
  });
});
