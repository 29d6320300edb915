// The server under test, as a process of its own that is killed without warning.
import { type ChildProcess, spawn } from "node:child_process";
import { createInterface } from "node:readline";

export interface ServerUnderTest {
  readonly url: string;
  readonly adminUrl: string;
  /** Answers when it is dead, by its own hand or by this. */
  readonly kill: () => Promise<void>;
  /** It has ended. */
  readonly dead: () => boolean;
}

export interface StartOptions {
  /** The program and its first arguments. */
  readonly command: readonly string[];
  readonly dataDir: string;
  /** Beside those of this process: how its disk fails. */
  readonly env?: Readonly<Record<string, string>>;
}

const startMaxMs = 60_000;

export async function startUnderTest({ command, dataDir, env = {} }: StartOptions): Promise<ServerUnderTest> {
  const [program = "", ...first] = command;
  const listens = ["--dev", "--listen", "127.0.0.1:0", "--admin-listen", "127.0.0.1:0", "--no-test-clock"];
  // No rates: what is counted here is what is kept.
  const args = [...first, ...listens, "--data", dataDir, "--set", "rate_limits=", "--log-level", "silent"];
  const child = spawn(program, args, { stdio: ["ignore", "pipe", "inherit"], env: { ...process.env, ...env } });
  const ended = new Promise<void>((resolve) => child.once("exit", () => resolve()));
  const { url, adminUrl } = await listening(child);
  const dead = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    url,
    adminUrl,
    dead,
    kill: async () => {
      child.kill("SIGKILL");
      await ended;
    },
  };
}

function listening(child: ChildProcess): Promise<{ url: string; adminUrl: string }> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the server does not start")), startMaxMs);
    child.once("exit", (code, signal) => reject(new Error(`the server ended with ${code ?? signal} as it started`)));
    if (!child.stdout) return reject(new Error("the server has no output"));
    createInterface({ input: child.stdout }).on("line", (line) => {
      clearTimeout(timer);
      resolve(JSON.parse(line) as { url: string; adminUrl: string });
    });
  });
}
