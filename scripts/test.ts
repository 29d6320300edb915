// `npm test`: every test, the conformance run over all profiles, then each mutant server once. Ends with `N passed, N failed`.
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

mkdirSync(cache, { recursive: true });
const vitestResult = join(cache, "vitest.json");
const tests = run(
  ["vitest", "run", "--reporter=default", "--reporter=json", `--outputFile.json=${vitestResult}`],
  vitestResult,
  (json) => ({ passed: Number(json.numPassedTests), failed: Number(json.numFailedTests) }),
);
const conformanceResult = join(cache, "conformance.json");
const conformance = run(
  ["node", "conformance/dist/main-job.js", "--json", conformanceResult],
  conformanceResult,
  (json) => ({ passed: Number(json.passed), failed: Number(json.failed) }),
);
const proofResult = join(cache, "proof/quick.json");
const proof = run(["tsx", "--conditions=@userstatus/source", "proof/src/main.ts", "--quick"], proofResult, (json) => ({
  passed: Number(json.passed),
  failed: Number(json.failed),
}));
console.log(`tests: ${tests.passed} passed, ${tests.failed} failed`);
console.log(`conformance checks: ${conformance.passed} passed, ${conformance.failed} failed`);
console.log(`mutant servers: ${proof.passed} caught, ${proof.failed} not`);
const failed = tests.failed + conformance.failed + proof.failed;
console.log(`${tests.passed + conformance.passed + proof.passed} passed, ${failed} failed`);
process.exitCode = failed > 0 ? 1 : 0;
