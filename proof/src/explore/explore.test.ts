// Random walks find a wrong server and leave a right one alone; two servers are told apart.
import { spawn } from "node:child_process";
import { existsSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterEach, describe, expect, test } from "vitest";
import { type Hosted, host } from "../host.ts";
import { mutants } from "../mutants/index.ts";
import { draw, measure, observable } from "./measure.ts";

const cli = fileURLToPath(new URL("../../../conformance/dist/cli.js", import.meta.url));
const hosted: Hosted[] = [];
afterEach(async () => {
  for (const server of hosted.splice(0)) await server.stop();
});

function byId(id: string) {
  const found = mutants.find((mutant) => mutant.id === id);
  if (!found) throw new Error(`no mutant ${id}`);
  return found;
}

async function serve(id?: string): Promise<Hosted> {
  const seams = id === undefined ? undefined : byId(id).seams?.();
  const server = await host({ profile: "standard", ...(seams ? { seams } : {}) });
  hosted.push(server);
  return server;
}

interface Ended {
  readonly code: number | null;
  readonly text: string;
}

/** The suite's command line as it was built. */
function suite(...args: readonly string[]): Promise<Ended> {
  const child = spawn(process.execPath, [cli, ...args]);
  let text = "";
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  return new Promise((resolve) => {
    child.on("close", (code) => resolve({ code, text }));
  });
}

function compare(a: Hosted, b: Hosted, budget = "3s"): Promise<Ended> {
  const sides = (["a", "b"] as const).flatMap((side) => {
    const { url, adminUrl, testingUrl } = side === "a" ? a : b;
    return [`--${side}`, url, `--${side}-admin-url`, adminUrl, `--${side}-testing-url`, testingUrl];
  });
  return suite("compare", ...sides, "--token-dev", "--seed", "pair", "--budget", budget);
}

test("a draw is by its seed, and leaves out what a walk can't see", () => {
  const from = observable(mutants);
  expect(draw(from, 10, "x")).toEqual(draw(from.toReversed(), 10, "x"));
  expect(draw(from, 10, "x")).not.toEqual(draw(from, 10, "y"));
  expect(from.some(({ edge }) => edge !== undefined)).toBe(false);
});

// The commands run what was built.
describe.skipIf(!existsSync(cli))("on hosted servers", { timeout: 120_000 }, () => {
  test("explore finds a defect, and says which rule it breaks", async () => {
    const { foundAfter, named } = await measure(byId("unsub-result/only-rows"), [{ seed: "test", budget: "20s" }]);
    expect(foundAfter[0]).toBeGreaterThan(0);
    expect(named).toBe("unsub-result");
  });

  test("a finding that was saved is done again by replay", async () => {
    const out = mkdtempSync(join(tmpdir(), "findings-"));
    const target = ({ url, adminUrl, testingUrl }: Hosted) =>
      ["--url", url, "--admin-url", adminUrl, "--testing-url", testingUrl, "--token-dev"] as const;
    const [right, wrong] = [await serve(), await serve("unsub-result/only-rows")];
    const walk = ["--seed", "test", "--budget", "20s", "--findings", "1", "--out", out];
    expect((await suite("explore", ...target(wrong), ...walk)).code).toBe(1);
    const finding = join(out, "finding-1.json");
    expect(await suite("replay", finding, ...target(wrong))).toMatchObject({
      code: 1,
      text: expect.stringContaining("found in 3 of 3 tries"),
    });
    expect(await suite("replay", finding, ...target(right))).toMatchObject({
      code: 0,
      text: expect.stringContaining("found in 0 of 3 tries"),
    });
    rmSync(out, { recursive: true });
  });

  test("explore finds nothing where nothing is wrong", async () => {
    expect((await measure(undefined, [{ seed: "test", budget: "3s" }])).foundAfter).toEqual([null]);
  });

  test("compare tells which of two is wrong, and that neither is", async () => {
    const [right, other, wrong] = [await serve(), await serve(), await serve("unsub-result/only-rows")];
    expect(await compare(right, other)).toMatchObject({ code: 0, text: expect.stringContaining("B wrong 0") });
    const { code, text } = await compare(right, wrong, "10s");
    expect([code, text]).toEqual([1, expect.stringMatching(/A wrong 0, B wrong [1-9]/)]);
  });
});
