import { Code, ConnectError } from "@connectrpc/connect";
import { afterEach, beforeEach, expect, test } from "vitest";
import { createRandom } from "../bench/random.ts";
import type { Bench, Check } from "../check.ts";
import { Inconclusive } from "../failure.ts";
import { devTokens } from "../identity/tokens.ts";
import type { Report, ReportedCheck } from "../report/model.ts";
import type { TestTarget } from "../testing/null-server.ts";
import { silentListener } from "../testing/silent-listener.ts";
import { startYesServer } from "../testing/yes-server.ts";
import { type SuiteOptions, TargetUnreachable } from "./options.ts";
import { shuffle } from "./runner.ts";
import { isOfACheck } from "./stray.ts";
import { prepare, runPrepared } from "./suite.ts";

let server: TestTarget;
beforeEach(async () => {
  server = await startYesServer({ plausible: true });
});
afterEach(() => server.close());

async function judge(checks: readonly Check[], more: Partial<SuiteOptions> = {}): Promise<Report> {
  const { url } = server;
  const options: SuiteOptions = { url, adminUrl: url, testingUrl: url, tokens: devTokens(), patienceMs: 500, ...more };
  return await runPrepared(await prepare(options, checks), options, silentListener);
}

function check(name: string, run: (t: Bench) => Promise<void>, more: Partial<Check> = {}): Check {
  return { id: `query-result/${name}`, title: name, run, ...more };
}

function found(report: Report, name: string): ReportedCheck {
  const entry = report.checks.find(({ id }) => id === `query-result/${name}`);
  if (entry === undefined) throw new Error(`no result of ${name}`);
  return entry;
}

test("a failure that does not come again is FLAKY, one that does is FAIL, and what never decided is NOT_TESTABLE", async () => {
  const runs = { once: 0, unsure: 0 };
  const report = await judge([
    check("once", async (t) => t.ok(++runs.once > 1, "it works the second time")),
    check("always", async (t) => t.equal<number>(1, 2, "a number")),
    check("unsure", async () => {
      runs.unsure++;
      throw new Inconclusive("too slow");
    }),
  ]);
  expect(found(report, "once")).toMatchObject({ outcome: "FLAKY", runs: [{ attempts: 2 }] });
  expect(found(report, "always")).toMatchObject({
    outcome: "FAIL",
    runs: [{ attempts: 2, failure: { expected: "2", got: "1" } }],
  });
  expect(found(report, "unsure")).toMatchObject({
    outcome: "NOT_TESTABLE",
    runs: [{ attempts: 2, reason: "too slow" }],
  });
  expect(report.verdict).toBe("NON_CONFORMANT");
});

test("faults of the suite are ERROR, never FAIL: what was not declared, what is not a function", async () => {
  const report = await judge([
    check("undeclared-tool", async (t) => void (await t.admin.register(["a"]))),
    check("undeclared-time", async (t) => t.time.pass(5)),
    check("undeclared-fresh", async (t) => void (await t.user({ fresh: true }))),
    check("broken", async () => {
      throw new TypeError("x is not a function");
    }),
  ]);
  for (const { id, outcome } of report.checks.filter(({ requirement }) => requirement === "query-result")) {
    expect([id, outcome]).toEqual([id, "ERROR"]);
  }
  expect(found(report, "undeclared-time").runs[0]?.reason).toContain("timeMs");
  expect(report.verdict).toBe("INCOMPLETE");
});

test("a check decides as seeded, in an app and with users of its own, over the transport that follows from the seed", async () => {
  const seen: unknown[] = [];
  const look = (name: string): Check =>
    check(
      name,
      async (t) => void seen.push([t.wire.transport, t.random.text(6), (await t.user()).id, t.unregisteredId()]),
    );
  await judge([look("a"), look("b")], { seed: "s", jobs: 1 });
  await judge([look("a"), look("b")], { seed: "s", jobs: 1 });
  const [a1, b1, a2, b2] = seen as [string, string, string, string][];
  expect([a1?.slice(0, 2), b1?.slice(0, 2)]).toEqual([a2?.slice(0, 2), b2?.slice(0, 2)]);
  expect(new Set((seen as string[][]).map(([, , id]) => id)).size).toBe(4);
});

test("the clock stands still in the virtual tier, and runs for a check in real time", async () => {
  const times: Record<string, number> = {};
  const pass = (name: string, more: Partial<Check>): Check =>
    check(
      name,
      async (t) => {
        const start = await t.time.now();
        await t.time.pass(30);
        times[name] = (await t.time.now()) - start;
        t.equal(t.time.tier, more.realTime === true ? "real" : "virtual", "the tier");
      },
      { timeMs: () => 30, ...more },
    );
  const report = await judge([pass("frozen", {}), pass("running", { realTime: true })]);
  expect(report.tier).toBe("virtual");
  expect(times.frozen).toBe(30);
  expect(times.running).toBeGreaterThanOrEqual(30);
});

test("where one clock is the whole server's, what needs it to run is tried again before anybody stops it", async () => {
  await server.close();
  server = await startYesServer({ plausible: true, serverClock: true });
  const order: string[] = [];
  const report = await judge([
    check("frozen", async () => void order.push("frozen"), { timeMs: () => 1 }),
    check(
      "running",
      async () => {
        order.push("running");
        if (order.length === 1) throw new Inconclusive("too slow");
      },
      { realTime: true, timeMs: () => 1 },
    ),
  ]);
  expect(order).toEqual(["running", "running", "frozen"]);
  expect(found(report, "running").outcome).toBe("PASS");
});

test("a check over every transport has a run for each", async () => {
  const report = await judge([check("everywhere", async () => undefined, { everyTransport: true })]);
  expect(found(report, "everywhere").runs.map(({ transport }) => transport)).toEqual([
    "connect-json-h1",
    "connect-proto-h1",
  ]);
});

test("a server that dies is told in words, and nothing more is asked of it", async () => {
  let later = 0;
  // A seed under which the first check stays the first.
  const seed = ["a", "b", "c", "d", "e"].find((text) => shuffle([0, 1], createRandom(text, "order"))[0] === 0) ?? "";
  const dying = check("dies", async (t) => {
    await server.close();
    await t.session();
  });
  const report = await judge([dying, check("later", async () => void later++)], { jobs: 1, seed });
  expect(found(report, "dies").outcome).toBe("FAIL");
  expect(found(report, "later")).toMatchObject({
    outcome: "NOT_TESTABLE",
    runs: [{ reason: "the server had stopped answering" }],
  });
  expect(report.died?.during).toEqual(["query-result/dies"]);
  expect(later).toBe(0);
  server = await startYesServer({ plausible: true });
});

test("what a check left behind is told apart from faults of the suite", () => {
  expect(isOfACheck(new Inconclusive("late"))).toBe(true);
  expect(isOfACheck(new ConnectError("refused", Code.Internal))).toBe(true);
  expect(isOfACheck(new TypeError("x is not a function"))).toBe(false);
});

test("the server must name the profile it is judged as", async () => {
  const report = await judge([], { profile: "zim" });
  expect(report.checks.find(({ id }) => id === "info-values/named-profile")).toMatchObject({
    outcome: "FAIL",
    runs: [{ failure: { expected: "zim", got: "standard" } }],
  });
});

test("an admin address that was given and does not answer ends the run before it begins", async () => {
  await expect(judge([], { adminUrl: "http://127.0.0.1:1" })).rejects.toThrow(TargetUnreachable);
});
