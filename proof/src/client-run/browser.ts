// `npm run proof:browser`: the suite judges the reference client in a real Chromium.
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { runClientSuite, summaryText } from "@userstatus/conformance";
import { chromium } from "playwright-core";
import { build, defaultClientConditions } from "vite";

const root = fileURLToPath(new URL("../../..", import.meta.url));
const places = [process.env.CHROMIUM, "/usr/bin/chromium", "/usr/bin/chromium-browser", "/usr/bin/google-chrome"];

process.exitCode = await main();

async function main(): Promise<number> {
  const executablePath = places.find((place) => place !== undefined && existsSync(place));
  if (executablePath === undefined) {
    console.error("no Chromium was found; CHROMIUM names one");
    return 2;
  }
  const script = await bundle();
  // Chromium has no sandbox for root, which is who runs in containers.
  const args = process.getuid?.() === 0 ? ["--no-sandbox"] : [];
  const browser = await chromium.launchServer({ executablePath, args });
  try {
    const driver = fileURLToPath(new URL("./browser-driver.ts", import.meta.url));
    const report = await runClientSuite(
      { command: [process.execPath, driver, browser.wsEndpoint(), script], jobs: 4, only: process.argv.slice(2) },
      {
        planned: (hello, jobs) => console.log(`${hello.client}: ${jobs.length} runs`),
        started: () => {},
        finished: ({ check, protocol }, outcome, durationMs, reason = "") =>
          console.log(`${outcome.padEnd(14)} ${check.id} over ${protocol} ${Math.round(durationMs)} ms ${reason}`),
      },
    );
    for (const { id, runs } of report.checks)
      for (const { failure } of runs)
        if (failure !== undefined)
          console.log(
            [`FAILED ${id}: ${failure.what}`, failure.expected, failure.got, ...failure.exchange].join("\n  "),
          );
    console.log(summaryText(report));
    return report.verdict === "CONFORMANT" ? 0 : 1;
  } finally {
    await browser.close();
  }
}

/** One script, from the sources of the workspaces. Answers where it lies. */
async function bundle(): Promise<string> {
  const built = await build({
    root,
    configFile: false,
    logLevel: "warn",
    resolve: { conditions: ["@userstatus/source", ...defaultClientConditions] },
    build: {
      write: false,
      target: "es2023",
      lib: { entry: join(root, "reference-client/src/driver/page.ts"), formats: ["es"], fileName: "driver" },
    },
  });
  const [first] = [built].flat();
  const chunk = first !== undefined && "output" in first ? first.output[0] : undefined;
  if (chunk === undefined) throw new Error("nothing was bundled");
  const directory = join(root, ".cache/proof");
  mkdirSync(directory, { recursive: true });
  const path = join(directory, "browser-driver.js");
  writeFileSync(path, chunk.code);
  return path;
}
