// Runs one script: makes its plan, starts k6, waits, and judges.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join, resolve } from "node:path";
import type { K6Options } from "./options.ts";
import { type Planned, planOf } from "./plan.ts";
import { firstWords, runK6, versionOf } from "./process.ts";
import type { Script } from "./scripts.ts";
import { register, type Target, tryOne } from "./server.ts";
import { type K6Summary, loadText, tableOf } from "./table.ts";
import { usersOf } from "./users.ts";
import { judge, type Verdict } from "./verdict.ts";

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

export async function runScript(script: Script, { root, k6, options, target, say }: RunContext): Promise<ScriptResult> {
  const startedAt = new Date().toISOString();
  const planned = planOf(script, options, target.info);
  // k6 takes relative paths from where a script is.
  const directory = resolve(options.out ?? join(root, ".cache/k6/out"), script.name);
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
  for (const stale of [files.plan, files.summary, files.dashboard, files.log]) rmSync(stale, { force: true });
  const plan = planFileOf(planned, { root, run, files, target, options });
  // Tokens are in it: for its owner only, and gone afterwards.
  writeFileSync(files.plan, JSON.stringify({ plan, users }), { mode: 0o600 });
  const load = await runK6(k6, files, options.verbose).finally(() => rmSync(files.plan, { force: true }));
  const measured = readSummary(files.summary);
  const verdict = judge(script, measured, load);
  const result = {
    script: script.name,
    startedAt,
    ...aboutRun(k6, target),
    planned,
    load,
    verdict,
    metrics: measured.metrics,
  };
  writeFileSync(join(directory, "summary.json"), `${JSON.stringify(result, null, 2)}\n`);
  say(tableOf(script, measured));
  say(loadText(measured, load));
  for (const failed of verdict.failed) say(`  FAILED ${failed}`);
  if (verdict.failed.length > 0) for (const words of firstWords(readFileSync(files.log, "utf8"))) say(`  k6: ${words}`);
  for (const limit of verdict.limits) say(`  k6 WAS THE LIMIT: ${limit}`);
  say(`  in ${directory}: summary.json, dashboard.html, k6.json, k6.log`);
  return { script: script.name, verdict };
}

/** What the figures are of. */
function aboutRun(k6: string, { info }: Target): object {
  const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.versions.node };
  return {
    machine: { ...machine, k6: versionOf(k6) },
    server: {
      name: info.serverName,
      version: info.serverVersion,
      specVersion: info.specVersion,
      profile: info.profile?.name,
    },
  };
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
