// `npm run bench:model`: what a change costs by how many watch, fitted to a line, with plots.
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import { cpus } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { pinLoad } from "../children.ts";
import { between } from "../publish.ts";
import { fit } from "./fit.ts";
import { measurePoints, type Point } from "./measure.ts";
import { burstsPlot, changesPlot } from "./plots.ts";
import { type Modelled, modelMarkdown } from "./text.ts";

const usage = `Usage: npm run bench:model -- [OPTIONS]

Measures what a change costs the reference server with 1 to 1,000 watchers, and a status in bursts of 1 to 32, over gRPC and HTTP/1.1, and fits a line:
so much a change, so much a watcher. Some minutes.

  --turns N     each point is measured so often; medians are told (5)
  --quick       few watchers and turns: whether it works, not how fast
  --points FILE fits and draws what was measured before, of this model.json
  --out DIR     plots and points go there (.cache/model)
  --publish     puts table and plots into docs/
  --help
`;

const { values } = parseArgs({
  options: {
    turns: { type: "string", default: "5" },
    quick: { type: "boolean", default: false },
    points: { type: "string" },
    out: { type: "string", default: ".cache/model" },
    publish: { type: "boolean", default: false },
    help: { type: "boolean", default: false },
  },
});

if (values.help) process.stdout.write(usage);
else await run();

async function run(): Promise<void> {
  const points = values.points === undefined ? await measured() : kept(values.points);
  const machine = { cpu: cpus()[0]?.model ?? "unknown", cores: cpus().length, node: process.versions.node };
  const modelled: Modelled = { machine, models: fit(points) };
  const table = modelMarkdown(modelled);
  process.stdout.write(`${table}\n`);
  const root = fileURLToPath(new URL("../../..", import.meta.url));
  const plots = values.publish ? join(root, "docs/plots") : values.out;
  mkdirSync(plots, { recursive: true });
  writeFileSync(join(plots, "changes.svg"), await changesPlot(points, modelled.models));
  writeFileSync(join(plots, "bursts.svg"), await burstsPlot(points, modelled.models));
  writeFileSync(join(plots, "model.json"), `${JSON.stringify({ ...modelled, points }, null, 2)}\n`);
  if (!values.publish) return;
  const page = join(root, "docs/benchmarking.md");
  writeFileSync(page, between(readFileSync(page, "utf8"), table, "model"));
}

function kept(path: string): Point[] {
  return (JSON.parse(readFileSync(path, "utf8")) as { points: Point[] }).points;
}

function measured(): Promise<Point[]> {
  pinLoad();
  return measurePoints({
    turns: values.quick ? 1 : Number(values.turns),
    statuses: values.quick ? 2_000 : 60_000,
    watchers: values.quick ? [1, 10, 60] : [1, 3, 10, 30, 100, 300, 1000],
    bursts: values.quick ? [1, 4] : [1, 2, 4, 8, 16, 32],
    say: (text) => void process.stderr.write(`${text}\n`),
  });
}
