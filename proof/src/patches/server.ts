// The server with one patch, as a process of its own, from a copy of its sources.
import { type ChildProcess, execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { cpSync, mkdirSync, rmSync } from "node:fs";
import { join, relative } from "node:path";
import { createInterface } from "node:readline";
import type { Hosted } from "../host.ts";
import type { Patch } from "./patch.ts";

const server = "reference-server";

/** Copies the sources of the server into the folder, with the patch; throws if it does not apply. */
export function patchedCopy(root: string, folder: string, { id, path }: Pick<Patch, "id" | "path">): void {
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  // Tests in it would be run as such.
  const filter = (from: string): boolean => !from.includes(".test.");
  for (const part of ["src", "package.json"])
    cpSync(join(root, server, part), join(folder, part), { recursive: true, filter });
  // Two parts of each path in a patch are `a/` and the name of the package.
  const args = ["apply", "-p2", `--directory=${relative(root, folder)}`, path];
  try {
    execFileSync("git", args, { cwd: root, stdio: ["ignore", "ignore", "pipe"] });
  } catch (error) {
    const why = error instanceof Error && "stderr" in error ? String(error.stderr) : String(error);
    throw new Error(`the patch ${id} does not apply any more, and has to be written anew: ${why.trim()}`);
  }
}

/** Starts the server whose sources are in the folder. */
export async function startSources(root: string, folder: string, profile: string): Promise<Hosted> {
  const ports = ["--listen=127.0.0.1:0", "--admin-listen=127.0.0.1:0", "--testing-listen=127.0.0.1:0"];
  const flags = ["--dev", "--profile", profile, "--keep-alive=2s", "--log-level=silent", ...ports];
  const program = ["--conditions=@userstatus/source", "--import", "tsx", join(folder, "src/main.ts")];
  const child = spawn(process.execPath, [...program, ...flags], { cwd: root, stdio: ["ignore", "pipe", "inherit"] });
  const end = (): void => void child.kill("SIGKILL");
  process.once("exit", end);
  const stop = async (): Promise<void> => {
    process.off("exit", end);
    end();
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  };
  try {
    const { url, adminUrl, testingUrl } = await listening(child);
    return { url, adminUrl, testingUrl, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

async function listening(child: ChildProcess): Promise<Omit<Hosted, "stop">> {
  if (child.stdout === null) throw new Error("no output to read");
  const lines = createInterface({ input: child.stdout });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`it ended with ${code} before it listened`);
  });
  ended.catch(() => undefined);
  const [line] = await Promise.race([once(lines, "line"), ended]);
  return JSON.parse(String(line)) as Omit<Hosted, "stop">;
}
