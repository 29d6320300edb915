// What the suite says of a server: in virtual time with all tools, in scaled time without any, and beside the reference server.
import { spawn } from "node:child_process";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { root } from "../../scripts/spec.ts";
import type { Command } from "./languages.ts";
import { type RunningServer, startServer } from "./servers.ts";
import type { JudgeRow } from "./table.ts";

const directory = join(root, ".cache/examples/judged");
const suite = join(root, "conformance/dist/cli.js");

/** A run of the suite against a server started for it. */
export interface JudgeRun {
  readonly name: string;
  readonly serverArgs: readonly string[];
  /** Options of the suite, beside the addresses of the server. */
  readonly suiteArgs: readonly string[];
  /** Without tools some requirements stay undecided; none may be broken all the same. */
  readonly verdicts: readonly string[];
}

/** The server by its address alone has users from a file, short durations, and limits that are soon reached. */
const usersMax = 1500;
/** Durations so short are waited for; a lease of 4.5 s still outlives the stalls of a busy machine. */
const scale = "0.06";

/** Those that keep the machine busy, and one that mostly waits. */
export function judgeRuns(): { readonly busy: readonly JudgeRun[]; readonly waiting: JudgeRun } {
  const tools = (profile: string): JudgeRun => ({
    name: `${profile}, virtual time`,
    serverArgs: ["--profile", profile],
    suiteArgs: ["--token-dev"],
    verdicts: ["CONFORMANT"],
  });
  return { busy: [tools("standard"), tools("zim")], waiting: byAddress() };
}

function byAddress(): JudgeRun {
  mkdirSync(directory, { recursive: true });
  const [idsFile, usersFile, profileFile] = ["ids.txt", "users.jsonl", "profile.json"].map((name) =>
    join(directory, name),
  ) as [string, string, string];
  const ids = Array.from({ length: usersMax }, (_, at) => `user-${at}`);
  writeFileSync(idsFile, `${ids.join("\n")}\n`);
  writeFileSync(usersFile, ids.map((id) => `${JSON.stringify({ id, fresh: true })}\n`).join(""));
  writeFileSync(profileFile, JSON.stringify(smallProfile()));
  return {
    name: "standard, scaled time, no tools",
    serverArgs: [
      ...["--profile-file", profileFile, "--scale-durations", scale],
      ...["--no-admin", "--no-test-clock", "--users", idsFile],
    ],
    suiteArgs: [
      ...["--token-dev", "--app", "examples", "--users", usersFile],
      ...["--tier", "scaled", "--time-budget", "15s", "--jobs", "32"],
    ],
    verdicts: ["CONFORMANT", "INCOMPLETE"],
  };
}

interface StandardProfile {
  name: string;
  readonly subscription: { maxSubscriptions: number; subscribeBatchMax: number };
  readonly rateLimits: { readonly procedure: string; maxCalls: number }[];
}

/** Own numbers, so that filling up costs few calls; and with them a name of its own. */
function smallProfile(): StandardProfile {
  const profile = JSON.parse(readFileSync(join(root, "proto/profiles/standard.json"), "utf8")) as StandardProfile;
  profile.name = "standard-small";
  profile.subscription.maxSubscriptions = 40;
  profile.subscription.subscribeBatchMax = 20;
  for (const limit of profile.rateLimits)
    if (limit.procedure !== "SetCustomStatus") limit.maxCalls = Math.min(limit.maxCalls, 20);
  return profile;
}

/** Starts the server, lets the suite judge it, and ends it. */
export async function judge(
  name: string,
  command: (args: readonly string[]) => Command,
  run: JudgeRun,
): Promise<JudgeRow> {
  const startedMs = performance.now();
  const row = { server: name, run: run.name };
  const done = (outcome: JudgeRow["outcome"], verdict: string, more: Partial<JudgeRow> = {}): JudgeRow => ({
    ...row,
    outcome,
    verdict,
    runMs: performance.now() - startedMs,
    ...more,
  });
  let server: RunningServer | undefined;
  try {
    server = await startServer({ name, start: command(run.serverArgs) });
    const file = join(directory, `${run.name.replaceAll(/\W+/g, "-")}.json`);
    const out = await runSuite(["run", ...addressesOf(server), ...run.suiteArgs, "--json", file]);
    const report = JSON.parse(readFileSync(file, "utf8")) as Report;
    const verdict = report.verdict.replace("VERDICT_", "");
    const { pass, fail, error } = report.checkCounts;
    const good = run.verdicts.includes(verdict) && fail === 0 && error === 0;
    const more = { passed: pass, failed: fail + error, ...(good ? {} : { note: out.text }) };
    return done(good ? "passed" : "failed", verdict, more);
  } catch (error) {
    return done("failed", "–", { note: String(error) });
  } finally {
    await server?.stop();
  }
}

/** The same seeded transcripts on two servers: passed if neither is wrong, and each does what the other does. */
export async function compareServers(a: RunningServer, b: RunningServer, budget: string): Promise<JudgeRow> {
  const startedMs = performance.now();
  const sides = [
    ["a", a],
    ["b", b],
  ] as const;
  const addresses = sides.flatMap(([side, { url, adminUrl, testingUrl }]) => [
    ...[`--${side}`, url],
    ...(adminUrl ? [`--${side}-admin-url`, adminUrl] : []),
    ...(testingUrl ? [`--${side}-testing-url`, testingUrl] : []),
  ]);
  const { code, text } = await runSuite([
    "compare",
    ...addresses,
    "--token-dev",
    "--seed",
    "examples",
    "--budget",
    budget,
  ]);
  const counts = /A wrong \d+, B wrong \d+, both wrong \d+, spec silent \d+/.exec(text)?.[0] ?? "no result";
  const same = code === 0 && counts === "A wrong 0, B wrong 0, both wrong 0, spec silent 0";
  return {
    server: `${a.name} and ${b.name}`,
    run: "compare",
    outcome: same ? "passed" : "failed",
    verdict: same ? "no difference" : counts,
    runMs: performance.now() - startedMs,
    ...(same ? {} : { note: text }),
  };
}

interface Report {
  readonly verdict: string;
  readonly checkCounts: { readonly pass: number; readonly fail: number; readonly error: number };
}

function addressesOf({ url, adminUrl, testingUrl }: RunningServer): string[] {
  return [
    ...["--url", url],
    ...(adminUrl === undefined ? [] : ["--admin-url", adminUrl]),
    ...(testingUrl === undefined ? [] : ["--testing-url", testingUrl]),
  ];
}

/** Most characters of what the suite says that are kept. */
const textMax = 20_000;

function runSuite(args: readonly string[]): Promise<{ code: number | null; text: string }> {
  const child = spawn(process.execPath, [suite, ...args], { cwd: root, stdio: ["ignore", "pipe", "pipe"] });
  let text = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (chunk: string) => {
      text = (text + chunk).slice(-textMax);
    });
  }
  return new Promise((resolve, reject) => {
    child.once("error", reject);
    child.once("close", (code) => resolve({ code, text }));
  });
}
