// `npm run check:static`: everything that needs no test run. Runs all steps, prints one line each, fails if any failed.
import { spawnSync } from "node:child_process";
import { root } from "./spec.ts";

interface Step {
  readonly name: string;
  readonly command: readonly string[];
}

const steps: readonly Step[] = [
  { name: "buf lint", command: ["buf", "lint"] },
  { name: "buf format", command: ["buf", "format", "-d", "--exit-code", "proto"] },
  {
    name: "buf breaking against the baseline",
    command: ["buf", "breaking", "proto", "--against", "proto/baseline.binpb"],
  },
  { name: "format and lint", command: ["biome", "ci", "--diagnostic-level=warn", "."] },
  { name: "types", command: ["tsc", "-b"] },
  { name: "types of tests", command: ["tsc", "-p", "tsconfig.test.json"] },
  { name: "types of the proof", command: ["tsc", "-p", "proof"] },
  { name: "types of the board", command: ["tsc", "-p", "examples/board"] },
  { name: "types of the bench", command: ["tsc", "-p", "bench"] },
  { name: "types of the k6 scripts", command: ["tsc", "-p", "bench/k6"] },
  { name: "generated code is up to date", command: ["tsx", "scripts/generate.ts", "--check"] },
];

let failed = 0;
for (const { name, command } of steps) {
  const [program = "", ...args] = command;
  const startedMs = Date.now();
  const run = spawnSync(program, args, { cwd: root, encoding: "utf8" });
  const passed = run.status === 0;
  if (!passed) failed++;
  console.log(`${passed ? "ok    " : "FAILED"} ${name} (${((Date.now() - startedMs) / 1000).toFixed(1)} s)`);
  if (!passed) console.log([run.stdout, run.stderr, run.error?.message].filter(Boolean).join("\n"));
}
console.log(`${steps.length - failed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
