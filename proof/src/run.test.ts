import { expect, test } from "vitest";
import { mutants } from "./mutants/index.ts";
import { runMutants, strayMutants, withoutMutant } from "./run.ts";

test("every observable MUST has a mutant, and every mutant breaks a requirement", () => {
  expect(withoutMutant(mutants)).toEqual([]);
  expect(strayMutants(mutants)).toEqual([]);
  const ids = mutants.map(({ id }) => id);
  expect(ids.filter((id, at) => ids.indexOf(id) !== at)).toEqual([]);
});

test("a control that breaks nothing lives, and one that must die dies", { timeout: 60_000 }, async () => {
  const harmless = { id: "custom-bytes/control", defect: "None." };
  const deadly = mutants.filter(({ id }) => id === "login-reply/no-lease");
  const options = { seed: "control", parallel: 2, patienceMs: 5_000, onDone: () => {} };
  const killings = await runMutants([harmless, ...deadly], options);
  expect(killings.map(({ mutant, killed }) => [mutant, killed])).toEqual([
    ["custom-bytes/control", false],
    ["login-reply/no-lease", true],
  ]);
  expect(killings[0]?.passed.length).toBeGreaterThan(2);
});
