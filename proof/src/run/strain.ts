// Hard conditions for the machine that is judged on: a worker that gets a part of a core only, and a core that is busy. No rights are
// needed: a helper stops and continues the workers (SIGSTOP, SIGCONT) ten times a second, which holds server and suite up for as long as a
// busy machine would; another helper spins.
import { type ChildProcess, spawn } from "node:child_process";
import { fileURLToPath } from "node:url";

export interface Strain {
  /** A process that is to be throttled from now on. */
  readonly throttle: (pid: number) => void;
  /** Ends the helpers; what they stopped goes on. */
  readonly stop: () => void;
}

export interface StrainOptions {
  /** The part of its time that each worker runs, above 0 and below 1; undefined: all of it. */
  readonly share?: number | undefined;
  /** Whether one core is kept busy. */
  readonly load: boolean;
}

export function createStrain({ share, load }: StrainOptions): Strain {
  const helpers: ChildProcess[] = [];
  const start = (...args: string[]): ChildProcess => {
    const child = spawn(process.execPath, [fileURLToPath(new URL("strain-child.ts", import.meta.url)), ...args], {
      stdio: ["pipe", "ignore", "inherit"],
    });
    child.stdin?.on("error", () => {});
    helpers.push(child);
    return child;
  };
  const throttler = share === undefined ? undefined : start("throttle", String(share));
  if (load) start("load");
  // The end of its input ends a helper, whatever way this process goes.
  return {
    throttle: (pid) => throttler?.stdin?.write(`${pid}\n`),
    stop: () => {
      for (const helper of helpers) helper.stdin?.end();
    },
  };
}
