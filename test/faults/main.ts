// `npm run faults`: three servers on one Redis under load, and in turn what goes wrong with machines. Tells what was lost, who is wrong after quiet, and how long it took.
import { readFileSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { type Judged, type Load, sleep, startLoad } from "./load.ts";
import { openNamespace } from "./namespace.ts";
import { type Stage, setStage } from "./stage.ts";

const usage = `Usage: npm run faults -- [OPTIONS]

Starts a Redis with a replica, three servers on it and a balancer, and users who change their texts and watch one another through it; then lets in turn
a server be killed, a server stop for a while, the Redis be killed and come back, the network between a server and the Redis be cut (by a relay, and where
that can be had by the link of a network namespace), and a replica take over, without and with waiting for it. For each: changes that were answered and are lost, watchers who hold something wrong once everybody is quiet, and the seconds
until all is right again.

  --only TEXT        faults whose name has TEXT
  --publishers N     users who change their texts (20)
  --watchers N       users who watch all of them (10)
  --stop SECONDS     how long a server stops, and a network is cut (20; the long form takes 60)
  --load SECONDS     load before and after a fault (5)
  --json             the table as JSON
  --publish          writes the table to docs/production.md
  --help

Exit code: 0 nothing lost but where a replica took over that nobody waited for, and nobody wrong; else 1.
`;

const { values } = parseArgs({
  options: {
    only: { type: "string", default: "" },
    publishers: { type: "string", default: "20" },
    watchers: { type: "string", default: "10" },
    stop: { type: "string", default: "20" },
    load: { type: "string", default: "5" },
    json: { type: "boolean", default: false },
    publish: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

interface Fault {
  readonly name: string;
  readonly replicas: number;
  /** Whether answered changes may be lost: Redis replicates after it has answered. */
  readonly mayLose: boolean;
  /** It needs a network namespace: left out where none can be had. */
  readonly namespace?: boolean;
  /** Answers how many changes were lost by it, where what comes later would hide that. */
  readonly happen: (stage: Stage, load: Load) => Promise<number>;
}

const stopMs = Number(values.stop) * 1000;
/** How far the replica is behind that takes over. */
const behindMs = 1_000;

const faults: readonly Fault[] = [
  {
    name: "a server is killed",
    replicas: 0,
    mayLose: false,
    happen: async ({ nodes }) => {
      nodes[0]?.node.signal("SIGKILL");
      return 0;
    },
  },
  {
    name: `a server stops for ${values.stop} s`,
    replicas: 0,
    mayLose: false,
    happen: async ({ nodes }) => {
      nodes[0]?.node.signal("SIGSTOP");
      await sleep(stopMs);
      nodes[0]?.node.signal("SIGCONT");
      return 0;
    },
  },
  {
    name: "the Redis is killed and restarts",
    replicas: 0,
    mayLose: false,
    happen: async (stage) => {
      await stage.restartRedis();
      return 0;
    },
  },
  {
    name: `no network from a server to the Redis for ${values.stop} s`,
    replicas: 0,
    mayLose: false,
    happen: loseNetwork,
  },
  {
    name: `the link of a server's network namespace to the Redis is down for ${values.stop} s`,
    replicas: 0,
    mayLose: false,
    namespace: true,
    happen: loseNetwork,
  },
  {
    name: `a replica takes over that was ${behindMs / 1000} s behind`,
    replicas: 0,
    mayLose: true,
    happen: failOver,
  },
  {
    name: "the same, and every answer waits for a replica",
    replicas: 1,
    mayLose: false,
    happen: failOver,
  },
];

async function loseNetwork({ nodes }: Stage): Promise<number> {
  nodes[0]?.cut();
  await sleep(stopMs);
  nodes[0]?.mend();
  return 0;
}

/** Nobody changes anything until it has been looked at what is lost. */
async function failOver(stage: Stage, load: Load): Promise<number> {
  await stage.failOver(behindMs, load.stop);
  for (;;) {
    const judged = await load.judge().catch(() => undefined);
    await sleep(200);
    if (judged === undefined) continue;
    load.start();
    return judged.lost;
  }
}

interface Row extends Judged {
  readonly fault: string;
  readonly acknowledged: number;
  readonly after: number;
  readonly seconds: number;
  readonly good: boolean;
}

/** Longest that it may take until all is right again. */
const rightMaxMs = 60_000;

// What was started ends with this process, whatever ends it.
for (const name of ["SIGINT", "SIGTERM", "SIGHUP"] as const) process.once(name, () => process.exit(130));
if (values.help) process.stdout.write(usage);
else process.exitCode = await run();
process.exit();

async function run(): Promise<number> {
  const rows: Row[] = [];
  for (const fault of faults.filter(({ name }) => name.includes(values.only))) {
    if (fault.namespace && !hasNamespaces()) {
      console.error(`left out, as it needs Linux, root and iproute2: ${fault.name}`);
      continue;
    }
    console.error(`${fault.name} …`);
    rows.push(await runFault(fault));
    if (!values.json) console.log(lineOf(rows.at(-1) as Row));
  }
  if (values.json) console.log(JSON.stringify(rows, null, 2));
  if (values.publish) publish(rows);
  const failed = rows.filter(({ good }) => !good).length;
  console.log(`${rows.length - failed} passed, ${failed} failed`);
  return failed === 0 && rows.length > 0 ? 0 : 1;
}

async function runFault({ name, replicas, mayLose, namespace = false, happen }: Fault): Promise<Row> {
  const program = fileURLToPath(new URL("../../reference-server/dist/main.js", import.meta.url));
  const stage = await setStage({ program, replicas, namespace });
  let load: Load | undefined;
  try {
    load = await startLoad(stage.url, stage.adminUrl, Number(values.publishers), Number(values.watchers));
    load.start();
    await sleep(Number(values.load) * 1000);
    const before = load.acknowledged();
    const lostByIt = await happen(stage, load);
    const healedMs = performance.now();
    await sleep(Number(values.load) * 1000);
    await load.stop();
    const found = await rightAgain(load);
    const judged = { ...found, lost: Math.max(found.lost, lostByIt) };
    const after = load.acknowledged() - before;
    const good = judged.wrong === 0 && (mayLose || judged.lost === 0);
    const seconds = Math.round((performance.now() - healedMs) / 100) / 10;
    return { fault: name, acknowledged: load.acknowledged(), after, ...judged, seconds, good };
  } finally {
    await load?.close();
    await stage.close();
  }
}

function hasNamespaces(): boolean {
  const own = openNamespace();
  own?.close();
  return own !== undefined;
}

/** Looks until nobody is wrong, and what is lost stays as it is. */
async function rightAgain(load: Load): Promise<Judged> {
  let judged: Judged = { lost: 0, wrong: Number.POSITIVE_INFINITY };
  for (const endMs = performance.now() + rightMaxMs; performance.now() < endMs; await sleep(200)) {
    judged = await load.judge().catch(() => judged);
    if (judged.wrong === 0) return judged;
  }
  return judged;
}

function publish(rows: readonly Row[]): void {
  const path = fileURLToPath(new URL("../../docs/production.md", import.meta.url));
  const head = ["fault", "answered", "since the fault", "lost", "wrong", "right after"];
  const lines = rows.map(({ fault, acknowledged, after, lost, wrong, seconds }) =>
    [fault, acknowledged, after, lost, wrong, `${seconds} s`].map(String),
  );
  const table = [head, head.map(() => "---"), ...lines].map((cells) => `| ${cells.join(" | ")} |`).join("\n");
  const text = readFileSync(path, "utf8");
  const between = /(<!-- faults:start -->\n\n)[\s\S]*?(<!-- faults:end -->)/;
  if (!between.test(text)) throw new Error("docs/production.md has no place for the table");
  writeFileSync(
    path,
    text.replace(between, (_, start: string, end: string) => `${start}${table}\n\n${end}`),
  );
}

function lineOf({ fault, acknowledged, after, lost, wrong, seconds, good }: Row): string {
  const what = `answered ${acknowledged}, of them ${after} since; lost ${lost}, wrong ${wrong}, right after ${seconds} s`;
  return `${good ? "ok    " : "FAILED"} ${fault}: ${what}`;
}
