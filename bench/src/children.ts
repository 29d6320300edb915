// Processes under measurement: started on a core of their own, and asked what they cost.
import { type ChildProcess, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, readdirSync, readFileSync } from "node:fs";
import { createInterface } from "node:readline";

export interface Measured {
  readonly pid: number;
  /** The first line that it printed, which is JSON. */
  readonly hello: Readonly<Record<string, string>>;
  /** CPU time of all its threads, user and system, in microseconds. */
  readonly cpuUs: () => number;
  /** Resident memory in bytes. */
  readonly rssBytes: () => number;
  readonly send: (line: string) => void;
  readonly stop: () => Promise<void>;
}

const taskset = "/usr/bin/taskset";

/** Whether processes can be kept to a core. */
export const canPin: boolean = existsSync(taskset);

/** Where CPU profiles of the measured servers go; set by `--profile`. */
export const profiles: { directory: string | undefined } = { directory: undefined };

/** Starts a Node program, on core 0 where that can be done, and waits for its first line. */
export function startMeasured(args: readonly string[]): Promise<Measured> {
  return startProgram(process.execPath, [...profiling(), ...args]);
}

/** Starts any program likewise. `hello` stands for the first line of one that prints none. */
export async function startProgram(
  program: string,
  args: readonly string[],
  hello?: Measured["hello"],
): Promise<Measured> {
  const command = [...(canPin ? [taskset, "-c", "0"] : []), program, ...args];
  const quietly = hello === undefined ? "inherit" : "ignore";
  const child = spawn(command[0] ?? "", command.slice(1), { stdio: ["pipe", "pipe", quietly] });
  const greeting = hello ?? (JSON.parse(await firstLine(child)) as Measured["hello"]);
  // What else it says is read, so that it never waits for a reader.
  child.stdout?.resume();
  const { pid } = child;
  if (pid === undefined) throw new Error("the process did not start");
  return {
    pid,
    hello: greeting,
    cpuUs: () => cpuUsOf(pid),
    rssBytes: () => Number(/VmRSS:\s+(\d+) kB/.exec(readFileSync(`/proc/${pid}/status`, "utf8"))?.[1] ?? 0) * 1024,
    send: (text) => void child.stdin?.write(`${text}\n`),
    stop: async () => {
      // A profile is written when the program ends by itself.
      child.kill(profiles.directory === undefined ? "SIGKILL" : "SIGTERM");
      if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
    },
  };
}

/** Files that this process, and those that it starts, may have open. */
export function openFilesMax(): number {
  const found = /^Max open files\s+(\d+)/m.exec(readFileSync("/proc/self/limits", "utf8"));
  return Number(found?.[1] ?? Number.POSITIVE_INFINITY);
}

function profiling(): string[] {
  const { directory } = profiles;
  return directory === undefined ? [] : ["--cpu-prof", `--cpu-prof-dir=${directory}`];
}

/** Keeps this process, the load, to the other core. */
export function pinLoad(): void {
  if (canPin) spawn(taskset, ["-a", "-c", "-p", "1", String(process.pid)], { stdio: "ignore" });
}

async function firstLine(child: ChildProcess): Promise<string> {
  const { stdout } = child;
  if (!stdout) throw new Error("no output to read");
  const lines = createInterface({ input: stdout });
  const ended = once(child, "exit").then(([code]) => {
    throw new Error(`a process under measurement ended with ${code} before it listened`);
  });
  ended.catch(() => {});
  return Promise.race([once(lines, "line").then(([line]) => String(line)), ended]);
}

/** Nanoseconds on a core of each thread, as the kernel counts them. */
function cpuUsOf(pid: number): number {
  let sumNs = 0;
  for (const thread of readdirSync(`/proc/${pid}/task`)) {
    try {
      sumNs += Number(readFileSync(`/proc/${pid}/task/${thread}/schedstat`, "utf8").split(" ")[0]);
    } catch {
      // The thread has ended since.
    }
  }
  return sumNs / 1000;
}
