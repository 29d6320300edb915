// A worker process that is asked one thing at a time, and ended by its id when it takes too long.
import { type ChildProcess, fork } from "node:child_process";
import { fileURLToPath } from "node:url";
import type { Answer, Request } from "./message.ts";

export interface Worker {
  /** Undefined: no answer within the time; the process is ended then, and a new one made at the next question. */
  readonly ask: (request: Request, limitMs: number) => Promise<Answer | undefined>;
  readonly end: () => void;
}

const path = (name: string): string => fileURLToPath(new URL(name, import.meta.url));

/** `mutant`: on from the first line of the code that is loaded. */
export function createWorker(mutant?: string): Worker {
  let child: ChildProcess | undefined;
  const end = (): void => {
    child?.kill("SIGKILL");
    child = undefined;
  };
  const start = (): Promise<ChildProcess> => {
    const made = fork(path("worker.ts"), {
      execArgv: ["--import", path("hook.ts")],
      env: { ...process.env, ...(mutant === undefined ? {} : { __STRYKER_ACTIVE_MUTANT__: mutant }) },
      stdio: ["ignore", "ignore", "inherit", "ipc"],
    });
    child = made;
    return new Promise((resolve, reject) => {
      made.once("message", () => resolve(made));
      made.once("exit", () => reject(new Error("a worker ended while it was starting")));
    });
  };
  process.on("exit", end);
  return {
    ask: async (request, limitMs) => {
      const asked = child ?? (await start());
      return new Promise((resolve) => {
        const settle = (answer: Answer | undefined): void => {
          clearTimeout(timer);
          asked.removeAllListeners("message").removeAllListeners("exit");
          if (answer === undefined) end();
          resolve(answer);
        };
        const timer = setTimeout(() => settle(undefined), limitMs);
        asked.once("message", (answer: Answer) => settle(answer));
        asked.once("exit", () => settle(undefined));
        asked.send(request);
      });
    },
    end: () => {
      process.off("exit", end);
      end();
    },
  };
}
