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
const pids = new Set<number>();

function signal(name: "SIGSTOP" | "SIGCONT"): void {
  for (const pid of pids) {
    try {
      process.kill(pid, name);
    } catch {
      pids.delete(pid);
    }
  }
}

function run(): void {
  signal("SIGCONT");
  setTimeout(stop, periodMs * Number(share));
}

function stop(): void {
  signal("SIGSTOP");
  setTimeout(run, periodMs * (1 - Number(share)));
}

function spin(): void {
  const untilMs = performance.now() + spinMs;
  while (performance.now() < untilMs);
  setImmediate(spin);
}

createInterface({ input: process.stdin }).on("line", (line) => pids.add(Number(line)));
process.stdin.on("end", () => {
  signal("SIGCONT");
  process.exit(0);
});
if (mode === "load") {
  setPriority(constants.priority.PRIORITY_LOW);
  spin();
} else run();
