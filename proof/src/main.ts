// `npm run proof`: every mutant must be caught by a check of the very requirement that it breaks.
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { requirementOf } from "./mutant.ts";
import { mutants as allMutants } from "./mutants/index.ts";
import { runMutants, strayMutants, withoutMutant } from "./run.ts";

const usage = `Usage: npm run proof -- [--only TEXT] [--parallel N] [--seed TEXT] [--patience MS]

Starts each mutant of the reference server, one named defect each, and runs the checks of the requirement that it breaks.
A mutant is killed when one of these checks fails. Writes .cache/proof.json.
`;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    parallel: { type: "string", default: "4" },
    seed: { type: "string", default: "proof" },
    patience: { type: "string", default: "1500" },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}

const mutants = allMutants.filter(({ id }) => values.only === undefined || id.includes(values.only));
const startedMs = performance.now();
const killings = await runMutants(mutants, {
  seed: values.seed,
  parallel: Number(values.parallel),
  patienceMs: Number(values.patience),
  onDone: ({ mutant, profile, killed, fault, passed }) => {
    if (!killed)
      console.log(`SURVIVED ${mutant} (${profile})${fault ? `: ${fault}` : `; passed: ${passed.join(", ")}`}`);
  },
});
const survivors = killings.filter(({ killed }) => !killed);
const unbroken = withoutMutant(allMutants);
const dir = fileURLToPath(new URL("../../.cache", import.meta.url));
mkdirSync(dir, { recursive: true });
writeFileSync(`${dir}/proof.json`, `${JSON.stringify({ killings, unbroken }, null, 2)}\n`);
const covered = new Set(mutants.map(requirementOf)).size;
console.log(`MUSTs without a mutant: ${unbroken.length === 0 ? "none" : unbroken.join(", ")}`);
for (const id of strayMutants(allMutants)) console.log(`no such requirement: ${id}`);
console.log(
  `mutants: ${mutants.length} of ${covered} requirements; runs killed: ${killings.length - survivors.length}/${killings.length}`,
);
console.log(`${((performance.now() - startedMs) / 1000).toFixed(1)} s`);
process.exit(survivors.length === 0 ? 0 : 1);
