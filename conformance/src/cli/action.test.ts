// The script of the GitHub action, with its inputs as a workflow gives them.
import { execFile } from "node:child_process";
import { existsSync, mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { afterAll, beforeAll, expect, test } from "vitest";
import { startYesServer } from "../testing/yes-server.ts";

const script = fileURLToPath(new URL("../../action.sh", import.meta.url));
const directory = mkdtempSync(join(tmpdir(), "action-"));
let server: Awaited<ReturnType<typeof startYesServer>>;

beforeAll(async () => {
  server = await startYesServer({ plausible: true });
});
afterAll(async () => {
  await server.close();
  rmSync(directory, { recursive: true });
});

function act(inputs: Readonly<Record<string, string>>): Promise<{ code: unknown; text: string }> {
  const [summary, output] = [join(directory, "summary.md"), join(directory, "output")];
  const env = {
    PATH: process.env.PATH,
    OUT: join(directory, "out"),
    GITHUB_STEP_SUMMARY: summary,
    GITHUB_OUTPUT: output,
    ...inputs,
  };
  return new Promise((resolve) => {
    execFile("bash", [script], { env }, (error, stdout, stderr) =>
      resolve({ code: error?.code ?? 0, text: stdout + stderr }),
    );
  });
}

// The script runs what was built.
test.skipIf(!existsSync(fileURLToPath(new URL("../../dist/cli.js", import.meta.url))))(
  "judges, writes reports, summary and outputs, and exits as the suite",
  { timeout: 60_000 },
  async () => {
    const ARGS = "--patience 1s --only 'query-unknown' --only custom-set";
    const { code, text } = await act({ URL: server.url, ARGS });
    expect([code, text]).toEqual([1, expect.stringContaining("::error")]);
    expect(readFileSync(join(directory, "output"), "utf8")).toContain("verdict=NON_CONFORMANT\nreport=");
    expect(readFileSync(join(directory, "summary.md"), "utf8")).toContain("query-unknown");
    for (const name of ["report.json", "report.html", "junit.xml", "badge.json", "failures"])
      expect(existsSync(join(directory, "out", name))).toBe(true);
    expect((await act({ URL: "http://127.0.0.1:9", ARGS })).code).toBe(4);
  },
);
