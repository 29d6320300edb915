// The helper process of strain.ts, run without a loader. It ends when its parent is gone, and leaves no process stopped behind.
//   strain-child.ts throttle SHARE   stops and continues the processes whose ids come on stdin, so that each runs SHARE of the time
//   strain-child.ts load             spins, at the lowest priority: it keeps busy what nothing else needs, so that a worker shares its core's
//                                    threads, caches and clock with it, and never waits for it
import { constants, setPriority } from "node:os";
import { createInterface } from "node:readline";

/** Long enough to be cheap, short enough that a stop is no outage. */
const periodMs = 100;
const spinMs = 20;

const [mode, share = "0.5"] = process.argv.slice(2);
/** A group of processes that run and stop together. */
interface Turn {
  readonly pids: Set<number>;
  /** The part of the period at which it begins to run. */
  readonly startsAt: number;
  isRunning: boolean;
}

/** The second turn runs half a period after the first, so that a machine is not left idle while all wait. */
const turns: readonly [Turn, Turn] = [
  { pids: new Set(), startsAt: 0, isRunning: true },
  { pids: new Set(), startsAt: 0.5, isRunning: true },
];

function signal({ pids }: Turn, name: "SIGSTOP" | "SIGCONT"): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      pids.delete(pid);
    }
  }
}

/** By one clock for all turns, so that a timer that is late does not shift one against the other. */
function throttle(): void {
  const nowPart = (performance.now() % periodMs) / periodMs;
  let waitPart = 1;
  for (const turn of turns) {
    const sincePart = (nowPart - turn.startsAt + 1) % 1;
    const isRunning = sincePart < Number(share);
    if (isRunning !== turn.isRunning) signal(turn, isRunning ? "SIGCONT" : "SIGSTOP");
    turn.isRunning = isRunning;
    waitPart = Math.min(waitPart, (isRunning ? Number(share) : 1) - sincePart);
  }
  setTimeout(throttle, Math.max(1, Math.ceil(waitPart * periodMs)));
}

function add(pid: number): void {
  const [first, second] = turns;
  (second.pids.size < first.pids.size ? second : first).pids.add(pid);
}

function spin(): void {
  const untilMs = performance.now() + spinMs;
  while (performance.now() < untilMs);
  setImmediate(spin);
}

createInterface({ input: process.stdin }).on("line", (line) => add(Number(line)));
process.stdin.on("end", () => {
  for (const turn of turns) signal(turn, "SIGCONT");
  process.exit(0);
});
if (mode === "load") {
  setPriority(constants.priority.PRIORITY_LOW);
  spin();
} else throttle();
