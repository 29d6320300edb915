// What CPU a process takes, on average and at its busiest.
import { readFileSync } from "node:fs";

export interface CpuMeter {
  readonly look: (nowMs: number) => void;
  /** In cores. Zero where it can't be known. */
  readonly told: () => { readonly cores: number; readonly coresBusiest: number };
}

/** Shorter than a phase of load, longer than a burst of it. */
const windowMs = 5_000;

/** `cpuSeconds` is what the process took since its beginning; undefined: it is gone. */
export function createCpuMeter(cpuSeconds: () => number | undefined): CpuMeter {
  const seen: { readonly ms: number; readonly cpuS: number }[] = [];
  const coresFrom = (from: number, to: number): number => {
    const [first, last] = [seen[from], seen[to]];
    if (!first || !last || last.ms === first.ms) return 0;
    return ((last.cpuS - first.cpuS) * 1000) / (last.ms - first.ms);
  };
  return {
    look: (ms) => {
      const cpuS = cpuSeconds();
      if (cpuS !== undefined) seen.push({ ms, cpuS });
    },
    told: () => {
      const cores = coresFrom(0, seen.length - 1);
      let busiest = cores;
      let from = 0;
      for (const [to, { ms }] of seen.entries()) {
        while (from < to && ms - (seen[from + 1]?.ms ?? ms) >= windowMs) from++;
        if (ms - (seen[from]?.ms ?? ms) >= windowMs) busiest = Math.max(busiest, coresFrom(from, to));
      }
      return { cores, coresBusiest: busiest };
    },
  };
}

/** Of Linux, the same on every machine that runs Node. */
const ticksEachS = 100;

/** User and system time; undefined: there is no such process, or no such file, as on other systems. */
export function cpuSecondsOf(pid: number): number | undefined {
  try {
    const fields = readFileSync(`/proc/${pid}/stat`, "utf8").split(") ")[1]?.split(" ") ?? [];
    return (Number(fields[11]) + Number(fields[12])) / ticksEachS;
  } catch {
    return undefined;
  }
}
