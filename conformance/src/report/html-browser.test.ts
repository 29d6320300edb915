// The page in a real browser, at the width of a desk and of a phone.
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { pathToFileURL } from "node:url";
import type { Browser, Page } from "playwright-core";
import { afterAll, beforeAll, describe, expect, test } from "vitest";
import { chromiumPath, openBrowser } from "../testing/browser.ts";
import { badReport } from "../testing/sample-report.ts";
import { toHtml } from "./html.ts";

const executable = chromiumPath();
const directory = mkdtempSync(join(tmpdir(), "report-"));
const file = join(directory, "report.html");
let browser: Browser | undefined;

beforeAll(async () => {
  writeFileSync(file, toHtml(badReport));
  if (executable !== undefined) browser = await openBrowser(executable);
});

afterAll(async () => {
  await browser?.close();
  rmSync(directory, { recursive: true });
});

async function open(width: number, scripts = true): Promise<{ page: Page; faults: string[] }> {
  if (browser === undefined) throw new Error("no browser");
  const context = await browser.newContext({ viewport: { width, height: 800 }, javaScriptEnabled: scripts });
  const page = await context.newPage();
  const faults: string[] = [];
  page.on("console", (message) => faults.push(message.text()));
  page.on("pageerror", (error) => faults.push(error.message));
  page.on("request", (request) => {
    if (!/^(file|data):/.test(request.url())) faults.push(request.url());
  });
  await page.goto(pathToFileURL(file).href);
  return { page, faults };
}

describe.skipIf(executable === undefined)("the page in Chromium", () => {
  for (const width of [1280, 360]) {
    test(`at ${width} px nothing runs over, nothing is asked for, and what a server sent is text`, async () => {
      const { page, faults } = await open(width);
      const over = await page.evaluate("document.documentElement.scrollWidth - document.documentElement.clientWidth");
      expect(over).toBe(0);
      expect(await page.title()).toContain("NON_CONFORMANT");
      expect(await page.locator("img").count()).toBe(0);
      expect(await page.locator(".failure[open] .sequence li").count()).toBe(2);
      expect(faults).toEqual([]);
    });
  }

  test("checks are filtered by outcome, level and words, by keyboard too", async () => {
    const { page, faults } = await open(1280);
    const shown = page.locator(".checks > details:visible");
    expect(await shown.count()).toBe(3);
    await page.getByLabel("fail", { exact: true }).uncheck();
    expect(await shown.count()).toBe(2);
    await page.getByLabel("level").selectOption("MAY");
    expect(await shown.count()).toBe(0);
    await page.getByLabel("level").selectOption("");
    await page.getByLabel("Search the checks").fill("LOGIN reply");
    expect(await shown.count()).toBe(1);
    await page.getByLabel("Search the checks").fill("nothing like it");
    expect(await shown.count()).toBe(0);
    expect(await page.locator("output").textContent()).toBe("0 of 3");
    await page.locator(".failure summary").nth(1).focus();
    await page.keyboard.press("Enter");
    expect(await page.locator(".failure[open]").count()).toBe(2);
    expect(faults).toEqual([]);
  });

  test("without scripts verdict and failures can be read", async () => {
    const { page } = await open(360, false);
    expect(await page.locator(".verdict").textContent()).toContain("NON CONFORMANT");
    expect(await page.locator(".failure[open] dd.expected").textContent()).toBe('"a"');
  });
});
