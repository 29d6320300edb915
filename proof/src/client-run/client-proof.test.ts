import { readFileSync } from "node:fs";
import { requirements } from "@userstatus/protocol";
import { expect, test } from "vitest";
import { clientMutants, clientVariants, findClientMutant } from "../client-mutants/index.ts";
import { mutated } from "../client-mutants/mutant.ts";
import { brokenBy, clientOf, judgeClient } from "./judge.ts";

const settings = { jobs: 8, patienceMs: 5_000 };

test("every obligation of clients has a mutant, and the place of each mutant stands in the source once", () => {
  const ids = clientMutants.map(({ id }) => id);
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
  const obligations = requirements.filter(({ part }) => part === "client").map(({ id }) => id);
  expect([...new Set(clientMutants.map(brokenBy))].toSorted()).toEqual(obligations.toSorted());
  for (const mutant of [...clientMutants, ...clientVariants]) {
    const source = readFileSync(new URL(`../../../reference-client/src/${mutant.file}`, import.meta.url), "utf8");
    expect(mutated(source, mutant)).not.toBe(source);
  }
});

test("the reference client passes every check", { timeout: 240_000 }, async () => {
  const { passed, failed, undecided } = await judgeClient(clientOf(), { ...settings, rerun: true });
  expect([failed, undecided]).toEqual([[], []]);
  expect(passed.length).toBeGreaterThan(120);
});

test.each(["client-generation/not-compared", "client-snapshot/resumed-too", "client-batches/uncut"])(
  "%s is caught",
  { timeout: 60_000 },
  async (id) => {
    const judgement = { ...settings, patienceMs: 1_500, rerun: false };
    const { failed } = await judgeClient(clientOf(findClientMutant(id)), judgement, [brokenBy({ id })]);
    expect(failed.length).toBeGreaterThan(0);
  },
);
