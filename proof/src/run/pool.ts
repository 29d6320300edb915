// Worker processes, as many as there are cores, that are given jobs until there are none. All of them are ended, by their ids, on every
// way out.
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import { type Job, type JudgeSettings, keyOf, type Result } from "../job.ts";

export interface PoolOptions {
  readonly workers: number;
  /** Jobs at once in each worker: most of the time of a mutant is waiting. */
  readonly jobsAtOnce: number;
  readonly settings: JudgeSettings;
  /** Longest that one job may take; its worker is then ended and replaced. */
  readonly jobLimitMs: number;
  /** Told of each new worker's process id. */
  readonly onWorker?: (pid: number) => void;
  readonly onResult: (result: Result) => void;
}

/** Answers when every job has a result. */
export async function runPool(jobs: readonly Job[], options: PoolOptions): Promise<void> {
  const queue = [...jobs];
  const children = new Set<ChildProcess>();
  const endAll = (): void => {
    for (const child of children) child.kill("SIGKILL");
  };
  process.on("exit", endAll);
  try {
    await Promise.all(Array.from({ length: options.workers }, () => work(queue, children, options)));
  } finally {
    endAll();
    process.off("exit", endAll);
  }
}

/** One worker's place: a process, and another in its stead while there are jobs and it dies. */
async function work(queue: Job[], children: Set<ChildProcess>, options: PoolOptions): Promise<void> {
  while (queue.length > 0) {
    const child = fork(fileURLToPath(new URL("worker.ts", import.meta.url)), {
      execArgv: ["--conditions=@userstatus/source", "--import", "tsx"],
      // What a mutant's server logs of its own defects is of no interest.
      stdio: ["ignore", "ignore", "ignore", "ipc"],
    });
    children.add(child);
    if (child.pid !== undefined) options.onWorker?.(child.pid);
    await serve(child, queue, options);
    children.delete(child);
  }
}

/** Feeds one process; answers when it has ended. What it had not answered then is a fault of these jobs. */
function serve(child: ChildProcess, queue: Job[], options: PoolOptions): Promise<void> {
  const running = new Map<string, { job: Job; timer: NodeJS.Timeout }>();
  const give = (): void => {
    while (running.size < options.jobsAtOnce) {
      const job = queue.shift();
      if (!job) break;
      const timer = setTimeout(() => child.kill("SIGKILL"), options.jobLimitMs);
      running.set(keyOf(job), { job, timer });
      child.send({ job, settings: options.settings });
    }
    if (running.size === 0) child.kill("SIGKILL");
  };
  return new Promise((resolve) => {
    child.on("message", (message: Result | "ready") => {
      if (message !== "ready") {
        clearTimeout(running.get(keyOf(message))?.timer);
        running.delete(keyOf(message));
        options.onResult(message);
      }
      give();
    });
    child.on("error", () => child.kill("SIGKILL"));
    child.on("exit", () => {
      for (const { job, timer } of running.values()) {
        clearTimeout(timer);
        options.onResult(faultOf(job, `its process ended, or it took longer than ${options.jobLimitMs / 1000} s`));
      }
      resolve();
    });
  });
}

function faultOf(job: Job, fault: string): Result {
  if (job.kind === "mutant") return { ...job, failed: [], ownPassed: [], seconds: 0, fault };
  return { ...job, wrong: [], undecided: [], passed: 0, verdict: "none", seconds: 0, fault };
}
