// Random work and faults on several nodes, by seeds. SIMULATION_SEEDS=10000 is the long form; SIMULATION_SEED=42 does one again.
import { OnlineStatus } from "@userstatus/protocol";
import { describe, expect, it } from "vitest";
import { simulate } from "../../testing/simulation.ts";

const one = process.env.SIMULATION_SEED;
const count = Number(process.env.SIMULATION_SEEDS ?? 200);
const seeds = one === undefined ? Array.from({ length: count }, (_, at) => at + 1) : [Number(one)];

describe("simulation", () => {
  it(`of ${one === undefined ? `${count} seeds` : `seed ${one}`} breaks no invariant`, {
    timeout: 60_000 + count * 500,
  }, async () => {
    const broken: string[] = [];
    let statuses = 0;
    for (const seed of seeds) {
      const run = await simulate(seed);
      statuses += run.statuses;
      for (const what of run.broken) broken.push(`SIMULATION_SEED=${seed}: ${what}`);
    }
    expect(broken).toEqual([]);
    // Somebody looked.
    expect(statuses).toBeGreaterThan(seeds.length * 5);
  });

  it("notices a node that tells nothing of what it heard", async () => {
    const broken: string[] = [];
    for (let seed = 1; seed <= 20; seed++) {
      broken.push(
        ...(
          await simulate(seed, {
            spoil: (status) => (status.onlineStatus === OnlineStatus.ONLINE ? undefined : status),
          })
        ).broken,
      );
    }
    expect(broken.length).toBeGreaterThan(0);
  });
});
