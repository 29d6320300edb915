import { mkdtempSync, readFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, test } from "vitest";
import { controlJobs, whyVoid } from "./controls.ts";
import { strayMutants, withoutMutant } from "./coverage.ts";
import { killers, type MutantResult, type VariantResult } from "./job.ts";
import { mutants } from "./mutants/index.ts";
import { readMatrix, withLine } from "./publish/files.ts";
import { variantsPart } from "./publish/matrix.ts";
import { openRecord, type RecordedRun, standingRuns } from "./run/record.ts";
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

test("recorded runs stand until a check is wrong about their server; then it begins anew", () => {
  const run = (id: string, round: number, code: string, more: Partial<RecordedRun> = {}): RecordedRun => ({
    kind: "variant",
    id,
    profile: "standard",
    round,
    wrong: [],
    undecided: [],
    passed: 9,
    verdict: "CONFORMANT",
    seconds: 1,
    code,
    ...more,
  });
  const flaky = { wrong: [{ check: "a/b", outcome: "FLAKY", got: "" }] };
  const runs = [run("slow", 0, "x"), run("odd", 0, "x"), run("odd", 1, "x", flaky), run("slow", 1, "y")];
  const standing = standingRuns([
    ...runs,
    run("odd", 1, "y"),
    run("odd", 1, "z"),
    run("odd", 2, "z", { fault: "died" }),
  ]);
  expect(standing.map(({ id, round, code }) => [id, round, code])).toEqual([
    ["slow", 0, "x"],
    ["slow", 1, "y"],
  ]);
  const both = standingRuns([...runs, run("odd", 1, "y")]);
  expect(variantsPart(both, { seed: "s", conditions: "none" })).toMatchObject({ rounds: 1, versions: 2, faults: [] });
  expect(variantsPart([], { seed: "s", conditions: "none" }).rounds).toBe(0);
});

test("the record of another seed or other conditions is begun anew; a run goes on with what stands in it", () => {
  const path = join(mkdtempSync(join(tmpdir(), "proof-")), "runs.ndjson");
  const clean = { kind: "variant", id: "odd", profile: "zim", round: 0, wrong: [], undecided: [] } as const;
  const done: VariantResult = { ...clean, passed: 3, verdict: "CONFORMANT", seconds: 1 };
  openRecord(path, "head", "one").add(done);
  expect(openRecord(path, "head", "two").done).toEqual([{ ...done, code: "one" }]);
  expect(openRecord(path, "other", "two").done).toEqual([]);
  expect(readFileSync(path, "utf8")).toBe("other\n");
});
