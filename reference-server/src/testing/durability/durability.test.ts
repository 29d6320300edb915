import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { expect, it } from "vitest";
import { blankState, judge, type UserState } from "./model.ts";
import { runRounds } from "./rounds.ts";

it("a few kills under load lose nothing that was acknowledged (npm run durability: 200)", {
  timeout: 300_000,
}, async () => {
  const directory = mkdtempSync(join(tmpdir(), "userstatus-durability-"));
  const program = fileURLToPath(new URL("../../main.ts", import.meta.url));
  const totals = await runRounds({
    command: [process.execPath, "--conditions=@userstatus/source", "--import", "tsx", program],
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
