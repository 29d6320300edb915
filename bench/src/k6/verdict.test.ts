import { describe, expect, it } from "vitest";
import { createCpuMeter } from "./cpu.ts";
import { firstWords } from "./process.ts";
import { type Script, scripts } from "./scripts.ts";
import { type K6Summary, loadText, tableOf } from "./table.ts";
import { judge } from "./verdict.ts";

const idle = { cores: 0.2, coresBusiest: 0.5, coresThere: 2 };
const counter = (count: number) => ({ type: "counter", values: { count } });
const trend = (p95: number, count = 100) => ({
  type: "trend",
  values: { min: 1, med: 2, "p(95)": p95, "p(99)": 1500, max: 2000, count },
});

function script(name: string): Script {
  const found = scripts.find((one) => one.name === name);
  if (!found) throw new Error(`no ${name}`);
  return found;
}

describe("the verdict", () => {
  it("names thresholds that did not hold", () => {
    const lost = { ...counter(3), thresholds: { "count==0": { ok: false }, "count<9": { ok: true } } };
    expect(judge(script("fanout"), { metrics: { userstatus_lost: lost } }, idle)).toEqual({
      failed: ["userstatus_lost: count==0"],
      limits: [],
    });
  });

  it.each([
    ["iterations were dropped", { dropped_iterations: counter(1) }, idle],
    ["it took 1.8 of 2 cores", {}, { ...idle, coresBusiest: 1.8 }],
    ["its own timers were late by 51 ms", { loadgen_lag_ms: trend(51) }, idle],
    ["2 watchers were not there", { userstatus_late: counter(2) }, idle],
  ])("says that k6 was the limit: %s", (words, metrics: K6Summary["metrics"], load) => {
    expect(judge(script("fanout"), { metrics }, load).limits.join()).toContain(words);
  });

  it("says nothing of k6 where it had room", () => {
    const metrics = { dropped_iterations: counter(0), loadgen_lag_ms: trend(49), userstatus_late: counter(0) };
    expect(judge(script("fanout"), { metrics }, { ...idle, coresBusiest: 1.6 }).limits).toEqual([]);
  });

  it("finds drift in a soak, and only there, of enough samples", () => {
    const metrics = (late: number, count: number): K6Summary["metrics"] => ({
      userstatus_publish_early_ms: trend(10, count),
      userstatus_publish_late_ms: trend(late, count),
    });
    const failed = (name: string, late: number, count = 100) =>
      judge(script(name), { metrics: metrics(late, count) }, idle).failed;
    expect(failed("soak", 41)).toEqual(["drift: p(95) of a change went from 10.0 to 41.0 ms"]);
    expect([failed("soak", 39), failed("fanout", 41), failed("soak", 41, 49)]).toEqual([[], [], []]);
  });
});

describe("the table", () => {
  it("tells each metric that there is in the units of people", () => {
    const metrics = { userstatus_fanout_ms: trend(12.34), userstatus_lost: counter(0) };
    expect(tableOf(script("fanout"), { metrics }).split("\n")).toEqual([
      "  from change to watcher  min 1.0 ms  med 2.0 ms  p(95) 12 ms  p(99) 1.50 s  max 2.00 s  (100)",
      "  statuses lost           0",
    ]);
  });

  it("tells a trend of nothing as nothing", () => {
    const metrics = { userstatus_fanout_ms: trend(0, 0) };
    expect(tableOf(script("fanout"), { metrics })).toBe("  from change to watcher  –");
  });

  it("tells what k6 took", () => {
    const text = loadText({ metrics: { loadgen_lag_ms: trend(3) } }, idle);
    expect(text).toBe("  k6 took 0.20 of 2 cores, 0.50 in its busiest 5 s, its timers 3.0 ms late at p(95)");
  });
});

describe("what CPU a process took", () => {
  it("is told on average and of the busiest five seconds", () => {
    let cpuS = 0;
    const meter = createCpuMeter(() => cpuS);
    for (let second = 0; second <= 20; second++) {
      meter.look(second * 1000);
      cpuS += second >= 10 && second < 15 ? 2 : 0.1;
    }
    const { cores, coresBusiest } = meter.told();
    expect(cores).toBeCloseTo((15 * 0.1 + 5 * 2) / 20);
    expect(coresBusiest).toBeCloseTo(2);
  });

  it("is nothing where it can't be known", () => {
    const meter = createCpuMeter(() => undefined);
    meter.look(0);
    expect(meter.told()).toEqual({ cores: 0, coresBusiest: 0 });
  });
});

describe("what k6 said first", () => {
  it("is told once for each kind of thing, without stack and ids", () => {
    const line = (id: number, level = "error") =>
      `time="t" level=${level} msg="Uncaught (in promise) Error: Login of k6mwyqnrq8-${id} was refused: no\\n\\tat call (file:1)" executor=x`;
    const log = [line(1), line(2), line(3, "info"), "level=error msg=\"thresholds on metrics 'x' have been crossed\""];
    expect(firstWords(log.join("\n"))).toEqual(["Login of USER was refused: no"]);
  });
});
