// What every store must do, run against each: `describeStore("memory", create)`.
import { Platform, SubscriptionEndReason } from "@userstatus/protocol";
import { beforeEach, describe, expect, it } from "vitest";
import { setCustom } from "../core/custom-status.ts";
import { login, logout, register } from "../core/sessions.ts";
import { subscribe } from "../core/subscriptions.ts";
import type { Commit, Store, StoreClock } from "../store/store.ts";

export interface StoreBench {
  readonly store: Store & StoreClock;
  /** Lets this much wall time pass, running timers that fall due. */
  readonly passWall: (ms: number) => void;
}

const app = "app";
const device = (deviceId: string, text?: string) => ({
  deviceId,
  platform: Platform.ANDROID,
  custom: text === undefined ? undefined : { text, ttlMs: undefined },
  tokenExpiresAtMs: null,
  newSessionId: `s-${deviceId}`,
});

/** The shared cases. The store is of the profile `zim`: leases of 35 s, no grace, texts of a day. */
export function describeStore(name: string, create: () => StoreBench): void {
  describe(`store: ${name}`, () => {
    let bench: StoreBench;
    let commits: Commit[];
    let switches: unknown[];
    const logIn = (userId: string, deviceId = "d", text?: string) =>
      bench.store.update(
        app,
        userId,
        (record, now, core) => login(record, device(deviceId, text), now, core).sessionId,
      );
    const told = () => commits.map(({ userId, changes }) => `${userId}:${changes.map(({ kind }) => kind).join("+")}`);

    beforeEach(() => {
      bench = create();
      commits = [];
      switches = [];
      bench.store.listen({
        committed: (commit) => {
          commits.push(commit);
        },
        featuresChanged: (_app, before, after) => {
          switches.push([before, after]);
        },
        epochChanged: (_app, epoch) => {
          switches.push(epoch);
        },
      });
    });

    it("keeps a user that a command made, and none that was only read", async () => {
      const [before] = await bench.store.read(app, ["a"]);
      expect(before).toMatchObject({ userId: "a", registered: false, revision: 0 });
      expect(bench.store.stats().users).toBe(0);
      await bench.store.update(app, "a", register);
      const [after] = await bench.store.read(app, ["a"]);
      expect(after?.registered).toBe(true);
      expect((await bench.store.read("other", ["a"]))[0]?.registered).toBe(false);
    });

    it("tells a commit after the record can be read, with rising numbers", async () => {
      await logIn("a");
      await logIn("b");
      expect(told()).toEqual(["a:status+self", "b:status+self"]);
      expect(commits[1]?.seq).toBeGreaterThan(commits[0]?.seq ?? 0);
      expect(bench.store.deliveredSeq(app)).toBe(commits[1]?.seq);
      expect(commits[0]?.status.userId).toBe("a");
    });

    it("commits nothing of a refused command", async () => {
      await logIn("a");
      const before = commits.length;
      const tooLong = { text: "x".repeat(65), ttlMs: undefined };
      await expect(
        bench.store.update(app, "a", (record, now, core) => setCustom(record, tooLong, now, core)),
      ).rejects.toMatchObject({ reason: "CUSTOM_STATUS_TOO_LONG" });
      expect(commits).toHaveLength(before);
    });

    it("settles what fell due by its timers, though nobody reads", async () => {
      await logIn("a");
      commits.length = 0;
      bench.passWall(34_999);
      expect(told()).toEqual([]);
      bench.passWall(1);
      expect(told()).toEqual(["a:lease-lapsed+status+self"]);
    });

    it("settles before each read", async () => {
      const sessionId = await logIn("a");
      await bench.store.update(app, "b", register);
      await bench.store.update(app, "a", (record, now, core) =>
        subscribe(record, sessionId, [{ userId: "b", incarnation: 1 }], 60_000, now, core),
      );
      await bench.store.advance(app, 60_000, true);
      const [record] = await bench.store.read(app, ["a"]);
      expect(record?.rows.size).toBe(0);
      expect(record?.endedRows.at(-1)?.reason).toBe(SubscriptionEndReason.EXPIRED);
    });

    it("moves the test clock of one app, in due order, through what is armed on the way", async () => {
      await logIn("a", "d", "text");
      bench.passWall(10_000);
      await logIn("b");
      expect((await bench.store.clock(app)).stopped).toBe(false);
      const start = await bench.store.advance(app, 0, false);
      bench.passWall(60_000);
      expect(await bench.store.clock(app)).toEqual({ nowMs: start, stopped: true });
      expect((await bench.store.clock("other")).stopped).toBe(false);
      commits.length = 0;
      await bench.store.advance(app, 31 * 86_400_000, false);
      const order = told();
      expect(order.slice(0, 2)).toEqual(["a:lease-lapsed+status+self", "b:lease-lapsed+status+self"]);
      expect(order.slice(2)).toEqual(["a:status+self", "a:session-over+status+self", "b:session-over+status+self"]);
      const [record] = await bench.store.read(app, ["a"]);
      expect(record).toMatchObject({ custom: null, onlineMs: start + 25_000 + 30 * 86_400_000 });
    });

    it("keeps sessions alive over a step, if asked to", async () => {
      await logIn("a");
      await bench.store.advance(app, 3_600_000, true);
      expect((await bench.store.read(app, ["a"]))[0]?.sessions[0]?.lossMs).toBeNull();
      await bench.store.advance(app, 35_000, false);
      expect((await bench.store.read(app, ["a"]))[0]?.sessions[0]?.lostMs).toBe(bench.store.now(app));
    });

    it("ends rows when a gate on Subscribe closes, and only then", async () => {
      const sessionId = await logIn("a");
      await bench.store.update(app, "b", register);
      const makeRow = () =>
        bench.store.update(app, "a", (record, now, core) =>
          subscribe(record, sessionId, [{ userId: "b", incarnation: 1 }], 60_000, now, core),
        );
      const rows = async () => (await bench.store.read(app, ["a"]))[0]?.rows.size;
      await makeRow();
      await bench.store.updateFeatures(app, { friendNotifications: true });
      expect(await rows()).toBe(1);
      await bench.store.updateFeatures(app, { plan: false });
      expect(await rows()).toBe(0);
      await bench.store.updateFeatures(app, { plan: true });
      await makeRow();
      await bench.store.updateFeatures(app, { userStatus: false });
      expect(await rows()).toBe(0);
      expect(switches).toHaveLength(4);
      expect(bench.store.featuresSeq(app)).toBeGreaterThan(0);
    });

    it("counts calls per user and procedure, in its own time", async () => {
      const rule = { maxCalls: 1, windowMs: 1_000, selfExempt: false };
      await bench.store.charge(app, "a", "X", rule);
      await bench.store.charge(app, "a", "Y", rule);
      await bench.store.charge(app, "b", "X", rule);
      await expect(bench.store.charge(app, "a", "X", rule)).rejects.toMatchObject({ retryAfterMs: 1_000 });
      await bench.store.advance(app, 1_000, false);
      await bench.store.charge(app, "a", "X", rule);
    });

    it("changes the epoch on demand, and tells", async () => {
      const before = await bench.store.epoch(app);
      const after = await bench.store.changeEpoch(app);
      expect(after).not.toBe(before);
      expect(await bench.store.epoch(app)).toBe(after);
      expect(switches).toEqual([after]);
    });

    it("answers for users in the order asked for", async () => {
      await logIn("b");
      const sessionId = await logIn("a");
      await bench.store.update(app, "a", (record, now, core) => logout(record, sessionId, now, core));
      const records = await bench.store.read(app, ["b", "x", "a"]);
      expect(records.map(({ userId, registered }) => [userId, registered])).toEqual([
        ["b", true],
        ["x", false],
        ["a", true],
      ]);
    });
  });
}
