// `npm run proof:variants`: servers that are right but unusual must be all green.
import { mkdirSync, writeFileSync } from "node:fs";
import { fileURLToPath } from "node:url";
import { parseArgs } from "node:util";
import { runVariants } from "./tolerance.ts";
import { variants as allVariants } from "./variants.ts";

const usage = `Usage: npm run proof:variants -- [--only TEXT] [--rounds N] [--parallel N] [--seed TEXT] [--checks PATTERN]

Runs the whole suite against servers that are right but unusual. A check that fails there is wrong. Writes .cache/variants.json.
`;

const { values } = parseArgs({
  options: {
    only: { type: "string" },
    rounds: { type: "string", default: "1" },
    parallel: { type: "string", default: "1" },
    seed: { type: "string", default: "proof" },
    checks: { type: "string", multiple: true },
    help: { type: "boolean", default: false },
  },
});
if (values.help) {
  process.stdout.write(usage);
  process.exit(0);
}

const variants = allVariants.filter(({ id }) => values.only === undefined || id.includes(values.only));
const done = await runVariants(variants, {
  rounds: Number(values.rounds),
  parallel: Number(values.parallel),
  seed: values.seed,
  ...(values.checks ? { only: values.checks } : {}),
  onDone: ({ variant, profile, wrong, passed, verdict, seconds, fault }) => {
    console.log(
      `${variant} (${profile}): ${passed} passed, ${wrong.length} wrong, ${verdict}, ${seconds.toFixed(1)} s${fault ? `: ${fault}` : ""}`,
    );
    for (const { check, outcome, got } of wrong) console.log(`  ${outcome} ${check} ${got}`);
  },
});
const dir = fileURLToPath(new URL("../../.cache", import.meta.url));
mkdirSync(dir, { recursive: true });
writeFileSync(`${dir}/variants.json`, `${JSON.stringify(done, null, 2)}\n`);
const runs = done.reduce((sum, { passed, wrong }) => sum + passed + wrong.length, 0);
const wrong = done.reduce((sum, tolerance) => sum + tolerance.wrong.length + (tolerance.fault ? 1 : 0), 0);
console.log(`variants: ${variants.length}; false failures: ${wrong} of ${runs} checks run`);
process.exit(wrong === 0 ? 0 : 1);
