// Drives the reference client in a page of a real browser: started by the suite for each check, with the browser's address and the
// script of the page as arguments. Lines of stdin go into the page, lines of the page to stdout.
import { readFileSync } from "node:fs";
import { createServer } from "node:http";
import type { AddressInfo } from "node:net";
import { createInterface } from "node:readline";
import { chromium } from "playwright-core";

const [browserUrl = "", scriptPath = ""] = process.argv.slice(2);
const script = readFileSync(scriptPath, "utf8");
const html =
  '<!doctype html><meta charset="utf-8"><title>driver</title><script type="module" src="driver.js"></script>';

// Browsers let a page of loopback call loopback.
const pages = createServer((request, response) => {
  const isScript = request.url === "/driver.js";
  response.setHeader("Content-Type", isScript ? "text/javascript" : "text/html").end(isScript ? script : html);
});
await new Promise<void>((resolve) => pages.listen(0, "127.0.0.1", resolve));

const browser = await chromium.connect(browserUrl);
const context = await browser.newContext();
const page = await context.newPage();
page.on("pageerror", (error) => console.error(error.stack ?? error.message));
await page.exposeFunction("hear", (line: string) => void process.stdout.write(`${line}\n`));
await page.goto(`http://127.0.0.1:${(pages.address() as AddressInfo).port}/`);
await page.waitForFunction(() => "take" in globalThis);

for await (const line of createInterface({ input: process.stdin })) {
  await page.evaluate((text) => (globalThis as unknown as { take: (text: string) => void }).take(text), line);
}
await context.close();
await browser.close();
pages.close();
