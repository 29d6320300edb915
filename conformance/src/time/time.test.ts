import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import type { Client } from "@connectrpc/connect";
import {
  type AdvanceClockRequest,
  AdvanceClockResponseSchema,
  type TestingService,
} from "@userstatus/protocol/testing";
import { afterEach, beforeEach, describe, expect, test, vi } from "vitest";
import type { TestSession } from "../check.ts";
import { CheckFailure, Inconclusive, SuiteFault } from "../failure.ts";
import { msOf } from "../units.ts";
import { createVirtualTime } from "./advance.ts";
import type { BenchTime, Living } from "./bench-time.ts";
import type { Pace } from "./pace.ts";
import { createWaitingTime } from "./wait.ts";

const session = {} as TestSession;
let steps: string[];
let now: number;
let lie: number;
let time: BenchTime;

beforeEach(async () => {
  steps = [];
  now = 1_000_000;
  lie = 0;
  const testing = {
    advanceClock: async (request: AdvanceClockRequest) => {
      const ms = msOf(request.duration);
      steps.push(`${ms}${request.holdLeases ? " held" : ""}`);
      now += ms + lie;
      return create(AdvanceClockResponseSchema, { now: timestampFromMs(now) });
    },
  } as unknown as Client<typeof TestingService>;
  const living: Living = {
    leaseMs: () => 1000,
    heartbeatMs: () => 300,
    isKept: () => true,
    seemsLive: () => true,
    silences: () => [],
    beat: async () => void steps.push("beat"),
  };
  time = createVirtualTime({ testing, sessions: new Map([[session, living]]), log: () => undefined });
  await time.freeze();
  steps.length = 0;
});

test("virtual time moves by exactly what is asked, and holds leases for all", async () => {
  const start = await time.now();
  await time.pass(1234);
  await time.pass(86_400_000, "all");
  expect(await time.now()).toBe(start + 86_401_234);
  expect(steps).toEqual(["1234", "86400000 held"]);
});

test("justBefore and reach end at the millisecond", async () => {
  const start = await time.now();
  await time.justBefore(start + 5000);
  expect(await time.now()).toBe(start + 4999);
  await time.reach(start + 5000);
  await time.reach(start + 5000);
  expect(await time.now()).toBe(start + 5000);
  await expect(time.justBefore(start)).rejects.toThrow(CheckFailure);
});

test("sessions of a list are kept by heartbeats in steps below half of a lease", async () => {
  await time.pass(1200, [session]);
  expect(steps).toEqual(["beat", "499", "beat", "499", "beat", "202"]);
  await expect(time.pass(86_400_000, [session])).rejects.toThrow(SuiteFault);
  await expect(time.pass(1, [{} as TestSession])).rejects.toThrow(SuiteFault);
});

test("times that make no sense are the server's fault: it named them", async () => {
  await expect(time.pass(Number.NaN)).rejects.toThrow(CheckFailure);
  await expect(time.pass(-1)).rejects.toThrow(CheckFailure);
  await expect(time.reach(Number.NaN)).rejects.toThrow(CheckFailure);
  await expect(time.justBefore(Number.NaN)).rejects.toThrow(CheckFailure);
});

test("steps beyond what the clock takes are cut", async () => {
  await time.pass(500 * 86_400_000, "all");
  expect(steps).toEqual([`${400 * 86_400_000} held`, `${100 * 86_400_000} held`]);
});

test("a clock that does not move as told fails the check", async () => {
  lie = 1;
  await expect(time.pass(10)).rejects.toThrow(CheckFailure);
});

const pace: Pace = {
  sample: () => undefined,
  rttMs: () => 2,
  lagMs: () => 0,
  marginMs: () => 20,
  stop: () => undefined,
};

let quietSince: number | undefined;

const serverAhead = 50_000;

function waiting(
  beat: () => Promise<void> = async () => undefined,
  askServer: () => Promise<number> = async () => Date.now() + serverAhead,
): BenchTime {
  const living: Living = {
    leaseMs: () => 60,
    heartbeatMs: () => 20,
    isKept: () => true,
    seemsLive: () => quietSince === undefined || Date.now() - quietSince < 60,
    silences: () => (quietSince === undefined ? [] : [{ from: quietSince, until: Date.now() }]),
    beat,
  };
  const over = new AbortController().signal;
  return createWaitingTime({
    tier: "real",
    askServer,
    pace,
    sessions: new Map([[session, living]]),
    log: () => undefined,
    over,
  });
}

describe("waiting", () => {
  beforeEach(() => {
    vi.useFakeTimers({ now: 1_800_000_000_000 });
  });
  afterEach(() => {
    vi.useRealTimers();
  });

  /** Lets fake time go on until the work is done; gives how much went by. */
  async function passed(work: Promise<void>): Promise<number> {
    const from = Date.now();
    let done = false;
    const ended = work.finally(() => {
      done = true;
    });
    ended.catch(() => undefined);
    while (!done) await vi.advanceTimersByTimeAsync(1);
    await ended;
    return Date.now() - from;
  }

  test("real time follows the server's clock, looks a margin before the moment and just after it", async () => {
    const real = waiting();
    const start = await real.now();
    expect(start).toBe(1_800_000_050_000);
    expect(await passed(real.justBefore(start + 100))).toBe(80);
    expect(real.overdue()).toBeUndefined();
    expect(await passed(real.reach(start + 100))).toBe(22);
    expect(await passed(real.pass(500))).toBe(500);
  });

  test("a moment that has passed, before the look or by the time of a failure, decides nothing", async () => {
    const real = waiting();
    const start = await real.now();
    await expect(passed(real.justBefore(start - 1))).rejects.toThrow(Inconclusive);
    await passed(real.justBefore(start + 60));
    await vi.advanceTimersByTimeAsync(30);
    expect(real.overdue()).toContain("too slow");
  });

  test("what was done in time before a moment decides; what was done too late for it nothing, whatever came then; a look is over", async () => {
    for (const { tookMs, acts, late } of [
      { tookMs: 10, acts: true, late: false },
      { tookMs: 30, acts: true, late: true },
      { tookMs: 30, acts: false, late: false },
    ]) {
      const real = waiting();
      const start = await real.now();
      await passed(real.justBefore(start + 60, undefined, { acts }));
      await vi.advanceTimersByTimeAsync(tookMs);
      await passed(real.reach(start + 100));
      expect(real.overdue() !== undefined).toBe(late);
    }
  });

  test("a time that a slow answer gave may be off by half of what it took: what is named by it is looked at with that margin", async () => {
    const slowMs = 100;
    const slow = async (): Promise<number> => {
      await new Promise((resolve) => setTimeout(resolve, slowMs));
      return Date.now() + serverAhead;
    };
    const asked = [slow, slow];
    const answer = async (): Promise<number> => (asked.shift() ?? (async () => Date.now() + serverAhead))();
    const [late, early] = [waiting(undefined, answer), waiting(undefined, answer)];
    const given: number[] = [];
    for (const real of [late, early]) await passed(real.now().then((instant) => void given.push(instant)));
    // Taken for the middle of the way: half of it too high.
    const errorMs = slowMs / 2;
    const [first = 0, second = 0] = given;
    expect(second).toBe(Date.now() + serverAhead + errorMs);
    expect(late.errorMs()).toBe(errorMs);
    // The server has been there already, though by the name of the instant it is to come.
    await vi.advanceTimersByTimeAsync(20);
    await expect(passed(early.justBefore(second + 10))).rejects.toThrow(Inconclusive);
    await passed(late.reach(first + 300));
    expect(Date.now() + serverAhead).toBe(first + 300 + errorMs + 2);
  });

  test("a lease that ran out while nobody waited decides nothing; one that a wait let run out does", async () => {
    const real = waiting();
    const leaseMs = 60;
    quietSince = Date.now();
    await vi.advanceTimersByTimeAsync(leaseMs - 1);
    expect(real.overdue()).toBeUndefined();
    await vi.advanceTimersByTimeAsync(1);
    expect(real.overdue()).toContain("too slow");
    quietSince = Date.now();
    await passed(real.pass(leaseMs + 5));
    expect(real.overdue()).toBeUndefined();
    quietSince = undefined;
  });

  test("a lease that ran out while the suite was to keep it decides nothing", async () => {
    const real = waiting();
    quietSince = Date.now();
    await passed(real.pass(65, "all"));
    expect(real.overdue()).toContain("too slow");
    quietSince = undefined;
  });

  test("a lease that ran out before the suite came to keep it decides nothing, however long it then waits", async () => {
    const real = waiting();
    quietSince = Date.now();
    await vi.advanceTimersByTimeAsync(61);
    await passed(real.pass(60, "all"));
    expect(real.overdue()).toContain("too slow");
    quietSince = undefined;
  });

  test("heartbeats go on while time passes, by interval or a third of the lease; one that fails ends the wait", async () => {
    let beats = 0;
    await passed(waiting(async () => void beats++).pass(70, "all"));
    expect(beats).toBe(4);
    const failing = waiting(async () => {
      throw new CheckFailure("Heartbeat", "an answer", "none");
    });
    await expect(passed(failing.pass(60_000, [session]))).rejects.toThrow(CheckFailure);
  });
});
