// `npm test`: every test, the conformance run over two profiles, then each mutant server once.
// `npm run test:profiles`: the conformance run over all profiles, and on the durable store. Each ends with `N passed, N failed`.
import { spawnSync } from "node:child_process";
import { mkdirSync, readFileSync, rmSync } from "node:fs";
import { join } from "node:path";
import { root } from "./spec.ts";

interface Totals {
  readonly passed: number;
  readonly failed: number;
}

const cache = join(root, ".cache");

function readJson(path: string): Record<string, unknown> | undefined {
  try {
    return JSON.parse(readFileSync(path, "utf8")) as Record<string, unknown>;
  } catch {
    return undefined;
  }
}

/** Runs a command whose counts stand in a JSON file afterwards; without one, the run itself is what failed. */
function run(command: readonly string[], result: string, totals: (json: Record<string, unknown>) => Totals): Totals {
  const [program = "", ...args] = command;
  rmSync(result, { force: true });
  const { status, error } = spawnSync(program, args, { cwd: root, stdio: "inherit" });
  if (error) console.error(error.message);
  const json = readJson(result);
  if (!json) return { passed: 0, failed: 1 };
  const counted = totals(json);
  return { passed: counted.passed, failed: status === 0 ? counted.failed : Math.max(1, counted.failed) };
}

function conformance(...options: string[]): Totals {
  const result = join(cache, "conformance.json");
  return run(["node", "conformance/dist/main-job.js", "--json", result, ...options], result, (json) => ({
    passed: Number(json.passed),
    failed: Number(json.failed),
  }));
}

function everything(): Totals {
  const vitestResult = join(cache, "vitest.json");
  const tests = run(
    ["vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${vitestResult}`],
    vitestResult,
    (json) => ({ passed: Number(json.numPassedTests), failed: Number(json.numFailedTests) }),
  );
  const checks = conformance("--brief");
  const proofResult = join(cache, "proof/quick.json");
  const proof = run(
    ["tsx", "--conditions=@userstatus/source", "proof/src/main.ts", "--quick"],
    proofResult,
    (json) => ({ passed: Number(json.passed), failed: Number(json.failed) }),
  );
  console.log(`tests: ${tests.passed} passed, ${tests.failed} failed`);
  console.log(`conformance checks: ${checks.passed} passed, ${checks.failed} failed`);
  console.log(`mutant servers: ${proof.passed} caught, ${proof.failed} not`);
  const sum = (part: keyof Totals): number => tests[part] + checks[part] + proof[part];
  return { passed: sum("passed"), failed: sum("failed") };
}

mkdirSync(cache, { recursive: true });
const startedMs = performance.now();
const { passed, failed } = process.argv.includes("--profiles") ? conformance() : everything();
console.log(`${((performance.now() - startedMs) / 1000).toFixed(0)} s`);
console.log(`${passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
