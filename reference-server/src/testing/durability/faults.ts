// Disks that fail: a small library in C that stands below the server's process. Needs a C compiler and Linux.
import { execFileSync } from "node:child_process";
import { join } from "node:path";
import { fileURLToPath } from "node:url";

/** Chances of one call in a thousand. */
const chances = {
  FAULTS_SHORT_WRITE: "100",
  FAULTS_WRITE_ERROR: "2",
  FAULTS_WRITE_FULL: "500",
  FAULTS_SYNC_ERROR: "5",
  FAULTS_TORN_DEATH: "2",
};

/** Builds it. Throws where there is no compiler. */
export function buildFaults(directory: string): string {
  const source = fileURLToPath(new URL("faults.c", import.meta.url));
  const library = join(directory, "faults.so");
  execFileSync("cc", ["-shared", "-fPIC", "-O1", "-o", library, source, "-ldl"], { stdio: "inherit" });
  return library;
}

export function faultsEnv(library: string, seed: number): Record<string, string> {
  return { LD_PRELOAD: library, FAULTS_SEED: String(seed), ...chances };
}
