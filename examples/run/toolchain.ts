// Looks for the programs that a language needs, and runs its builds.
import { spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { root } from "../../scripts/spec.ts";
import type { Command, Language, Need } from "./languages.ts";

/** Longest time of one build command: a first one compiles a whole library from its sources. */
const buildTimeoutMs = 15 * 60_000;

const path = `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}`;

/** What is missing, in words; undefined: nothing. */
export function missingOf(language: Language): string | undefined {
  return language.needs.map(missing).find((text) => text !== undefined);
}

function missing({ program, versionArgs, version, least }: Need): string | undefined {
  const wanted = `${program} ${least.join(".")} or later`;
  const run = spawnSync(program, versionArgs, { encoding: "utf8", env: { ...process.env, PATH: path } });
  if (run.error) return `no ${wanted}`;
  const found = version.exec(run.stdout + run.stderr);
  if (!found) return `${wanted} (it does not tell its version)`;
  const [major, minor] = [Number(found[1]), Number(found[2])];
  return major > least[0] || (major === least[0] && minor >= least[1]) ? undefined : `${wanted}, not ${major}.${minor}`;
}

/** Throws with the end of what a command printed if it fails. */
export function build(language: Language, verbose: boolean): void {
  for (const command of language.build) {
    if (command.makes === undefined || !existsSync(command.makes)) runCommand(command, language.dir, verbose);
  }
}

function runCommand({ program, args, env }: Command, cwd: string, verbose: boolean): void {
  const run = spawnSync(program, args, {
    cwd,
    env: { ...process.env, PATH: path, ...env },
    encoding: "utf8",
    maxBuffer: 1 << 26,
    timeout: buildTimeoutMs,
  });
  const output = `${run.stdout ?? ""}${run.stderr ?? ""}`;
  if (verbose && output) console.log(output.trimEnd());
  if (run.status === 0) return;
  const why = run.error?.message ?? `exit code ${run.status}`;
  throw new Error(`${program} ${args[0]}: ${why}\n${output.split("\n").slice(-40).join("\n").trimEnd()}`);
}
