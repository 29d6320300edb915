// Runs one script: makes its plan, starts k6, waits, and judges.
import { spawn, spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import type { K6Options } from "./options.ts";
import { planOf } from "./plan.ts";
import type { Script } from "./scripts.ts";
import { register, type Target } from "./server.ts";
import { usersOf } from "./users.ts";
import { judge, type K6Summary, type Load, tableOf, type Verdict } from "./verdict.ts";

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
  const { sizes } = planned;
  const directory = join(options.out ?? join(root, ".cache/k6/out"), script.name);
  mkdirSync(directory, { recursive: true });
  const run = `k6${Date.now().toString(36)}`;
  const counts = { watchers: sizes.watchers, targets: sizes.targets, callers: planned.callers };
  const users = await usersOf(options, run, counts);
  await register(target, options, users);
  const [summary, dashboard] = [join(directory, "k6.json"), join(directory, "dashboard.html")];
  const planFile = join(directory, "plan.json");
  const { batch, rate, rounds, durationS } = sizes;
  const plan = {
    ...planned,
    ...{ url: target.url, run, summary, protoset: protosetOf(root), transports: options.transports },
    ...{ durationS, rate, rounds, batch, targetsEach: sizes.each },
  };
  // Tokens are in it: for its owner only, and gone afterwards.
  writeFileSync(planFile, JSON.stringify({ plan, users }), { mode: 0o600 });
  rmSync(summary, { force: true });
  say(`${script.name}: ${describe(script, planned)}`);
  const load = await runK6(
    k6,
    join(root, `bench/k6/scripts/${script.name}.ts`),
    { planFile, dashboard },
    options.verbose,
  );
  rmSync(planFile, { force: true });
  const measured = readSummary(summary);
  const verdict = judge(script, measured, load);
  const result = {
    script: script.name,
    server: target.info.serverName,
    profile: target.info.profile?.name,
    sizes,
    load,
    verdict,
    metrics: measured.metrics,
  };
  writeFileSync(join(directory, "summary.json"), `${JSON.stringify(result, null, 2)}\n`);
  say(tableOf(script, measured));
  say(`  k6 took ${load.cores.toFixed(2)} of ${load.coresThere} cores; dashboard in ${dashboard}`);
  for (const failed of verdict.failed) say(`  FAILED ${failed}`);
  for (const limit of verdict.limits) say(`  k6 WAS THE LIMIT: ${limit}`);
  return { script: script.name, verdict };
}

function describe(script: Script, { sizes, rampS }: ReturnType<typeof planOf>): string {
  const { watchers, targets, each, rate, durationS, batch } = sizes;
  const crowd =
    watchers > 0
      ? `${watchers} watchers, each of ${each} of ${targets} users, there within ${rampS} s; `
      : `batches of ${batch}; `;
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

async function runK6(
  k6: string,
  script: string,
  { planFile, dashboard }: { planFile: string; dashboard: string },
  verbose: boolean,
): Promise<Load> {
  const child = spawn(k6, ["run", "--quiet", "--no-color", script], {
    env: {
      ...process.env,
      ...offline,
      ...{ K6_WEB_DASHBOARD: "true", K6_WEB_DASHBOARD_PORT: "-1", K6_WEB_DASHBOARD_PERIOD: "1s" },
      K6_WEB_DASHBOARD_EXPORT: dashboard,
      USERSTATUS_PLAN: planFile,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      if (verbose) process.stderr.write(text);
      said = (said + text).slice(-saidMax);
    });
  }
  const startedMs = performance.now();
  let cpuS = 0;
  const look = setInterval(() => {
    cpuS = child.pid === undefined ? cpuS : (cpuSecondsOf(child.pid) ?? cpuS);
  }, 500);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  });
  clearInterval(look);
  if (code !== 0 && code !== thresholdsExitCode) throw new Error(`k6 ended with ${code}\n${said.trimEnd()}`);
  return { cores: cpuS / ((performance.now() - startedMs) / 1000), coresThere: cpus().length };
}

/** Characters of what k6 says that are shown when it fails. */
const saidMax = 4000;
/** Of Linux, the same on every machine that runs Node. */
const ticksEachS = 100;

/** User and system time; undefined: there is no such file, as on other systems. */
function cpuSecondsOf(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / ticksEachS;
  } catch {
    return undefined;
  }
}
