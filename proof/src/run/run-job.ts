// Runs one job in this process: starts its server, lets the suite judge it, stops it. Never rejects.
import { controls } from "../controls.ts";
import { host } from "../host.ts";
import type { Job, JudgeSettings, MutantResult, Result, VariantResult } from "../job.ts";
import { type Judgement, judge } from "../judge.ts";
import { requirementOf } from "../mutant.ts";
import { mutants } from "../mutants/index.ts";
import { variants } from "../variants/index.ts";

/** Checks at once against one server. */
const jobs = 8;

export async function runJob(job: Job, settings: JudgeSettings): Promise<Result> {
  const startedMs = performance.now();
  const result = job.kind === "mutant" ? await runMutant(job, settings) : await runVariant(job, settings);
  return { ...result, seconds: Math.round(performance.now() - startedMs) / 1000 };
}

async function runMutant(job: Job & { kind: "mutant" }, settings: JudgeSettings): Promise<MutantResult> {
  const { kind, id, profile, scope } = job;
  const none: MutantResult = { kind, id, profile, scope, failed: [], ownPassed: [], seconds: 0 };
  try {
    const mutant = [...controls, ...mutants].find((each) => each.id === id);
    if (!mutant) throw new Error("there is no such mutant");
    const requirement = requirementOf(mutant);
    const seams = mutant.seams?.();
    const { edge, flags } = mutant;
    const server = { profile, ...(seams ? { seams } : {}), ...(edge ? { edge } : {}), ...(flags ? { flags } : {}) };
    const judgement = await hosted(server, (at) =>
      judge(at, {
        ...(scope === "own" ? { only: [`${requirement}/*`] } : {}),
        seed: settings.seed,
        patienceMs: settings.mutantPatienceMs,
        jobs,
        rerun: false,
      }),
    );
    const { checks } = judgement;
    const failed = checks.filter(({ outcome }) => outcome === "FAIL").map((check) => check.id);
    const own = checks.filter((check) => check.requirement === requirement);
    return { ...none, failed, ownPassed: own.filter(({ outcome }) => outcome === "PASS").map((check) => check.id) };
  } catch (cause) {
    return { ...none, fault: messageOf(cause) };
  }
}

async function runVariant(job: Job & { kind: "variant" }, settings: JudgeSettings): Promise<VariantResult> {
  const { kind, id, profile, round } = job;
  const none = { kind, id, profile, round, wrong: [], undecided: [], passed: 0, verdict: "none", seconds: 0 };
  try {
    const variant = variants.find((each) => each.id === id);
    if (!variant) throw new Error("there is no such variant");
    const { seams, edge, flags, wallOffsetMs, profileJson } = variant;
    const server = {
      profile,
      ...(seams ? { seams: seams() } : {}),
      ...(edge ? { edge } : {}),
      ...(flags ? { flags } : {}),
      ...(wallOffsetMs === undefined ? {} : { wallOffsetMs }),
      ...(profileJson ? { profileJson: profileJson() } : {}),
    };
    const { checks, verdict } = await hosted(server, (at) =>
      judge(at, {
        ...(settings.checks ? { only: settings.checks } : {}),
        // Another seed each round: other ids, another order, other transports.
        seed: `${settings.seed}-${round}`,
        patienceMs: settings.variantPatienceMs,
        jobs,
        // As its users run it: what fails once and passes alone is a flake, what fails twice a false failure.
        rerun: true,
        ...variant.judged,
      }),
    );
    const wrong = checks
      .filter(({ outcome }) => ["FAIL", "FLAKY", "ERROR", "WARN"].includes(outcome))
      .map((check) => ({ check: check.id, outcome: check.outcome, got: check.got }));
    const undecided = checks.filter((check) => check.undecided).map((check) => check.id);
    const passed = checks.filter(({ outcome }) => outcome === "PASS").length;
    if (passed === 0) throw new Error("no check passed: nothing was judged");
    return { ...none, wrong, undecided, passed, verdict };
  } catch (cause) {
    return { ...none, fault: messageOf(cause) };
  }
}

async function hosted(
  options: Parameters<typeof host>[0],
  work: (at: Awaited<ReturnType<typeof host>>) => Promise<Judgement>,
): Promise<Judgement> {
  const server = await host(options);
  try {
    return await work(server);
  } finally {
    await server.stop();
  }
}

function messageOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
