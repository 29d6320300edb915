// k6 as a process: started without a word to the outside, metered, and read when it fails.
import { spawn, spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { cpuSecondsOf, createCpuMeter } from "./cpu.ts";
import type { Load } from "./verdict.ts";

/** k6 says with this code that a threshold did not hold; every other but 0 means that it did not run to its end. */
const thresholdsExitCode = 99;

const offline = { K6_NO_USAGE_REPORT: "true", K6_AUTO_EXTENSION_RESOLUTION: "false" };

interface K6Files {
  readonly script: string;
  readonly plan: string;
  readonly dashboard: string;
  readonly log: string;
}

export async function runK6(k6: string, files: K6Files, verbose: boolean): Promise<Load> {
  const child = spawn(k6, ["run", "--quiet", "--no-color", "--log-format=logfmt", files.script], {
    env: {
      ...process.env,
      ...offline,
      ...{ K6_WEB_DASHBOARD: "true", K6_WEB_DASHBOARD_PORT: "-1", K6_WEB_DASHBOARD_PERIOD: "1s" },
      K6_WEB_DASHBOARD_EXPORT: files.dashboard,
      USERSTATUS_PLAN: files.plan,
    },
    stdio: ["ignore", "pipe", "pipe"],
  });
  let said = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      if (verbose) process.stderr.write(text);
      // What came first is what explains.
      if (said.length < saidMax) said += text;
    });
  }
  const meter = createCpuMeter(() => (child.pid === undefined ? undefined : cpuSecondsOf(child.pid)));
  const look = setInterval(() => meter.look(performance.now()), lookEachMs);
  // Stopped from outside, k6 is stopped too, and its summary still written.
  const stop = (): void => void child.kill("SIGINT");
  process.on("SIGINT", stop).on("SIGTERM", stop);
  const code = await new Promise<number | null>((resolve, reject) => {
    child.once("error", reject);
    child.once("close", resolve);
  }).finally(() => {
    clearInterval(look);
    process.off("SIGINT", stop).off("SIGTERM", stop);
    writeFileSync(files.log, said);
  });
  if (code !== 0 && code !== thresholdsExitCode)
    throw new Error([`k6 ended with ${code}`, ...firstWords(said)].join("\n  k6: "));
  return { ...meter.told(), coresThere: availableParallelism() };
}

/** Characters of what k6 says that are kept. */
const saidMax = 1_000_000;
const lookEachMs = 500;

export function versionOf(k6: string): string {
  return /v\d\S*/.exec(spawnSync(k6, ["version"], { encoding: "utf8" }).stdout ?? "")?.[0] ?? "unknown";
}

const wordsMax = 5;
const wordLengthMax = 200;

/** Without the frame of a log, the stack, and what names a user. */
export function wordsOf(line: string): string {
  const words = /msg="?(.*?)"?( source=| executor=|$)/.exec(line)?.[1] ?? line;
  const first = words.split("\\n", 1)[0] ?? words;
  return first
    .replace(/^(?:Uncaught \(in promise\) )?(?:Error: )?/, "")
    .replace(/\bk6[0-9a-z]{8}-\d+\b/g, "USER")
    .replaceAll('\\"', '"');
}

/** What a log of k6 says first, each kind of thing once: the reason of a failure is mostly there. */
export function firstWords(log: string): string[] {
  const said = log.split("\n").filter((line) => /level=(error|warning)/.test(line));
  const words = said.map(wordsOf).filter((one) => !/^(thresholds on metrics|setTimeout \d|setInterval \d)/.test(one));
  return [...new Set(words)].slice(0, wordsMax).map((one) => one.slice(0, wordLengthMax));
}
