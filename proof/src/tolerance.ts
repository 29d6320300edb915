// Runs the unusual servers: each must be all green, in each of its profiles, in every round.
import { host } from "./host.ts";
import { judge } from "./judge.ts";
import type { Variant } from "./variants.ts";

export interface Tolerance {
  readonly variant: string;
  readonly profile: string;
  readonly round: number;
  /** Checks that did not pass though the server is right: false failures. */
  readonly wrong: readonly { readonly check: string; readonly outcome: string; readonly got: string }[];
  readonly passed: number;
  readonly verdict: string;
  readonly seconds: number;
  readonly fault?: string;
}

export interface ToleranceOptions {
  readonly rounds: number;
  readonly parallel: number;
  readonly seed: string;
  readonly only?: readonly string[];
  readonly onDone: (tolerance: Tolerance) => void;
}

export async function runVariants(variants: readonly Variant[], options: ToleranceOptions): Promise<Tolerance[]> {
  const rounds = Array.from({ length: options.rounds }, (_, round) => round);
  const queue = rounds.flatMap((round) =>
    variants.flatMap((variant) => (variant.profiles ?? ["standard"]).map((profile) => ({ variant, profile, round }))),
  );
  const done: Tolerance[] = [];
  const worker = async (): Promise<void> => {
    for (let next = queue.shift(); next; next = queue.shift()) {
      const tolerance = await runVariant(next.variant, next.profile, next.round, options);
      done.push(tolerance);
      options.onDone(tolerance);
    }
  };
  await Promise.all(Array.from({ length: options.parallel }, worker));
  return done;
}

async function runVariant(
  variant: Variant,
  profile: string,
  round: number,
  options: ToleranceOptions,
): Promise<Tolerance> {
  const { seams, edge, flags, wallOffsetMs } = variant;
  const hosted = await host({
    profile,
    ...(seams ? { seams: seams() } : {}),
    ...(edge ? { edge } : {}),
    ...(flags ? { flags } : {}),
    ...(wallOffsetMs === undefined ? {} : { wallOffsetMs }),
  });
  const told = { variant: variant.id, profile, round };
  const startedMs = performance.now();
  try {
    const only = options.only ? { only: options.only } : {};
    const report = await judge(hosted, {
      ...only,
      seed: `${options.seed}-${round}`,
      patienceMs: 10_000,
      jobs: 8,
      rerun: false,
    });
    const wrong = report.checks
      .filter(({ outcome }) => ["FAIL", "FLAKY", "ERROR", "WARN"].includes(outcome))
      .map(({ id, outcome, runs }) => ({
        check: id,
        outcome,
        got: JSON.stringify(runs.find((run) => run.failure)?.failure ?? "").slice(0, 300),
      }));
    const seconds = (performance.now() - startedMs) / 1000;
    return { ...told, wrong, passed: report.counts.checks.PASS, verdict: report.verdict, seconds };
  } catch (cause) {
    const fault = cause instanceof Error ? cause.message : String(cause);
    return { ...told, wrong: [], passed: 0, verdict: "none", seconds: 0, fault };
  } finally {
    await hosted.stop();
  }
}
