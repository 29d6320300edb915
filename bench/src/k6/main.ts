// `npm run bench:k6`.
import { fileURLToPath } from "node:url";
import { findK6, howToInstall } from "./find.ts";
import { parseK6Options } from "./options.ts";
import { runScript, type ScriptResult } from "./run.ts";
import { targetOf } from "./server.ts";

const root = fileURLToPath(new URL("../../..", import.meta.url)).replace(/\/$/, "");

async function main(args: readonly string[]): Promise<number> {
  const options = parseK6Options(args);
  if (typeof options === "string") {
    process.stdout.write(options);
    return 0;
  }
  const k6 = findK6({ option: options.k6, env: process.env, root });
  if (k6 === undefined) throw new Error(howToInstall);
  const target = await targetOf(options);
  const say = (text: string): void => void process.stdout.write(`${text}\n`);
  const results: ScriptResult[] = [];
  try {
    for (const script of options.scripts) {
      try {
        results.push(await runScript(script, { root, k6, options, target, say }));
      } catch (error) {
        // One that can't be run keeps no other from it.
        if (options.scripts.length === 1) throw error;
        const why = error instanceof Error ? error.message : String(error);
        say(`${script.name}: ${why}`);
        results.push({ script: script.name, verdict: { failed: [why], limits: [] } });
      }
    }
  } finally {
    await target.stop();
  }
  const failed = results.filter(({ verdict }) => verdict.failed.length > 0).length;
  say(`${results.length - failed} passed, ${failed} failed`);
  if (failed > 0) return 1;
  // Brief runs say whether it works: who was the limit is no matter.
  return !options.quick && results.some(({ verdict }) => verdict.limits.length > 0) ? 3 : 0;
}

process.exitCode = await main(process.argv.slice(2)).catch((error: unknown) => {
  console.error(error instanceof Error ? error.message : error);
  return 2;
});
