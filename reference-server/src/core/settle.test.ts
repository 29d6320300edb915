import { OnlineStatus, Platform, SubscriptionEndReason } from "@userstatus/protocol";
import fc from "fast-check";
import { describe, expect, it } from "vitest";
import { createCoreBench } from "../testing/core-bench.ts";
import { setCustom } from "./custom-status.ts";
import { logout, loseLink, renew } from "./sessions.ts";
import { subscribe } from "./subscriptions.ts";

const { ONLINE, OFFLINE, LOGGED_OUT } = OnlineStatus;

describe("liveness", () => {
  it("is ONLINE to the last millisecond of lease and grace, and OFFLINE from then on, at that time", () => {
    const bench = createCoreBench("standard");
    bench.login("phone");
    const endMs = bench.nowMs + 75_000 + 5_000;
    bench.pass(endMs - bench.nowMs - 1);
    expect(bench.record.online).toBe(ONLINE);
    bench.pass(1);
    expect(bench.record).toMatchObject({ online: OFFLINE, onlineMs: endMs, updateMs: endMs });
    expect(bench.record.revision).toBe(endMs * 1000);
  });

  it("tells the Watch that the lease lapsed when it ends, not when the grace does", () => {
    const bench = createCoreBench("standard");
    const sessionId = bench.login("phone");
    expect(bench.pass(75_000)).toEqual([{ kind: "lease-lapsed", sessionId }]);
    expect(bench.pass(5_000).map(({ kind }) => kind)).toEqual(["status", "self"]);
  });

  it("shows nothing of a link that came back within the grace", () => {
    const bench = createCoreBench("standard");
    const sessionId = bench.login("phone");
    const { revision, selfRevision } = bench.record;
    bench.run((record, nowMs) => loseLink(record, sessionId, nowMs));
    bench.pass(4_999);
    expect(bench.run((record, nowMs, core) => renew(record, sessionId, null, nowMs, core)).changes).toEqual([]);
    expect(bench.record).toMatchObject({ online: ONLINE, revision, selfRevision });
  });

  it("loses a link without grace within the same change", () => {
    const bench = createCoreBench("zim");
    const sessionId = bench.login("phone");
    const { changes } = bench.run((record, nowMs) => loseLink(record, sessionId, nowMs));
    expect(changes.map(({ kind }) => kind)).toEqual(["status", "self"]);
    expect(bench.record.online).toBe(OFFLINE);
  });

  it("never makes a web user of tencent-web OFFLINE", () => {
    const bench = createCoreBench("tencent-web");
    bench.login("tab", { platform: Platform.WEB });
    bench.pass(59_999);
    expect(bench.record.online).toBe(ONLINE);
    bench.pass(1);
    expect(bench.record).toMatchObject({ online: LOGGED_OUT, sessions: [] });
    expect(bench.record.over.at(-1)?.reason).toBe("LINK_LOST");
  });

  it("is OFFLINE by the lost session when the other logged out, until it decays", () => {
    const bench = createCoreBench("tencent-native");
    bench.login("phone");
    const tablet = bench.login("tablet", { platform: Platform.IPADOS });
    bench.pass(300_000);
    bench.run((record, nowMs, core) => renew(record, tablet, null, nowMs, core));
    bench.pass(100_000);
    expect(bench.record.online).toBe(ONLINE);
    bench.run((record, nowMs, core) => logout(record, tablet, nowMs, core));
    expect(bench.record.online).toBe(OFFLINE);
    const lostMs = bench.record.sessions[0]?.lostMs ?? 0;
    bench.pass(lostMs + 7 * 86_400_000 - bench.nowMs - 1);
    expect(bench.record.online).toBe(OFFLINE);
    bench.pass(1);
    expect(bench.record.online).toBe(LOGGED_OUT);
  });

  it("makes one revision of two sessions that are lost at one instant", () => {
    const bench = createCoreBench("standard");
    bench.login("a");
    bench.login("b", { platform: Platform.IOS });
    expect(bench.pass(80_000).filter(({ kind }) => kind === "status")).toHaveLength(1);
  });
});

describe("custom status", () => {
  it("ends at its time, at its revision, also for a reader who comes late", () => {
    const bench = createCoreBench("zim");
    bench.login("phone", { text: "Busy", ttlMs: 2_000 });
    const endMs = bench.nowMs + 2_000;
    bench.pass(1_999);
    expect(bench.record.custom?.text).toBe("Busy");
    bench.pass(10_000);
    expect(bench.record).toMatchObject({ custom: null, customMs: endMs, revision: endMs * 1000 });
  });

  it("is cleared by OFFLINE in the same revision (tencent-native), but not by logout", () => {
    const bench = createCoreBench("tencent-native");
    const sessionId = bench.login("phone", { text: "here" });
    bench.run((record, nowMs, core) => logout(record, sessionId, nowMs, core));
    bench.pass(86_400_000);
    expect(bench.record.custom?.text).toBe("here");
    bench.login("phone");
    const changes = bench.pass(400_000).filter(({ kind }) => kind === "status");
    expect(changes).toHaveLength(1);
    expect(bench.record).toMatchObject({ online: OFFLINE, custom: null, customMs: bench.nowMs });
  });

  it("is cleared 30 s after logout (tencent-web), unless the user is back", () => {
    const bench = createCoreBench("tencent-web");
    for (const backAfterMs of [29_999, 30_000]) {
      const sessionId = bench.login("tab", { platform: Platform.WEB, text: "here" });
      bench.run((record, nowMs, core) => logout(record, sessionId, nowMs, core));
      bench.pass(backAfterMs);
      expect(bench.record.custom?.text).toBe(backAfterMs < 30_000 ? "here" : undefined);
    }
  });

  it("makes a new revision of the same text, none of clearing nothing", () => {
    const bench = createCoreBench("standard");
    bench.login("phone", { text: "a" });
    const before = bench.record.revision;
    const set = (text: string) =>
      bench.run((record, nowMs, core) => setCustom(record, { text, ttlMs: undefined }, nowMs, core));
    expect(set("a").changes.map(({ kind }) => kind)).toEqual(["status", "self"]);
    expect(bench.record.revision).toBeGreaterThan(before);
    expect(set("").changes).toHaveLength(2);
    expect(set("").changes).toEqual([]);
  });
});

describe("rows", () => {
  const target = (userId: string) => ({ userId, incarnation: 1 });

  it("end at their time, each by itself", () => {
    const bench = createCoreBench("standard");
    const sessionId = bench.login("phone");
    bench.run((record, now, core) => subscribe(record, sessionId, [target("a")], 60_000, now, core));
    bench.run((record, now, core) => subscribe(record, sessionId, [target("b")], 70_000, now, core));
    bench.pass(59_999);
    expect(bench.record.rows.size).toBe(2);
    expect(bench.pass(1)).toMatchObject([{ kind: "ended", target: "a", reason: SubscriptionEndReason.EXPIRED }]);
    expect(bench.pass(10_000)).toMatchObject([{ kind: "ended", target: "b" }]);
  });

  it("end when the user was away for the time of the profile, never while he is ONLINE", () => {
    const bench = createCoreBench("tencent-native");
    let sessionId = bench.login("phone");
    bench.run((record, now, core) => subscribe(record, sessionId, [target("a")], null, now, core));
    for (let hour = 0; hour < 48; hour++) {
      for (let beat = 0; beat < 10; beat++) {
        bench.pass(360_000);
        bench.run((record, now, core) => renew(record, sessionId, null, now, core));
      }
    }
    expect(bench.record.rows.size).toBe(1);
    bench.run((record, now, core) => logout(record, sessionId, now, core));
    bench.pass(86_400_000 - 1);
    sessionId = bench.login("phone");
    expect(bench.record.rows.size).toBe(1);
    bench.run((record, now, core) => logout(record, sessionId, now, core));
    expect(bench.pass(86_400_000)).toMatchObject([{ kind: "ended", reason: SubscriptionEndReason.EXPIRED }]);
  });

  it("of an older era end when a gate closed", () => {
    const bench = createCoreBench("standard");
    const sessionId = bench.login("phone");
    bench.run((record, now, core) => subscribe(record, sessionId, [target("a")], 60_000, now, core));
    bench.rowsEra++;
    expect(bench.pass(0)).toMatchObject([{ kind: "ended", reason: SubscriptionEndReason.FEATURE_DISABLED }]);
  });
});

describe("settling", () => {
  it("computes the same late and at once as in any number of steps", () => {
    fc.assert(
      fc.property(
        fc.constantFrom("standard", "zim", "tencent-native", "tencent-web"),
        fc.array(fc.integer({ min: 1, max: 200_000_000 }), { maxLength: 12 }),
        (profile, steps) => {
          const make = () => {
            const bench = createCoreBench(profile);
            bench.login("tab", { platform: Platform.WEB, text: "t" });
            const sessionId = bench.login("phone");
            const ttlMs = bench.rules.rowTtl.callerTtl ? 3_600_000 : null;
            bench.run((record, now, core) =>
              subscribe(record, sessionId, [{ userId: "a", incarnation: 1 }], ttlMs, now, core),
            );
            return bench;
          };
          const eager = make();
          const lazy = make();
          for (const step of steps) eager.pass(step);
          lazy.pass(steps.reduce((sum, step) => sum + step, 0));
          const seen = ({ record }: typeof eager) => ({
            ...record,
            rows: [...record.rows.keys()],
            seqs: 0,
            endedRows: 0,
          });
          const { statusSeq: _a, selfSeq: _b, ...first } = seen(eager);
          const { statusSeq: _c, selfSeq: _d, ...second } = seen(lazy);
          expect({ ...first, rowDueMs: 0 }).toEqual({ ...second, rowDueMs: 0 });
        },
      ),
    );
  });
});
