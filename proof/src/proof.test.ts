import { readFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { controlJobs, whyVoid } from "./controls.ts";
import { strayMutants, withoutMutant } from "./coverage.ts";
import { killers, type MutantResult } from "./job.ts";
import { mutants } from "./mutants/index.ts";
import { readMatrix, withLine } from "./publish/files.ts";
import { runJob } from "./run/run-job.ts";

const root = fileURLToPath(new URL("../..", import.meta.url));
const settings = { seed: "control", mutantPatienceMs: 5_000, variantPatienceMs: 10_000 };

test("every observable MUST has a mutant, and every mutant breaks a requirement", () => {
  expect(withoutMutant(mutants)).toEqual([]);
  expect(strayMutants(mutants)).toEqual([]);
  const ids = mutants.map(({ id }) => id);
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
});

test("the deadly control dies and the harmless one lives; turned round, the run is void", {
  timeout: 60_000,
}, async () => {
  const results: MutantResult[] = [];
  for (const job of controlJobs) results.push((await runJob(job, settings)) as MutantResult);
  expect(whyVoid(results)).toBeUndefined();
  const [dead, alive] = results as [MutantResult, MutantResult];
  expect(whyVoid([{ ...alive, id: dead.id }, alive])).toMatch(/lives/);
  expect(whyVoid([dead, { ...dead, id: alive.id }])).toMatch(/dies though nothing is wrong|no check judged/);
  expect(whyVoid([dead])).toMatch(/not run/);
});

test("what is published speaks of the mutants that there are, all killed, and README says the same", () => {
  const matrix = readMatrix(root);
  expect(Object.keys(matrix.mutants.failed).toSorted()).toEqual(mutants.map(({ id }) => id).toSorted());
  for (const [id, profiles] of Object.entries(matrix.mutants.failed)) {
    for (const [profile, failed] of Object.entries(profiles)) {
      expect([id, profile, killers({ id, failed }).length > 0]).toEqual([id, profile, true]);
    }
  }
  const readme = readFileSync(join(root, "README.md"), "utf8");
  expect(withLine(readme, matrix)).toBe(readme);
});
