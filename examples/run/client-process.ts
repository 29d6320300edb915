// A client as a process: its lines are taken in order, and judged against what a step expects.
import { spawn } from "node:child_process";
import { createInterface } from "node:readline";
import type { Command } from "./languages.ts";
import { isDefined } from "./lines.ts";
import { createMatcher } from "./matcher.ts";

/** Longest wait for the lines of one step, where it says nothing else. */
const stepTimeoutMs = 30_000;

export interface StepOptions {
  readonly timeoutMs?: number;
  /** Lines that may come as often as they like. */
  readonly surplus?: readonly string[];
}

export interface ClientProcess {
  /** Resolves when these lines have come: group after group, and of one user in this order. Rejects on any other line. */
  readonly expect: (step: string, groups: readonly (readonly string[])[], more?: StepOptions) => Promise<void>;
  /** Resolves when it has ended by itself with code 0 and printed nothing more. */
  readonly ended: () => Promise<void>;
  readonly kill: () => void;
}

export function startClient(command: Command, dir: string, show: (line: string) => void): ClientProcess {
  const child = spawn(command.program, command.args, {
    cwd: dir,
    env: { ...process.env, ...command.env },
    stdio: ["ignore", "pipe", "pipe"],
  });
  const unread: (string | undefined)[] = [];
  let wake = (): void => {};
  let errors = "";
  let failure: Error | undefined;
  const put = (line: string | undefined): void => {
    if (line !== undefined) show(line);
    unread.push(line);
    wake();
  };
  createInterface({ input: child.stdout }).on("line", put);
  child.stderr.setEncoding("utf8").on("data", (text: string) => {
    errors = (errors + text).slice(-4000);
    show(`  stderr: ${text.trimEnd()}`);
  });
  child.on("error", (error) => {
    failure = error;
    put(undefined);
  });
  child.on("close", () => put(undefined));

  /** The next line; undefined when there is none any more. */
  async function next(deadline: AbortSignal): Promise<string | undefined> {
    while (unread.length === 0) {
      if (deadline.aborted) throw new Error("nothing more came in time");
      await new Promise<void>((resolve) => {
        wake = resolve;
        deadline.addEventListener("abort", () => resolve(), { once: true });
      });
    }
    return unread.shift();
  }

  return {
    expect: async (step, groups, { timeoutMs = stepTimeoutMs, surplus = [] } = {}) => {
      const matcher = createMatcher(groups, surplus);
      const deadline = AbortSignal.timeout(timeoutMs);
      try {
        while (!matcher.complete()) {
          const line = await next(deadline);
          if (line === undefined) throw failure ?? new Error("the client ended");
          if (!isDefined(line)) throw new Error(`a line that docs/clients.md does not define: ${line}`);
          matcher.take(line);
        }
      } catch (cause) {
        const why = cause instanceof Error ? cause.message : String(cause);
        const missing = matcher.missing().join(" | ");
        throw new Error(`${step}: ${why}; not yet printed: ${missing}${errors ? `\n${errors.trimEnd()}` : ""}`);
      }
    },
    ended: async () => {
      const deadline = AbortSignal.timeout(stepTimeoutMs);
      const line = await next(deadline);
      if (line !== undefined) throw new Error(`printed after bye: ${line}`);
      if (child.exitCode !== 0) throw new Error(`exit code ${child.exitCode}\n${errors.trimEnd()}`);
    },
    kill: () => void child.kill("SIGKILL"),
  };
}
