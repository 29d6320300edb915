// `npm run cluster`: several servers on one Redis, with a balancer that sends each call to one of them at random, all on this machine.
import { spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { startBalancer } from "./balancer.ts";
import { type RunningNode, startNode, startRedis, startRedisCluster } from "./processes.ts";

const usage = `Usage: npm run cluster -- [OPTIONS] [-- OPTIONS OF THE SUITE]

Starts a Redis, several reference servers on it, and a balancer that sends each call to one of them at random; then the conformance suite judges what the balancer shows.

  --nodes N        servers (3)
  --profile NAME   of all of them (standard)
  --masters N      on a Redis Cluster of so many masters, in place of one Redis
  --redis URL      use this Redis (redis://…, or redis+cluster://HOST:PORT,HOST:PORT), in place of one that is started and keeps nothing
  --keep           judge nothing: stay up and say where, until Ctrl-C
  --help

Exit code: that of the suite.
`;

const { values, positionals } = parseArgs({
  allowPositionals: true,
  options: {
    nodes: { type: "string", default: "3" },
    profile: { type: "string", default: "standard" },
    masters: { type: "string" },
    redis: { type: "string" },
    keep: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

const root = fileURLToPath(new URL("../../../..", import.meta.url));
if (values.help) process.stdout.write(usage);
else process.exitCode = await run();
process.exit();

async function run(): Promise<number> {
  const stops: (() => Promise<void>)[] = [];
  const directory = mkdtempSync(join(tmpdir(), "userstatus-cluster-"));
  stops.push(async () => rmSync(directory, { recursive: true, force: true }));
  try {
    const store = values.redis ?? (await startStore(directory, stops));
    const program = join(root, "reference-server/dist/main.js");
    const args = ["--store", store, "--profile", values.profile, "--keep-alive", "2s", "--log-level", "warn"];
    const nodes: RunningNode[] = [];
    for (let at = 0; at < Number(values.nodes); at++) {
      const node = await startNode(program, args);
      nodes.push(node);
      stops.push(node.stop);
    }
    const user = await startBalancer({ servers: nodes.map(({ url }) => url), random: Math.random });
    const admin = await startBalancer({ servers: nodes.map(({ adminUrl }) => adminUrl), random: Math.random });
    stops.push(user.close, admin.close);
    console.log(
      `${nodes.length} servers on ${values.redis === undefined ? "a Redis of their own" : "the Redis given"}${values.masters === undefined ? "" : `, of ${values.masters} masters`}:`,
    );
    for (const { url, adminUrl, pid } of nodes)
      console.log(`  ${url}  admin and test clock ${adminUrl}  process ${pid}`);
    const tools = ["--url", user.url, "--admin-url", admin.url, "--testing-url", admin.url, "--token-dev"];
    console.log(`balanced: ${tools.join(" ")}`);
    if (values.keep) {
      await Promise.race([once(process, "SIGINT"), once(process, "SIGTERM")]);
      return 0;
    }
    const report = join(directory, "report.json");
    // Many processes share this machine: it is not speed that is judged.
    const judged = ["--profile", values.profile, "--patience", "20s", "--json", report, ...positionals];
    const suite = [join(root, "conformance/dist/cli.js"), "run", ...tools, ...judged];
    const [code] = (await once(spawn(process.execPath, suite, { stdio: "inherit" }), "exit")) as [number | null];
    console.log(`calls to each server: ${user.counts().join(", ")}`);
    console.log(countsLine(report));
    return code ?? 5;
  } finally {
    for (const stop of stops.toReversed()) await stop();
  }
}

/** Starts what the servers share; answers its URL. */
async function startStore(directory: string, stops: (() => Promise<void>)[]): Promise<string> {
  if (values.masters === undefined) {
    const redis = await startRedis(directory);
    stops.push(redis.stop);
    return `redis://127.0.0.1:${redis.port}`;
  }
  const masters = await startRedisCluster(directory, Number(values.masters));
  for (const { stop } of masters) stops.push(stop);
  return `redis+cluster://${masters.map(({ port }) => `127.0.0.1:${port}`).join(",")}`;
}

/** `N passed, N failed`, of the suite's report. */
function countsLine(report: string): string {
  if (!existsSync(report)) return "0 passed, 1 failed";
  const { checkCounts } = JSON.parse(readFileSync(report, "utf8")) as { checkCounts: Record<string, number> };
  const { pass = 0, fail = 0, error = 0 } = checkCounts;
  return `${pass} passed, ${fail + error} failed`;
}
