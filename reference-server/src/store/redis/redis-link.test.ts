// The link and the store on a real Redis: what the scripts do, and what becomes of a connection that is lost.
import { spawnSync } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { createClient } from "@redis/client";
import { Platform } from "@userstatus/protocol";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { login } from "../../core/sessions.ts";
import { type RunningRedis, startRedis } from "../../testing/cluster/processes.ts";
import { rulesOf } from "../../testing/core-bench.ts";
import { deafListener } from "../../testing/deaf-listener.ts";
import { bucketOf, keys } from "./keys.ts";
import type { CasRequest, LinkListener, RedisLink } from "./link.ts";
import { createRedisLink } from "./redis-link.ts";
import { createRedisStore } from "./redis-store.ts";

// Where CI is set it has to be there.
const isThere = process.env.CI !== undefined || spawnSync("redis-server", ["--version"]).status === 0;

describe.skipIf(!isThere)("on a Redis", { timeout: 30_000 }, () => {
  const directory = mkdtempSync(join(tmpdir(), "redis-link-"));
  const links: RedisLink[] = [];
  let redis: RunningRedis;
  let names = 0;

  const linkTo = async (listener: Partial<LinkListener> = {}, timeoutMs = 2_000): Promise<RedisLink> => {
    const link = createRedisLink({
      url: `redis://127.0.0.1:${redis.port}`,
      node: `n${++names}`,
      wallNow: Date.now,
      steadyNow: () => performance.now(),
      random: Math.random,
      timeoutMs,
      onConnection: () => {},
    });
    link.listen({ ...deafListener, ...listener });
    await link.open();
    links.push(link);
    return link;
  };
  const write = (user: string, version: number, more: Partial<CasRequest> = {}): CasRequest => ({
    user,
    version,
    status: JSON.stringify({ text: 'Seq":-1', statusSeq: -1 }),
    rows: undefined,
    dueMs: undefined,
    tell: true,
    clockOf: undefined,
    ...more,
  });

  beforeAll(async () => {
    redis = await startRedis(directory);
  });
  afterAll(async () => {
    for (const link of links) await link.close();
    await redis.stop();
    rmSync(directory, { recursive: true, force: true });
  });

  it("a record is written by who read it last, and gets a change number that rises; texts that look like one stay", async () => {
    const link = await linkTo();
    const first = await link.cas(write("app\nann", 0));
    expect(first).toBeGreaterThan(Date.now() * 1000 - 60_000_000);
    expect(await link.cas(write("app\nann", 0))).toBeUndefined();
    const second = await link.cas(write("app\nann", first ?? 0, { rows: JSON.stringify({ rows: [{ seq: -1 }] }) }));
    expect(second).toBeGreaterThan(first ?? Number.NaN);
    const { records, app } = await link.load("app", ["app\nann", "app\nnobody"], [-1, -1]);
    expect(app).toBe("");
    expect(records[1]).toEqual({ version: 0, status: "", rows: "", rowsVersion: 0 });
    expect(records[0]).toMatchObject({ version: second, rowsVersion: second, rows: `{"rows":[{"seq":${second}}]}` });
    expect(JSON.parse(records[0]?.status ?? "")).toEqual({ text: 'Seq":-1', statusSeq: second });
    const again = await link.load("app", ["app\nann"], [second ?? 0]);
    expect(again.records[0]).toMatchObject({ version: second, rows: "" });
  });

  it("who listens hears of changes; a fence comes after what was told before it", async () => {
    const heard: number[] = [];
    const [teller, ears] = [
      await linkTo(),
      await linkTo({ changed: (_user, { version }) => void heard.push(version) }),
    ];
    await ears.subscribeUser("app\nbob");
    let last = 0;
    for (let at = 0; at < 50; at++) last = (await teller.cas(write("app\nbob", last))) ?? 0;
    expect(await ears.fence()).toBeGreaterThanOrEqual(last);
    expect(heard).toHaveLength(50);
  });

  it("due users are taken once, and again when who took them did not settle", async () => {
    const link = await linkTo();
    const first = await link.cas(write("app\ncid", 0, { dueMs: 5_000 }));
    const taken = async (nowMs: number): Promise<string[]> =>
      (await Promise.all(Array.from({ length: 16 }, (_, bucket) => link.claim(bucket, nowMs, 1_000, 9)))).flat();
    expect([await taken(4_999), await taken(5_000), await taken(5_500), await taken(6_000)]).toEqual([
      [],
      ["app\ncid"],
      [],
      ["app\ncid"],
    ]);
    await link.cas(write("app\ncid", first ?? 0));
    expect(await taken(99_000)).toEqual([]);
  });

  it("calls are counted over all nodes", async () => {
    const [one, two] = [await linkTo(), await linkTo()];
    const key = { user: "app\ndan", procedure: "Login" };
    const rule = { maxCalls: 2, windowMs: 1_000 };
    const refused = [];
    for (const [link, nowMs] of [
      [one, 100],
      [two, 200],
      [one, 300],
      [two, 1_099],
      [two, 1_100],
    ] as const)
      refused.push((await link.charge(key, rule, nowMs)).refusedByMs);
    expect(refused).toEqual([undefined, undefined, 100, 100, undefined]);
    // By the time of Redis all of them agree, whatever each of them takes it for.
    const own = { ...key, procedure: "Query" };
    const first = await one.charge(own, rule, undefined);
    const second = await two.charge(own, rule, undefined);
    const third = await one.charge(own, rule, undefined);
    expect(third.refusedByMs).toBe(first.nowMs);
    expect(second.nowMs).toBeGreaterThanOrEqual(first.nowMs);
    expect(Math.abs(third.nowMs - Date.now())).toBeLessThan(60_000);
  });

  it.each([false, true])(
    "a change that is lost is noticed, also where a connection blinked before: %s",
    async (blinks) => {
      let resumed = 0;
      const link = await linkTo({ resumed: () => void resumed++ });
      const admin = createClient({ url: `redis://127.0.0.1:${redis.port}` });
      await admin.connect();
      const user = `app\nlost-${blinks}`;
      const kill = (type: string): Promise<unknown> =>
        admin.sendCommand(["CLIENT", "KILL", "TYPE", type, "SKIPME", "yes"]);
      const kept = (await link.cas(write(user, 0))) ?? 0;
      if (blinks) {
        await kill("normal");
        // Also that of commands alone: what was known then is looked for at once.
        await expect.poll(() => resumed, { timeout: 10_000 }).toBeGreaterThan(0);
        expect(await link.lost()).toBeUndefined();
      }
      const lost = await link.cas(write(user, kept));
      await admin.rPop(keys.log(bucketOf(user)));
      await admin.hSet(keys.record(user), "v", String(kept));
      const before = resumed;
      await kill("pubsub");
      await kill("normal");
      await expect.poll(() => resumed, { timeout: 10_000 }).toBeGreaterThan(before);
      await expect.poll(() => link.lost().catch(() => "not yet"), { timeout: 10_000 }).toBe(lost);
      expect(await link.lost()).toBeUndefined();
      admin.destroy();
    },
  );

  it("a Redis that hangs, or is gone, refuses in time; the store goes on when it is back", async () => {
    const link = await linkTo({}, 500);
    const store = createRedisStore({
      link,
      rules: rulesOf("standard"),
      schedule: () => () => {},
      newEpoch: () => `e${++names}`,
      testClock: false,
      onFault: () => {},
    });
    const device = {
      deviceId: "d",
      platform: Platform.IOS,
      custom: undefined,
      tokenExpiresAtMs: null,
      newSessionId: "s",
    };
    const logIn = (user: string): Promise<string> =>
      store.update("app", user, (record, nowMs, core) => login(record, device, nowMs, core).sessionId);
    await logIn("eve");
    redis.signal("SIGSTOP");
    await expect(logIn("fay")).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE", retryAfterMs: 1_000 });
    redis.signal("SIGCONT");
    await expect.poll(() => logIn("gus").catch(() => "not yet"), { timeout: 10_000 }).toBe("s");
    await redis.stop();
    await expect(logIn("hal")).rejects.toMatchObject({ reason: "STORE_UNAVAILABLE" });
    redis = await startRedis(directory, [], redis.port);
    await expect.poll(() => logIn("ida").catch(() => "not yet"), { timeout: 10_000 }).toBe("s");
  });
});
