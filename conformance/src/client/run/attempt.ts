// One attempt at one check of a client over one protocol.
import { performance } from "node:perf_hooks";
import { NothingCame } from "../../failure.ts";
import { type Attempt, classify } from "../../run/execute.ts";
import { entryLine, lastExchange } from "../../transcript/print.ts";
import { stepsOf } from "../../transcript/steps.ts";
import { createTranscript } from "../../transcript/transcript.ts";
import { spoken } from "../../units.ts";
import { type ClientRunSettings, openClientBench } from "../bench/bench.ts";
import type { ClientCheck } from "../check.ts";
import type { Hello, Protocol } from "../contract/contract.ts";
import { hasEnded } from "../contract/driven-client.ts";
import { ContractError } from "../contract/validate.ts";

export interface AttemptRequest {
  readonly settings: ClientRunSettings;
  readonly check: ClientCheck;
  readonly protocol: Protocol;
  readonly hello: Hello;
}

/** A suite that stood still for so long can't say that nothing came: the client stood still as well, or longer. */
const stoodStillMs = 1_000;

/** Beyond this a check hangs. */
const limitMs = 120_000;

type Decided = Pick<Attempt, "result" | "reason"> & {
  readonly failure?: { what: string; expected: string; got: string };
};

/** Never rejects. */
export async function attemptClientCheck(request: AttemptRequest): Promise<Attempt> {
  const started = performance.now();
  const startedAt = Date.now();
  const transcript = createTranscript();
  const decided = await decide(request, transcript);
  const entries = transcript.entries();
  const { failure, ...rest } = decided;
  const common = { ...rest, transport: request.protocol, durationMs: performance.now() - started, entries };
  if (failure === undefined) return { ...common, unreachable: false };
  const exchange = lastExchange(entries).map((entry) => entryLine(entry, startedAt));
  return { ...common, unreachable: false, failure: { ...failure, exchange, steps: stepsOf(entries, startedAt) } };
}

async function decide(request: AttemptRequest, transcript: ReturnType<typeof createTranscript>): Promise<Decided> {
  const { check, settings } = request;
  let opened: Awaited<ReturnType<typeof openClientBench>>;
  try {
    opened = await openClientBench({ ...request, transcript });
  } catch (error) {
    return { result: "ERROR", reason: faultText(error) };
  }
  const timeMs = limitMs * settings.timeoutScale + (check.longMs?.(opened.bench.backoff) ?? 0) * 2;
  try {
    await within(check.run(opened.bench), timeMs);
    return { result: "PASS" };
  } catch (error) {
    const stoodMs = opened.bench.lagMs();
    if (error instanceof NothingCame && stoodMs > stoodStillMs)
      return { result: "INCONCLUSIVE", reason: `this machine stood still for ${spoken(stoodMs)}` };
    return judged(error);
  } finally {
    await opened.close();
  }
}

function judged(error: unknown): Decided {
  if (error instanceof ContractError) return { result: "ERROR", reason: faultText(error) };
  if (hasEnded(error)) {
    const got = error instanceof Error ? error.message : String(error);
    return {
      result: "FAIL",
      failure: { what: "a client must live on, whatever a right server does", expected: "a process that runs", got },
    };
  }
  const { result, reason, failure } = classify(error);
  return { result, ...(reason === undefined ? {} : { reason }), ...(failure === undefined ? {} : { failure }) };
}

function faultText(error: unknown): string {
  const text = error instanceof Error ? error.message : String(error);
  if (error instanceof ContractError || hasEnded(error)) return `the client's program: ${text}`;
  return `fault of the suite: ${error instanceof Error ? (error.stack ?? text) : text}`;
}

async function within(work: Promise<void>, ms: number): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`the check was not done within ${spoken(ms)}`)), ms);
  });
  try {
    await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
