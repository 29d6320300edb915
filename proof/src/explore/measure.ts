// Measures `userstatus-conformance explore`: of mutants drawn at random, how many it finds, from how many seeds.
import { spawn } from "node:child_process";
import { createHash } from "node:crypto";
import { fileURLToPath } from "node:url";
import { host } from "../host.ts";
import type { Mutant } from "../mutant.ts";

export interface Measured {
  readonly id: string;
  /** By seed: seconds until it was found; null: it was not. */
  readonly foundAfter: readonly (number | null)[];
  /** The requirement that the first finding names. */
  readonly named?: string;
}

const cli = fileURLToPath(new URL("../../../conformance/dist/cli.js", import.meta.url));

/** Those that a walk could see: a defect in standard, at a seam above the transports. Others are about bytes, connections and tokens. */
export function observable(mutants: readonly Mutant[]): Mutant[] {
  return mutants.filter(({ profiles = ["standard"], edge }) => edge === undefined && profiles.includes("standard"));
}

/** The first `count` in an order that the seed gives. */
export function draw<T extends { readonly id: string }>(from: readonly T[], count: number, seed: string): T[] {
  const rank = ({ id }: T): string => createHash("sha256").update(`${seed} ${id}`).digest("hex");
  return from.toSorted((left, right) => (rank(left) < rank(right) ? -1 : 1)).slice(0, count);
}

export interface ExploreRun {
  readonly seed: string;
  readonly budget: string;
}

/** Explores one hosted server in a process of its own. */
export async function measure(mutant: Mutant | undefined, runs: readonly ExploreRun[]): Promise<Measured> {
  const foundAfter: (number | null)[] = [];
  let named: string | undefined;
  for (const run of runs) {
    const seams = mutant?.seams?.();
    const flags = mutant?.flags;
    const server = await host({ profile: "standard", ...(seams ? { seams } : {}), ...(flags ? { flags } : {}) });
    try {
      const { findings } = await explore(server, run);
      const [first] = findings.filter(({ stable }) => stable);
      foundAfter.push(first === undefined ? null : first.afterMs / 1000);
      named ??= first?.requirements[0];
    } finally {
      await server.stop();
    }
  }
  return { id: mutant?.id ?? "(no defect)", foundAfter, ...(named === undefined ? {} : { named }) };
}

interface Exploration {
  readonly findings: readonly {
    readonly stable: boolean;
    readonly afterMs: number;
    readonly requirements: readonly string[];
  }[];
}

function explore(
  { url, adminUrl, testingUrl }: { url: string; adminUrl: string; testingUrl: string },
  { seed, budget }: ExploreRun,
): Promise<Exploration> {
  const target = ["--url", url, "--admin-url", adminUrl, "--testing-url", testingUrl, "--token-dev"];
  // Whether is asked, not by how few steps.
  const how = ["--seed", seed, "--budget", budget, "--findings", "1", "--no-shrink", "--json", "-"];
  const child = spawn(process.execPath, [cli, "explore", ...target, ...how], { stdio: ["ignore", "pipe", "pipe"] });
  let [text, said] = ["", ""];
  child.stdout.on("data", (chunk: Buffer) => {
    text += chunk.toString();
  });
  child.stderr.on("data", (chunk: Buffer) => {
    said += chunk.toString();
  });
  return new Promise((resolve, reject) => {
    child.on("error", reject);
    child.on("close", (code) => {
      if (code === 0 || code === 1) resolve(JSON.parse(text) as Exploration);
      else reject(new Error(`explore ended with ${code}: ${said.slice(-500)}`));
    });
  });
}
