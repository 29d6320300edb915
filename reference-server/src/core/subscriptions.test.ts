import { SubscriptionEndReason } from "@userstatus/protocol";
import { describe, expect, it } from "vitest";
import { createCoreBench } from "../testing/core-bench.ts";
import { Refused } from "./refused.ts";
import { dropGone, liveFrom, rowTtlMs, setFriends, subscribe, unsubscribe } from "./subscriptions.ts";

const targets = (...ids: string[]) => ids.map((userId) => ({ userId, incarnation: 1 }));

function bench(max: number) {
  const core = createCoreBench("standard", { subscription: { maxSubscriptions: max } });
  const sessionId = core.login("d");
  const sub = (ids: string[], ttlMs = 60_000) =>
    core.run((record, now, context) => subscribe(record, sessionId, targets(...ids), ttlMs, now, context)).changes;
  const ended = (changes: ReturnType<typeof sub>) =>
    changes.flatMap((change) => (change.kind === "ended" ? [change.target] : []));
  return { core, sessionId, sub, ended, rows: () => [...core.record.rows.keys()] };
}

describe("the cap", () => {
  it("evicts what was refreshed longest ago, in list order, and never a row of the same call", () => {
    const { sub, ended, rows } = bench(4);
    sub(["a", "b", "c", "d"]);
    sub(["a"]);
    const changes = sub(["b", "e", "f"]);
    expect(ended(changes)).toEqual(["c", "d"]);
    expect(rows()).toEqual(["a", "b", "e", "f"]);
    expect(changes.map((change) => change.kind)).toEqual(["subscribed", "ended", "subscribed", "ended", "subscribed"]);
  });

  it("evicts nothing for targets that stand already", () => {
    const { sub, ended } = bench(3);
    sub(["a", "b", "c"]);
    expect(ended(sub(["c", "a", "b"]))).toEqual([]);
  });

  it("does not count rows that have ended", () => {
    const { core, sub, ended } = bench(2);
    sub(["a", "b"]);
    core.pass(60_000);
    expect(ended(sub(["c", "d"]))).toEqual([]);
  });
});

describe("a row", () => {
  it("keeps its generation when refreshed, and takes the new expiry, a shorter one too", () => {
    const { core, sub } = bench(10);
    sub(["a"], 120_000);
    const before = core.record.rows.get("a")?.generation;
    sub(["a"], 60_000);
    expect(core.record.rows.get("a")).toMatchObject({ generation: before, expireMs: core.nowMs + 60_000 });
  });

  it("to a deleted target has ended as such before all are unsubscribed", () => {
    const { core, sessionId, sub } = bench(10);
    sub(["gone", "y"]);
    const live = new Map([
      ["gone", 2],
      ["y", 1],
    ]);
    const { changes, answer } = core.run((record, _now, context) =>
      unsubscribe(record, sessionId, "all", context, live),
    );
    expect(answer).toEqual(["y"]);
    expect(changes).toMatchObject([
      { target: "gone", reason: SubscriptionEndReason.TARGET_GONE },
      { target: "y", reason: SubscriptionEndReason.UNSUBSCRIBED },
    ]);
  });

  it("gets a higher generation when it is made anew at the same instant", () => {
    const { core, sessionId, sub } = bench(10);
    sub(["a", "b"]);
    const before = core.record.rows.get("a")?.generation ?? 0;
    core.run((record, _now, context) => unsubscribe(record, sessionId, ["a"], context));
    sub(["a"]);
    expect(core.record.rows.get("a")?.generation).toBeGreaterThan(before);
  });

  it("to a target that was deleted ends, also if the id is registered anew", () => {
    const { core, sub } = bench(10);
    sub(["a", "b", "c"]);
    const live = new Map([
      ["a", liveFrom({ ...core.record, registered: false, incarnation: 1 })],
      ["b", liveFrom({ ...core.record, registered: true, incarnation: 2 })],
      ["c", liveFrom({ ...core.record, registered: true, incarnation: 1 })],
    ]);
    const { changes } = core.run((record, _now, context) => dropGone(record, live, context));
    expect(changes).toMatchObject([
      { target: "a", reason: SubscriptionEndReason.TARGET_GONE },
      { target: "b", reason: SubscriptionEndReason.TARGET_GONE },
    ]);
  });
});

describe("ttls of rows", () => {
  it("are the caller's within the range, the default, or refused", () => {
    const standard = createCoreBench("standard").rules;
    const zim = createCoreBench("zim").rules;
    const tencent = createCoreBench("tencent-native").rules;
    expect(rowTtlMs(undefined, standard)).toBe(86_400_000);
    expect([60_000, 2_592_000_000].map((ms) => rowTtlMs(ms, zim))).toEqual([60_000, 2_592_000_000]);
    for (const ms of [59_999, 59_999.5, 2_592_000_001, -1, 0]) {
      expect(() => rowTtlMs(ms, zim)).toThrow(expect.objectContaining({ reason: "TTL_OUT_OF_RANGE" }));
    }
    expect(() => rowTtlMs(undefined, zim)).toThrow(Refused);
    expect(rowTtlMs(undefined, tencent)).toBeNull();
    expect(() => rowTtlMs(60_000, tencent)).toThrow(expect.objectContaining({ reason: "TTL_NOT_SUPPORTED" }));
  });
});

describe("friends", () => {
  it("tell who was added and removed", () => {
    const { core } = bench(10);
    core.run((record, _now, context) => setFriends(record, ["b", "a"], context));
    const { changes } = core.run((record, _now, context) => setFriends(record, ["c", "a"], context));
    expect(changes).toEqual([{ kind: "friends", added: ["c"], removed: ["b"] }]);
    expect(core.record.friends).toEqual(["a", "c"]);
  });
});
