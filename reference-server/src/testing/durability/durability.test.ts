import { cpSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { blankState, judge, type UserState } from "./model.ts";
import { runRounds } from "./rounds.ts";

const program = fileURLToPath(new URL("../../main.ts", import.meta.url));
const command = [process.execPath, "--conditions=@userstatus/source", "--import", "tsx", program];

it("a few kills under load lose nothing that was acknowledged (npm run durability: 200)", {
  timeout: 300_000,
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), "userstatus-durability-"));
  const totals = await runRounds({
    command,
    dataDir: join(directory, "data"),
    rounds: 5,
    seed: "test",
    actors: 8,
    loadMaxMs: 300,
  });
  rmSync(directory, { recursive: true });
  expect(totals).toMatchObject({ rounds: 5, lost: 0, half: 0, wrong: [] });
  expect(totals.acknowledged).toBeGreaterThan(0);
});

it("a server that loses what it acknowledged is found out", {
  timeout: 300_000,
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), "userstatus-durability-"));
  const [dataDir, before] = [join(directory, "data"), join(directory, "before")];
  const totals = await runRounds({
    command,
    dataDir,
    rounds: 2,
    seed: "loss",
    actors: 4,
    loadMaxMs: 200,
    // As if nothing of the second round had reached the disk.
    beforeLoad: (round) => {
      if (round === 2) cpSync(dataDir, before, { recursive: true });
    },
    afterKill: (round) => {
      if (round !== 2) return;
      rmSync(dataDir, { recursive: true });
      cpSync(before, dataDir, { recursive: true });
    },
  });
  rmSync(directory, { recursive: true });
  expect(totals.lost + totals.half).toBeGreaterThan(0);
  expect(totals.wrong.filter((line) => /^round 2: u\d is (lost|half)/.test(line)).length).toBe(
    totals.lost + totals.half,
  );
  expect(totals.wrong.some((line) => line.startsWith("round 1"))).toBe(false);
});

it("what is lost, half there, or merely unanswered is told apart", () => {
  const acknowledged: UserState = { text: "a", sessions: { d: "s" }, rows: { t1: "5" } };
  const asked: UserState = { ...acknowledged, rows: { t1: "?", t2: "?" } };
  const known = { acknowledged, possible: [asked] };
  expect(judge(acknowledged, known)).toBe("as acknowledged");
  expect(judge({ ...acknowledged, rows: { t1: "9", t2: "9" } }, known)).toBe("as asked");
  expect(judge({ ...acknowledged, rows: { t1: "9", t2: "8" } }, known)).toBe("half");
  expect(judge({ ...acknowledged, rows: { t1: "9" } }, known)).toBe("half");
  expect(judge({ ...acknowledged, rows: {} }, { acknowledged, possible: [] })).toBe("lost");
  expect(judge(blankState, { acknowledged, possible: [] })).toBe("lost");
  expect(judge({ ...acknowledged, sessions: { d: "other" } }, { acknowledged, possible: [] })).toBe("lost");
});
