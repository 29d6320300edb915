// A worker process: hosts the server with the instrumented core, and lets the suite judge it with one mutant on, or with none to see which
// check runs what. It ends when its parent is gone.
import { checks, devTokens, prepare, type Report, runPrepared, suiteCheckIds } from "@userstatus/conformance";
import { type Hosted, host } from "../host.ts";
import { judge } from "../judge.ts";
import type { Answer, Coverage, Judged, Request } from "./message.ts";
import { activate, keyedMarks, markFor, staticMarks } from "./switch.ts";

/** Longest wait for one thing: long, for a kill by a slow machine is none. */
const patienceMs = 3_000;
const jobs = 8;
/** Checks tried before it is looked whether one failed; each time twice as many. */
const firstBatch = 8;
const batchMax = 64;
const atLoad = Object.keys(staticMarks());
const changedAtLoad = process.env.__STRYKER_ACTIVE_MUTANT__ !== undefined;
/** Decided from everything that a run saw: they go with every batch. */
const own = new Set(checks.map(({ id }) => id));
const invariants = suiteCheckIds().filter((id) => !own.has(id));

process.on("message", (request: Request) => {
  void answer(request).then((said) => process.send?.(said));
});
process.on("disconnect", () => process.exit(0));
process.on("unhandledRejection", () => {});
process.on("uncaughtException", () => {});
process.send?.("ready");

async function answer(request: Request): Promise<Answer> {
  if (request.kind === "cover") return cover(request);
  return judgeMutant(request);
}

/** Runs every check without a mutant, one after the other as far as their waits allow. */
async function cover({ profile, seed }: Request & { kind: "cover" }): Promise<Coverage> {
  activate(undefined);
  const server = await host({ profile });
  const atStart = Object.keys(staticMarks());
  const running = new Set<string>();
  const took = new Map<string, number>();
  // Where several run at once, what is run counts for each of them.
  const mark = (): void => markFor(running.size === 0 ? undefined : [...running].join(" "));
  const listener = {
    say: () => {},
    planned: () => {},
    started: ({ planned }: { planned: { check: { id: string } } }) => {
      running.add(planned.check.id);
      mark();
    },
    finished: ({ planned, durationMs }: { planned: { check: { id: string } }; durationMs: number }) => {
      took.set(planned.check.id, (took.get(planned.check.id) ?? 0) + durationMs);
      running.delete(planned.check.id);
      mark();
    },
  };
  const { url, adminUrl, testingUrl } = server;
  const suite = { url, adminUrl, testingUrl, tokens: devTokens(), seed, patienceMs, jobs: 1, rerun: true };
  const report: Report = await runPrepared(await prepare(suite), suite, listener);
  markFor(undefined);
  await server.stop();
  const byCheck = new Map<string, Set<string>>();
  for (const [key, marks] of Object.entries(keyedMarks())) {
    for (const id of key.split(" ")) byCheck.set(id, new Set([...(byCheck.get(id) ?? []), ...Object.keys(marks)]));
  }
  const fit = report.checks.filter(({ outcome }) => outcome === "PASS").map(({ id }) => id);
  return {
    profile,
    checks: fit
      .filter((id) => own.has(id))
      .map((id) => ({ id, ms: Math.round(took.get(id) ?? 0), mutants: [...(byCheck.get(id) ?? [])] })),
    atStart,
    atLoad,
    unfit: [...took.keys()].filter((id) => !fit.includes(id)),
  };
}

async function judgeMutant({ mutant, profile, seed, checks: ids }: Request & { kind: "judge" }): Promise<Judged> {
  let ran = 0;
  for (let from = 0, size = firstBatch; from < ids.length; from += size, size = Math.min(batchMax, size * 2)) {
    const batch = ids.slice(from, from + size);
    const failed = await failures(mutant, profile, seed, batch);
    ran += batch.length;
    if (failed.length === 0) continue;
    // A failure counts if the same is not so without the mutant, now, on this machine, and is so again with it.
    const only = failed.filter((id) => own.has(id));
    const again = only.length > 0 ? only : batch;
    // What was changed while the code was loaded can't be switched off.
    const without = changedAtLoad ? [] : await failures(undefined, profile, seed, again);
    const anew = await failures(mutant, profile, seed, again);
    const by = anew.find((id) => !without.includes(id));
    if (by !== undefined && !without.includes(noStart)) return { status: "killed", by, ran };
    // The machine is in the way: undecided rather than alive or dead.
    return { status: "fault", by: `${failed[0]} failed, and not again or also without the mutant`, ran };
  }
  return { status: "survived", ran };
}

const noStart = "the server or the run does not start";

/** Checks that fail with this mutant on. */
async function failures(
  mutant: string | undefined,
  profile: string,
  seed: string,
  only: readonly string[],
): Promise<string[]> {
  activate(mutant);
  let server: Hosted | undefined;
  try {
    server = await host({ profile });
    const judged = await judge(server, { only: [...only, ...invariants], seed, patienceMs, jobs, rerun: true });
    return judged.checks.filter(({ outcome }) => outcome === "FAIL").map(({ id }) => id);
  } catch {
    return [noStart];
  } finally {
    await server?.stop().catch(() => {});
    activate(undefined);
  }
}
