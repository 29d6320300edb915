// Looks for the programs that a language needs, and runs its builds.
import { spawn, spawnSync } from "node:child_process";
import { existsSync } from "node:fs";
import { delimiter, join } from "node:path";
import { root } from "../../scripts/spec.ts";
import type { Command, Need } from "./languages.ts";

/** What has to be built, and what that needs. */
export interface Buildable {
  readonly needs: readonly Need[];
  /** Where its commands run. */
  readonly dir: string;
  readonly build: readonly Command[];
}

/** Longest time of one build command: a first one compiles a whole library from its sources. */
const buildTimeoutMs = 15 * 60_000;

/** Characters of a failed build that are shown. */
const outputMax = 4000;

const path = `${join(root, "node_modules/.bin")}${delimiter}${process.env.PATH}`;

/** What is missing, in words; undefined: nothing. */
export function missingOf({ needs }: Buildable): string | undefined {
  return needs.map(missing).find((text) => text !== undefined);
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

/** Rejects with the end of what a command printed if it fails. */
export async function build({ build: commands, dir }: Buildable, verbose: boolean): Promise<void> {
  for (const command of commands) {
    if (command.makes === undefined || !existsSync(command.makes)) await runCommand(command, dir, verbose);
  }
}

/** Not synchronously: connections to servers are open meanwhile, and their ends must be noticed. */
async function runCommand({ program, args, env }: Command, cwd: string, verbose: boolean): Promise<void> {
  const child = spawn(program, args, {
    cwd,
    env: { ...process.env, PATH: path, ...env },
    stdio: ["ignore", "pipe", "pipe"],
    timeout: buildTimeoutMs,
  });
  let output = "";
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding("utf8").on("data", (text: string) => {
      if (verbose) process.stdout.write(text);
      output = (output + text).slice(-outputMax);
    });
  }
  const why = await new Promise<string | undefined>((resolve) => {
    child.once("error", (error) => resolve(error.message));
    child.once("close", (code, signal) => resolve(code === 0 ? undefined : `ended with ${signal ?? code}`));
  });
  if (why !== undefined) throw new Error(`${program} ${args[0]}: ${why}\n${output.trimEnd()}`);
}
