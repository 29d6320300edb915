// A server as a process of its own, from sources in a folder.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import type { Hosted } from "../host.ts";

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
