// The reference server as a process of its own, for tests that go over the wire.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { join } from "node:path";
import { createInterface } from "node:readline";
import { root } from "../scripts/spec.ts";

export interface ServerProcess {
  readonly url: string;
  readonly adminUrl: string;
  readonly testingUrl: string;
  readonly child: ChildProcess;
  /** Resident memory, bytes. */
  readonly rssBytes: () => Promise<number>;
  readonly stop: () => Promise<number | null>;
}

/** Starts the server from its sources in development mode on ports of the system's choice. */
export async function startServerProcess(flags: readonly string[] = []): Promise<ServerProcess> {
  const ports = ["--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--testing-listen", "127.0.0.1:0"];
  const main = join(root, "reference-server/src/main.ts");
  const child = spawn(
    process.execPath,
    ["--conditions=@userstatus/source", "--import", "tsx", main, "--dev", "--log-level", "warn", ...ports, ...flags],
    { cwd: root, stdio: ["ignore", "pipe", "inherit"] },
  );
  const exited = once(child, "exit") as Promise<[number | null]>;
  const line = await Promise.race([
    new Promise<string>((resolve) => createInterface({ input: child.stdout }).once("line", resolve)),
    exited.then(([code]) => Promise.reject(new Error(`the server ended with ${code} before it listened`))),
  ]);
  const { url, adminUrl, testingUrl } = JSON.parse(line) as Record<"url" | "adminUrl" | "testingUrl", string>;
  return {
    url,
    adminUrl,
    testingUrl,
    child,
    rssBytes: async () => {
      const { readFile } = await import("node:fs/promises");
      const status = await readFile(`/proc/${child.pid}/status`, "utf8");
      return Number(/VmRSS:\s+(\d+) kB/.exec(status)?.[1] ?? 0) * 1024;
    },
    stop: async () => {
      child.kill("SIGTERM");
      const [code] = await exited;
      return code;
    },
  };
}
