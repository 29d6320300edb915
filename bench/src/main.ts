// `npm run bench`: what one change costs a server that tells it to many, beside raw floors in the same run.
import { writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { canPin, pinLoad, profiles } from "./children.ts";
import { derivedCosts } from "./costs/derived.ts";
import { costRows } from "./costs/index.ts";
import type { CostRow } from "./costs/sides.ts";
import { type Effort, measureRow, type Row, type RowOptions } from "./fanout.ts";
import { contest, contests } from "./peers/rows.ts";
import { publish } from "./publish.ts";
import { type Results, tableMarkdown, tableText } from "./table.ts";

const usage = `Usage: npm run bench -- [OPTIONS]

Starts the reference server, opens watchers of one user (or of 16), changes his status again and again, and tells what CPU each delivery took;
in turns with a process that writes ready bytes to as many streams (the floor), and with a server that makes every frame for each watcher through the
RPC library (naive). Then the same beside servers that others made (grpc-go, connect-go, @grpc/grpc-js, ws, NATS, mosquitto, Redis; those that are
not here are left out, and it says how to get them), and what calls, openings and idle Watches cost, beside the same on the RPC library alone or on
node:http2. Linux. With two cores or more the servers have one and the load another.

  --only TEXT       rows whose name has TEXT, such as gRPC, HTTP, bursts, beside, query, heartbeats, herd, idle,
                    latency, stalled, memory, logins, servers
  --no-peers        without the servers that others made
  --watchers N      of each row (1000)
  --crowd N         sessions and Watches in the rows of very many: idle, herd, heartbeats, logins (20000)
  --changes N       that pass watchers who read nothing, in the row of what memory is left after them (20000); each tenth is told
  --turns N         each subject is measured so often; medians are told (5)
  --quick           few watchers and turns: whether it works, not how fast; ends with "N passed, N failed", the rows that were measured
  --profile DIR     writes CPU profiles of the servers, too
  --json FILE       results for programs
  --markdown FILE   results as a table
  --publish         writes them to docs/benchmarks.json, its page and README; what was not measured stays
  --help
`;

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    "no-peers": { type: "boolean", default: false },
    watchers: { type: "string", default: "1000" },
    crowd: { type: "string", default: "20000" },
    changes: { type: "string", default: "20000" },
    turns: { type: "string", default: "5" },
    quick: { type: "boolean", default: false },
    profile: { type: "string" },
    json: { type: "string" },
    markdown: { type: "string" },
    publish: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

function rows(watchers: number): RowOptions[] {
  const [single, burst] = [1, 16];
  const muxed = Math.max(1, Math.round(watchers / 20));
  return [
    {
      name: "gRPC, a connection each",
      kind: "grpc",
      connections: watchers,
      watchers,
      burst: single,
      goal: 1.15,
      naive: true,
    },
    {
      name: "Connect h2c, a connection each",
      kind: "connect",
      connections: watchers,
      watchers,
      burst: single,
      goal: 1.15,
      naive: true,
    },
    {
      name: "Connect HTTP/1.1",
      kind: "connect-h1",
      connections: watchers,
      watchers,
      burst: single,
      goal: 1.25,
      naive: true,
    },
    {
      name: "gRPC, 20 streams a connection",
      kind: "grpc",
      connections: muxed,
      watchers,
      burst: single,
      goal: 1.3,
      naive: true,
    },
    { name: "gRPC, bursts of 16", kind: "grpc", connections: watchers, watchers, burst, naive: true },
    {
      name: "Connect HTTP/1.1, bursts of 16",
      kind: "connect-h1",
      connections: watchers,
      watchers,
      burst,
      naive: true,
    },
  ];
}

if (values.help) process.stdout.write(usage);
else await run();

async function run(): Promise<void> {
  const watchers = values.quick ? 50 : Number(values.watchers);
  const crowd = values.quick ? 100 : Number(values.crowd);
  const effort: Effort = values.quick
    ? { turns: 1, statuses: 2000 }
    : { turns: Number(values.turns), statuses: 60_000 };
  pinLoad();
  profiles.directory = values.profile;
  const done: Row[] = [];
  const say = (text: string): void => void process.stderr.write(`${text}\n`);
  const wanted = ({ name }: { readonly name: string }): boolean => name.includes(values.only);
  for (const row of rows(watchers).filter(wanted)) done.push(await measureRow(row, effort, say));
  const costs: CostRow[] = [];
  const [calls, changes] = values.quick ? [200, 1000] : [4000, Number(values.changes)];
  const costEffort = { turns: effort.turns, calls, changes, watchers, crowd };
  costs.push(...derivedCosts(done));
  const besides = values["no-peers"] ? [] : contests.filter(({ name }) => `${name}, beside`.includes(values.only));
  for (const one of besides) costs.push(...(await contest(one, { ...costEffort, statuses: effort.statuses }, say)));
  for (const row of costRows.filter(wanted)) costs.push(...[await row.measure(costEffort, say)].flat());
  const [cpu] = cpus();
  const machine = { cpu: cpu?.model ?? "unknown", cores: cpus().length, node: process.versions.node, pinned: canPin };
  const results = { machine, rows: done, costs };
  process.stdout.write(`${tableText(results)}\n`);
  if (values.quick) process.exitCode = smoke(results);
  if (values.json) writeFileSync(values.json, `${JSON.stringify(results, null, 2)}\n`);
  if (values.publish) publish(fileURLToPath(new URL("../..", import.meta.url)), results);
  if (values.markdown) writeFileSync(values.markdown, tableMarkdown(results));
}

/** Whether each row was measured; times are not judged. */
function smoke({ rows: fanouts, costs }: Results): number {
  const values = [...fanouts.map(({ serverUs }) => serverUs), ...costs.map(({ ours }) => ours)];
  const failed = values.filter((value) => !(value > 0 && Number.isFinite(value))).length;
  process.stdout.write(`${values.length - failed} passed, ${failed} failed\n`);
  return failed === 0 && values.length > 0 ? 0 : 1;
}
