// Runs a command of the caller's (a shell line): bounded in time, output and number at once.
import { spawn } from "node:child_process";
import { createGate } from "../run/gate.ts";

export interface CommandRequest {
  readonly command: string;
  readonly args: readonly string[];
  readonly environment: Readonly<Record<string, string>>;
  /** What it reads from stdin. */
  readonly input: string;
}

const timeoutMs = 30_000;
const outputMaxBytes = 1024 * 1024;
const gate = createGate(4);

/** What it printed; rejects with its complaint if it ends with anything but 0. */
export function runCommand(request: CommandRequest): Promise<string> {
  return gate.run(() => run(request));
}

function run({ command, args, environment, input }: CommandRequest): Promise<string> {
  return new Promise((resolve, reject) => {
    const child = spawn("sh", ["-c", `${command} "$@"`, "sh", ...args], {
      env: { ...process.env, ...environment },
      timeout: timeoutMs,
      stdio: ["pipe", "pipe", "pipe"],
    });
    const out: string[] = [];
    const complaints: string[] = [];
    let bytes = 0;
    const keep = (into: string[]) => (chunk: Buffer) => {
      bytes += chunk.length;
      if (bytes <= outputMaxBytes) into.push(chunk.toString("utf8"));
    };
    child.stdout.on("data", keep(out));
    child.stderr.on("data", keep(complaints));
    // A command that does not read its input is no fault.
    child.stdin.on("error", () => undefined);
    child.stdin.end(input);
    child.on("error", reject);
    child.on("close", (code, signal) => {
      if (code === 0) return resolve(out.join(""));
      const how = code === null ? `was ended by ${signal}` : `ended with ${code}`;
      reject(new Error(`the command ${how}: ${command}: ${complaints.join("").trim().slice(0, 500)}`));
    });
  });
}
