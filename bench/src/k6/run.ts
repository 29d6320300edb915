// Runs one script: makes its plan, starts k6, waits, and judges.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { availableParallelism, cpus } from "node:os";
import { join } from "node:path";
import { cpuSecondsOf, createCpuMeter } from "./cpu.ts";
import type { K6Options } from "./options.ts";
import { type Planned, planOf } from "./plan.ts";
import type { Script } from "./scripts.ts";
import { register, type Target, tryOne } from "./server.ts";
import { type K6Summary, loadText, tableOf } from "./table.ts";
import { usersOf } from "./users.ts";
import { judge, type Load, type Verdict } from "./verdict.ts";

export interface RunContext {
  readonly root: string;
  readonly k6: string;
  readonly options: K6Options;
  readonly target: Target;
  readonly say: (text: string) => void;
}

export interface ScriptResult {
  readonly script: string;
  readonly verdict: Verdict;
}

/** k6 says with this code that a threshold did not hold; every other but 0 means that it did not run to its end. */
const thresholdsExitCode = 99;

export async function runScript(script: Script, { root, k6, options, target, say }: RunContext): Promise<ScriptResult> {
  const planned = planOf(script, options, target.info);
  const directory = join(options.out ?? join(root, ".cache/k6/out"), script.name);
  mkdirSync(directory, { recursive: true });
  const run = `k6${Date.now().toString(36)}`;
  const users = await usersOf(options, run, planned.users);
  await register(target, options, users);
  await tryOne(target, options, users);
  const files = {
    script: join(root, `bench/k6/scripts/${script.name}.ts`),
    plan: join(directory, "plan.json"),
    summary: join(directory, "k6.json"),
    dashboard: join(directory, "dashboard.html"),
    log: join(directory, "k6.log"),
  };
  say(`${script.name}: ${describe(script, planned)}`);
  for (const stale of [files.summary, files.dashboard, files.log]) rmSync(stale, { force: true });
  // Tokens are in it: for its owner only, and gone afterwards.
  writeFileSync(
    files.plan,
    JSON.stringify({ plan: planFileOf(planned, { root, run, files, target, options }), users }),
    {
      mode: 0o600,
    },
  );
  const load = await runK6(k6, files, options.verbose).finally(() => rmSync(files.plan, { force: true }));
  const measured = readSummary(files.summary);
  const verdict = judge(script, measured, load);
  const result = {
    script: script.name,
    startedAt: load.startedAt,
    machine: {
      cpu: cpus()[0]?.model ?? "unknown",
      cores: cpus().length,
      node: process.versions.node,
      k6: versionOf(k6),
    },
    server: {
      name: target.info.serverName,
      version: target.info.serverVersion,
      specVersion: target.info.specVersion,
      profile: target.info.profile?.name,
    },
    planned,
    load,
    verdict,
    metrics: measured.metrics,
  };
  writeFileSync(join(directory, "summary.json"), `${JSON.stringify(result, null, 2)}\n`);
  say(tableOf(script, measured));
  say(loadText(measured, load));
  for (const failed of verdict.failed) say(`  FAILED ${failed}`);
  if (verdict.failed.length > 0) say(firstWords(files.log));
  for (const limit of verdict.limits) say(`  k6 WAS THE LIMIT: ${limit}`);
  say(`  in ${directory}: summary.json, dashboard.html, k6.json, k6.log`);
  return { script: script.name, verdict };
}

interface PlanContext {
  readonly root: string;
  readonly run: string;
  readonly files: { readonly summary: string };
  readonly target: Target;
  readonly options: K6Options;
}

/** What the scripts read. */
function planFileOf(planned: Planned, { root, run, files, target, options }: PlanContext): object {
  const { batch, rate, rounds, durationS, each: targetsEach } = planned.sizes;
  return {
    ...planned,
    ...{ url: target.url, run, summary: files.summary, protoset: protosetOf(root), insecure: options.insecure },
    ...{ durationS, rate, rounds, batch, targetsEach },
  };
}

function versionOf(k6: string): string {
  return /v\d\S*/.exec(spawnSync(k6, ["version"], { encoding: "utf8" }).stdout ?? "")?.[0] ?? "unknown";
}

const wordsMax = 5;

/** Without the frame of a log, the stack, and what names a user. */
export function wordsOf(line: string): string {
  const words = /msg="?(.*?)"?( source=| executor=|$)/.exec(line)?.[1] ?? line;
  const first = words.split("\\n", 1)[0] ?? words;
  return first
    .replace(/^(?:Uncaught \(in promise\) )?(?:Error: )?/, "")
    .replace(/\bk6[0-9a-z]{8}-\d+\b/g, "USER")
    .replaceAll('\\"', '"');
}

/** What k6 said first, each kind of thing once: the reason of a failure is mostly there. */
function firstWords(log: string): string {
  const said = readFileSync(log, "utf8")
    .split("\n")
    .filter((line) => /level=(error|warning)/.test(line));
  const words = said.map(wordsOf).filter((words) => !words.startsWith("thresholds on metrics"));
  const shown = [...new Set(words)].slice(0, wordsMax).map((line) => `  k6: ${line.slice(0, 200)}`);
  return shown.length > 0 ? shown.join("\n") : "  k6 said nothing more";
}

function describe(script: Script, { sizes, rampS, users, transports }: Planned): string {
  const { watchers, targets, each, rate, durationS, batch } = sizes;
  const crowd =
    watchers > 0
      ? `${watchers} watchers, each of ${each} of ${targets} users, there within ${rampS} s; `
      : `${users.callers} callers, batches of ${batch} of ${targets} users, over ${transports.join(" and ")}; `;
  return `${script.summary}\n  ${crowd}${rate > 0 ? `${rate} a second, ` : ""}${durationS} s`;
}

function readSummary(path: string): K6Summary {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as K6Summary;
  } catch {
    throw new Error("k6 left no summary (--verbose shows what it says)");
  }
}

/** Descriptors of the protocol for k6. */
function protosetOf(root: string): string {
  const path = join(root, ".cache/k6/userstatus.binpb");
  const args = ["build", "--as-file-descriptor-set", "-o", path];
  const { status, stderr } = spawnSync(join(root, "node_modules/.bin/buf"), args, { cwd: root, encoding: "utf8" });
  if (status !== 0) throw new Error(`buf build: ${stderr}`);
  return path;
}

const offline = { K6_NO_USAGE_REPORT: "true", K6_AUTO_EXTENSION_RESOLUTION: "false" };

interface K6Files {
  readonly script: string;
  readonly plan: string;
  readonly dashboard: string;
  readonly log: string;
}

async function runK6(k6: string, files: K6Files, verbose: boolean): Promise<Load & { readonly startedAt: string }> {
  const startedAt = new Date().toISOString();
  const child = spawn(k6, ["run", "--quiet", "--no-color", "--log-format=logfmt", files.script], {
    env: {
      ...process.env,
      ...offline,
      ...{ K6_WEB_DASHBOARD: "true", K6_WEB_DASHBOARD_PORT: "-1", K6_WEB_DASHBOARD_PERIOD: "1s" },
      K6_WEB_DASHBOARD_EXPORT: files.dashboard,
      USERSTATUS_PLAN: files.plan,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      if (verbose) process.stderr.write(text);
      // What came first is what explains.
      if (said.length < saidMax) said += text;
    });
  }
  const meter = createCpuMeter(() => (child.pid === undefined ? undefined : cpuSecondsOf(child.pid)));
  const look = setInterval(() => meter.look(performance.now()), lookEachMs);
  // Stopped from outside, k6 is stopped too, and its summary still written.
  const stop = (): void => void child.kill("SIGINT");
  process.on("SIGINT", stop).on("SIGTERM", stop);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).finally(() => {
    clearInterval(look);
    process.off("SIGINT", stop).off("SIGTERM", stop);
    writeFileSync(files.log, said);
  });
  if (code !== 0 && code !== thresholdsExitCode) throw new Error(`k6 ended with ${code}\n${firstWords(files.log)}`);
  return { startedAt, ...meter.told(), coresThere: availableParallelism() };
}

/** Characters of what k6 says that are kept. */
const saidMax = 1_000_000;
const lookEachMs = 500;
