// `npm run proof:explore`: how many of some mutants, drawn at random, random walks find.
import { writeFileSync } from "node:fs";
import { parseArgs } from "node:util";
import { mutants } from "../mutants/index.ts";
import { draw, type Measured, measure, observable } from "./measure.ts";

const usage = `Usage: npm run build && npm run proof:explore -- [OPTIONS]

Draws mutants of the reference server, lets \`userstatus-conformance explore\` walk each with several seeds, and tells which it found. The server
without a defect comes first: a finding there is a fault of the model.

  --mutants N     how many are drawn (10)
  --seeds N       explorations of each (5)
  --budget TIME   of each exploration (60s)
  --draw TEXT     which are drawn (a)
  --json FILE     writes what was measured
  --help

Exit code: 1 if something was found where nothing is wrong.
`;

const { values } = parseArgs({
  options: {
    mutants: { type: "string", default: "10" },
    seeds: { type: "string", default: "5" },
    budget: { type: "string", default: "60s" },
    draw: { type: "string", default: "a" },
    json: { type: "string" },
    help: { type: "boolean", default: false },
  },
});

if (values.help) process.stdout.write(usage);
else await run();

async function run(): Promise<void> {
  const seeds = Number(values.seeds);
  const runs = Array.from({ length: seeds }, (_, at) => ({ seed: `${values.draw}-${at}`, budget: values.budget }));
  const right = await measure(undefined, runs);
  say(right);
  const drawn = draw(observable(mutants), Number(values.mutants), values.draw);
  const measured: Measured[] = [];
  for (const mutant of drawn) {
    measured.push(await measure(mutant, runs));
    say(measured.at(-1) as Measured);
  }
  const enough = Math.ceil(seeds * 0.8);
  const found = measured.filter(({ foundAfter }) => foundAfter.filter((after) => after !== null).length >= enough);
  process.stdout.write(`found from at least ${enough} of ${seeds} seeds: ${found.length} of ${measured.length}\n`);
  const { draw: drawing, budget } = values;
  if (values.json)
    writeFileSync(values.json, `${JSON.stringify({ draw: drawing, budget, seeds, measured }, null, 2)}\n`);
  if (right.foundAfter.some((after) => after !== null)) process.exitCode = 1;
}

function say({ id, foundAfter, named }: Measured): void {
  const times = foundAfter.map((after) => (after === null ? "–" : `${after.toFixed(1)} s`)).join("  ");
  process.stdout.write(`${id.padEnd(44)} ${times}${named === undefined ? "" : `  as ${named}`}\n`);
}
