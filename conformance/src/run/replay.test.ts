// A failure on a server that says yes to everything, kept and run again; and its last call by the shell, as printed.
import { execFile, spawnSync } from "node:child_process";
import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { promisify } from "node:util";
import { afterAll, beforeAll, expect, test } from "vitest";
import { main } from "../cli/program.ts";
import { keptConsole } from "../testing/quiet-console.ts";
import { startYesServer } from "../testing/yes-server.ts";
import { quoted } from "../transcript/command.ts";
import { driftOf, parseReplay } from "./replay.ts";

const out = mkdtempSync(join(tmpdir(), "replay-"));
let server: Awaited<ReturnType<typeof startYesServer>>;

beforeAll(async () => {
  server = await startYesServer({ plausible: true });
});
afterAll(async () => {
  await server.close();
  rmSync(out, { recursive: true });
});

async function call(...args: string[]) {
  const console = keptConsole();
  return { code: await main(args, console), text: () => console.outText(), error: () => console.errorText() };
}

test("a kept failure fails again as it did, and its last call is one", { timeout: 60_000 }, async () => {
  const target = ["--url", server.url, "--token-dev", "--patience", "1s"];
  const run = await call("run", ...target, "--only", "query-unknown", "--only", "custom-set", "--out", out, "-q");
  expect(run.code).toBe(1);
  const kept = readdirSync(join(out, "failures"));
  expect(kept.length).toBeGreaterThan(0);
  const directory = join(out, "failures", kept[0] ?? "");
  const again = await call("replay", directory, ...target);
  expect(again.text()).toContain("fails as it did");
  expect(again.text()).toContain("→ #1");
  expect(again.code).toBe(1);
  const scripts = kept.filter((name) => readdirSync(join(out, "failures", name)).includes("last-call.sh"));
  expect(scripts.length).toBeGreaterThan(0);
  for (const name of scripts) {
    const text = readFileSync(join(out, "failures", name, "last-call.sh"), "utf8");
    // A Watch stays open: test/watch-command.test.ts has its line.
    const [script = ""] = text.split("\n").filter((line) => line.includes("curl -sS"));
    const shell = await promisify(execFile)("sh", ["-c", script], { timeout: 10_000 });
    expect([shell.stderr, typeof JSON.parse(shell.stdout)]).toEqual(["", "object"]);
  }
});

test("what is not a replay of this suite is wrong usage", async () => {
  expect(() => parseReplay({ replayVersion: 2 })).toThrow("version 2");
  expect(() => parseReplay({ replayVersion: 1, kind: "dream" })).toThrow("kind dream");
  expect(() => parseReplay({ replayVersion: 1, kind: "check" })).toThrow("suiteVersion must be a text");
  const path = join(out, "no.json");
  writeFileSync(path, "{");
  const { code, error } = await call("replay", path, "--url", server.url, "--token-dev");
  expect([code, error()]).toEqual([2, expect.stringContaining("can't read")]);
});

test("what has changed since is said", () => {
  const kept = parseReplay({
    replayVersion: 1,
    kind: "check",
    suiteVersion: "1",
    specDigest: "a",
    check: "sync-own/x",
    transport: "",
    seed: "s",
    profile: "zim",
    tier: "real",
    what: "",
    got: "",
  });
  expect(driftOf(kept, { suiteVersion: "1", specDigest: "a", profile: "zim", tier: "real" })).toEqual([]);
  expect(driftOf(kept, { suiteVersion: "2", specDigest: "a", profile: "standard", tier: "real" })).toEqual([
    "another version of the suite: 1 then, 2 now",
    "another profile: zim then, standard now",
  ]);
});

test("a quoted word comes out of a shell as it was", () => {
  const word = `it's $HOME "and" \`more\` \\ {"a":1}\n`;
  expect(spawnSync("sh", ["-c", `printf %s ${quoted(word)}`], { encoding: "utf8" }).stdout).toBe(word);
});
