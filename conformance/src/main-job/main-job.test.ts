import { createServer } from "node:net";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import type { Report } from "../report/model.ts";
import { TargetUnreachable } from "../run/options.ts";
import { jobRuns, serverCommand } from "./job-runs.ts";
import { quietPort } from "./quiet-port.ts";
import { listeningLine, startServer } from "./server-process.ts";
import { jobExitCode, verdictTable } from "./verdict-table.ts";

test("every published profile is run whole, and two policies by their own checks", () => {
  const runs = jobRuns();
  expect(runs.map(({ name }) => name)).toEqual([
    "standard",
    "zim",
    "tencent-native",
    "tencent-unity",
    "tencent-web",
    "tencent-web-v2",
    "zim, one session",
    "tencent-native, many sessions",
    "standard, durable",
  ]);
  expect(runs.filter(({ only }) => only !== undefined).map(({ only }) => only)).toEqual([["session-*"], ["session-*"]]);
  expect(runs.filter(({ store }) => store === "embedded").map(({ name }) => name)).toEqual(["standard, durable"]);
  expect(jobRuns({ profiles: ["standard", "zim"], store: "embedded" }).map(({ name, store }) => [name, store])).toEqual(
    [
      ["standard", "embedded"],
      ["zim", "embedded"],
      ["zim, one session", "embedded"],
    ],
  );
  expect(jobRuns({ profiles: ["zim"] }).map(({ name }) => name)).toEqual(["zim", "zim, one session"]);
  expect(jobRuns({ brief: true }).map(({ name }) => name)).toEqual([
    "standard",
    "zim",
    "zim, one session",
    "tencent-native, many sessions",
  ]);
});

test("a server is started by its own file, or by a command that gets the same arguments", () => {
  const [run] = jobRuns({ profiles: ["zim"] });
  if (run === undefined) throw new Error("no run");
  const own = serverCommand(run, "/repo", undefined);
  expect(own).toMatchObject({ file: process.execPath, cwd: "/repo" });
  expect(own.args.slice(0, 2)).toEqual(["reference-server/dist/main.js", "--dev"]);
  expect(own.args).toEqual(expect.arrayContaining(["--profile", "zim", "--keep-alive", "2s"]));
  const other = serverCommand(run, "/repo", "my-server --fast");
  expect(other.args.slice(0, 3)).toEqual(["-c", 'exec my-server --fast "$@"', "sh"]);
  expect(other.args.slice(3)).toEqual(own.args.slice(1));
  const again = serverCommand(run, "/repo", undefined, { dataDir: "/d", url: "http://a:1", adminUrl: "http://a:2" });
  const listens = ["--dev", "--listen", "a:1", "--admin-listen", "a:2", "--testing-listen", "a:2", "--data", "/d"];
  expect(again.args.slice(1, 1 + listens.length)).toEqual(listens);
});

test("a port for a server that restarts is free, and none of those for outgoing connections", async () => {
  const port = await quietPort();
  expect(port).toBeGreaterThanOrEqual(20_000);
  expect(port).toBeLessThan(32_768);
  const taken = createServer();
  await new Promise<void>((resolve) => taken.listen(20_000, "127.0.0.1", resolve));
  const draws = [0, 0, 0.5];
  expect(await quietPort(() => draws.shift() ?? 0.9)).toBe(26_000);
  taken.close();
});

test("the line that tells where a server listens is found among others", () => {
  expect(listeningLine('{"event":"listening","url":"http://a","adminUrl":"http://b"}')).toEqual({
    url: "http://a",
    adminUrl: "http://b",
    testingUrl: undefined,
  });
  for (const line of ["hello", "{", '{"event":"other","url":"http://a"}', '{"event":"listening"}'])
    expect(listeningLine(line)).toBeUndefined();
});

test("a server is started, and stopped by its id", async () => {
  const script = fileURLToPath(new URL("../testing/fake-listener.mjs", import.meta.url));
  const server = await startServer({ file: process.execPath, args: [script], cwd: "/" });
  expect(server).toMatchObject({ url: "http://127.0.0.1:1", adminUrl: "http://127.0.0.1:2" });
  await server.stop();
  await server.stop();
  await server.kill();
});

test("a server that ends at once is told with its own complaint", async () => {
  const started = startServer({ file: "sh", args: ["-c", "echo no such profile >&2; exit 7"], cwd: "/" });
  await expect(started).rejects.toThrow(TargetUnreachable);
  await expect(started).rejects.toThrow(/ended with 7.*no such profile/s);
});

test("the job ends well only if every run is conformant", () => {
  const counts = { PASS: 3, FAIL: 0, WARN: 0, FLAKY: 0, ERROR: 0, NOT_TESTABLE: 1, NOT_APPLICABLE: 2 };
  const report = (verdict: Report["verdict"]) =>
    ({ counts: { checks: counts, requirements: counts }, tier: "virtual", durationMs: 1500, verdict }) as Report;
  const good = { name: "zim", report: report("CONFORMANT") };
  expect(jobExitCode([good, good])).toBe(0);
  expect(jobExitCode([good, { name: "x", report: report("INCOMPLETE") }])).toBe(3);
  expect(jobExitCode([good, { name: "x", report: report("NON_CONFORMANT") }, { name: "y", report: undefined }])).toBe(
    1,
  );
  expect(jobExitCode([good, { name: "y", report: undefined, fault: "did not start" }])).toBe(4);
  expect(jobExitCode([])).toBe(3);
  expect(verdictTable([good])).toMatch(/zim +3 +0 +0 +2 +1 +3 of 4 +virtual +1\.5 +CONFORMANT$/);
});
