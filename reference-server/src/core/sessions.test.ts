import { OnlineStatus, Platform } from "@userstatus/protocol";
import { describe, expect, it } from "vitest";
import { createCoreBench } from "../testing/core-bench.ts";
import { liveSessions } from "./derive.ts";
import { Refused } from "./refused.ts";
import { endSessions, findSession, logout, loseLink, remove, renew, usableSession } from "./sessions.ts";

const refusal = (run: () => unknown): Refused => {
  try {
    run();
  } catch (error) {
    if (error instanceof Refused) return error;
    throw error;
  }
  throw new Error("expected a refusal");
};

describe("session rules", () => {
  it("kick the earliest login beyond the limit, in one change that shows no flicker", () => {
    const bench = createCoreBench("zim");
    const ids = Array.from({ length: 10 }, (_, index) => bench.login(`d${index}`));
    expect(bench.record.sessions).toHaveLength(10);
    const { revision } = bench.record;
    const eleventh = bench.login("d10");
    expect(liveSessions(bench.record).map(({ sessionId }) => sessionId)).toEqual([...ids.slice(1), eleventh]);
    expect(bench.record).toMatchObject({ online: OnlineStatus.ONLINE, revision });
    const over = refusal(() => findSession(bench.record, ids[0] ?? ""));
    expect(over).toMatchObject({ reason: "SESSION_ENDED", metadata: { end_reason: "KICKED" } });
  });

  it("count platforms together or each by itself", () => {
    const bench = createCoreBench("tencent-native");
    bench.login("a", { platform: Platform.ANDROID });
    bench.login("b", { platform: Platform.IOS });
    expect(bench.record.sessions).toHaveLength(2);
    bench.login("c", { platform: Platform.IOS });
    expect(bench.record.sessions.map(({ deviceId }) => deviceId)).toEqual(["a", "c"]);
  });

  it("treat a platform number that is not known as OTHER, and keep the number", () => {
    const bench = createCoreBench("tencent-native");
    bench.login("a", { platform: Platform.OTHER });
    bench.login("b", { platform: 77 as Platform });
    expect(bench.record.sessions.map(({ platform }) => platform)).toEqual([77]);
  });

  it("do not count lost sessions, and keep as many of them as could live", () => {
    const bench = createCoreBench("standard", { sessionRules: [{ maxSessions: 2 }] });
    for (let index = 0; index < 5; index++) {
      const sessionId = bench.login(`d${index}`);
      bench.run((record, nowMs) => loseLink(record, sessionId, nowMs));
      bench.pass(5_000);
    }
    expect(bench.record.sessions.map(({ deviceId }) => deviceId)).toEqual(["d3", "d4"]);
    expect(bench.record.over.map(({ reason }) => reason)).toEqual(["DECAYED", "DECAYED", "DECAYED"]);
    bench.login("x");
    bench.login("y");
    expect(liveSessions(bench.record)).toHaveLength(2);
    expect(bench.record.over).toHaveLength(3);
  });

  it("hold for a lost session that comes back: by a sign of life it is over, by Login it counts as a login", () => {
    for (const back of ["heartbeat", "login"]) {
      const bench = createCoreBench("standard", { sessionRules: [{ maxSessions: 1 }] });
      const first = bench.login("a");
      bench.run((record, nowMs) => loseLink(record, first, nowMs));
      bench.pass(5_000);
      bench.login("b");
      if (back === "login") expect(bench.login("a")).toBe(first);
      else expect(bench.run((record, nowMs, core) => renew(record, first, null, nowMs, core)).answer).toBeUndefined();
      expect(liveSessions(bench.record).map(({ deviceId }) => deviceId)).toEqual([back === "login" ? "a" : "b"]);
      expect(bench.record.over.map(({ reason }) => reason)).toEqual(["KICKED"]);
    }
  });
});

describe("login", () => {
  it("goes on with the session of a device, in its old place", () => {
    const bench = createCoreBench("standard");
    const first = bench.login("a");
    bench.login("b");
    expect(bench.login("a", { platform: Platform.LINUX })).toBe(first);
    expect(liveSessions(bench.record).map(({ deviceId }) => deviceId)).toEqual(["a", "b"]);
    expect(bench.record.platforms).toEqual([Platform.LINUX, Platform.ANDROID]);
  });

  it("of a live device kicks nobody, whatever its platform is now", () => {
    const bench = createCoreBench("tencent-native");
    bench.login("a", { platform: Platform.ANDROID });
    bench.login("b", { platform: Platform.IOS });
    bench.login("a", { platform: Platform.IOS });
    expect(liveSessions(bench.record).map(({ deviceId }) => deviceId)).toEqual(["a", "b"]);
  });

  it("changes nothing when its text is refused", () => {
    const bench = createCoreBench("zim");
    const before = structuredClone(bench.record);
    expect(refusal(() => bench.login("a", { text: "x".repeat(65) })).reason).toBe("CUSTOM_STATUS_TOO_LONG");
    expect(bench.record).toEqual(before);
  });
});

describe("ends of sessions", () => {
  it("are remembered for at least 16 sessions", () => {
    const bench = createCoreBench("standard");
    const ids = Array.from({ length: 16 }, (_, index) => {
      const sessionId = bench.login(`d${index}`);
      bench.run((record, nowMs, core) => logout(record, sessionId, nowMs, core));
      return sessionId;
    });
    for (const id of ids) expect(refusal(() => findSession(bench.record, id)).reason).toBe("SESSION_ENDED");
    expect(refusal(() => findSession(bench.record, "never")).reason).toBe("SESSION_NOT_FOUND");
  });

  it("come by logout from a lost session, too, while other calls are refused", () => {
    const bench = createCoreBench("zim");
    const sessionId = bench.login("a");
    bench.pass(35_000);
    expect(refusal(() => usableSession(bench.record, sessionId)).reason).toBe("SESSION_LOST");
    bench.run((record, nowMs, core) => logout(record, sessionId, nowMs, core));
    expect(bench.record.online).toBe(OnlineStatus.LOGGED_OUT);
  });

  it("come from the backend, for the sessions named or all", () => {
    const bench = createCoreBench("standard");
    const first = bench.login("a");
    const second = bench.login("b");
    const end = (ids: string[]) => bench.run((record, nowMs, core) => endSessions(record, ids, nowMs, core)).answer;
    expect(end([first, "unknown"])).toEqual([first]);
    expect(end([])).toEqual([second]);
    expect(bench.record.online).toBe(OnlineStatus.LOGGED_OUT);
  });

  it("keep the revision of a deleted user rising when he is registered anew", () => {
    const bench = createCoreBench("standard");
    bench.login("a", { text: "t" });
    const { revision, incarnation } = bench.record;
    const { changes } = bench.run((record, nowMs, core) => remove(record, nowMs, core));
    expect(changes.at(-1)).toEqual({ kind: "gone" });
    bench.login("a");
    expect(bench.record.revision).toBeGreaterThan(revision);
    expect(bench.record).toMatchObject({ incarnation: incarnation + 1, custom: null });
  });
});
