import { mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { afterAll, expect, test } from "vitest";
import { toHtml } from "../report/html.ts";
import { toJsonText } from "../report/json.ts";
import { keptConsole } from "../testing/quiet-console.ts";
import { badReport, goodReport } from "../testing/sample-report.ts";
import { main } from "./program.ts";

const directory = mkdtempSync(join(tmpdir(), "render-"));
afterAll(() => rmSync(directory, { recursive: true }));

async function render(...args: string[]) {
  const console = keptConsole();
  return { code: await main(["render", ...args], console), out: console.outText(), error: console.errorText() };
}

test("a kept report gives the same page, summary and exit code as the run", async () => {
  const [kept, page] = [join(directory, "bad.json"), join(directory, "bad.html")];
  writeFileSync(kept, toJsonText(badReport));
  const { code, out } = await render(kept, "--html", page);
  expect(code).toBe(1);
  expect(out).toContain("NON_CONFORMANT");
  expect(out).toContain("query-result/each-once");
  expect(readFileSync(page, "utf8") === toHtml(badReport)).toBe(true);
});

test("a report on standard output has it alone", async () => {
  const kept = join(directory, "good.json");
  writeFileSync(kept, toJsonText(goodReport));
  const { code, out, error } = await render(kept, "--json", "-", "--github");
  expect([code, out]).toEqual([0, toJsonText(goodReport)]);
  expect(error).toContain("CONFORMANT");
  expect(await render(kept, "--json", "-", "--markdown", "-")).toMatchObject({ code: 2 });
});

test("what is no report is wrong usage", async () => {
  const path = join(directory, "none.json");
  writeFileSync(path, '{"reportVersion": 1}');
  expect(await render(path)).toMatchObject({ code: 2, error: expect.stringContaining("version 1") });
  expect(await render(join(directory, "missing.json"))).toMatchObject({ code: 2 });
});
