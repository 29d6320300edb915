// One attempt at one check over one transport.

import { performance } from "node:perf_hooks";
import { openBench } from "../bench/bench.ts";
import { describeError, isConnectError } from "../bench/refusal.ts";
import type { RunContext } from "../bench/world.ts";
import type { Check } from "../check.ts";
import { CheckFailure, Inconclusive, isUnreachable, NotApplicable, NothingCame, NotTestable } from "../failure.ts";
import { commandOf } from "../transcript/command.ts";
import { entryLine, lastExchange } from "../transcript/print.ts";
import { type Step, stepsOf } from "../transcript/steps.ts";
import type { Entry } from "../transcript/transcript.ts";
import { spoken } from "../units.ts";
import type { TransportKind } from "../wire/kinds.ts";

export interface Failure {
  readonly what: string;
  readonly expected: string;
  readonly got: string;
  /** The last exchange before it, as lines. */
  readonly exchange: readonly string[];
  /** The last call, as a line for a shell. */
  readonly command?: string;
  /** The end of the transcript as data. */
  readonly steps?: readonly Step[];
}

export interface Attempt {
  readonly result: "PASS" | "FAIL" | "NOT_APPLICABLE" | "NOT_TESTABLE" | "ERROR" | "INCONCLUSIVE";
  readonly transport: string;
  readonly durationMs: number;
  /** With FAIL. */
  readonly failure?: Failure;
  /** With anything but PASS and FAIL. */
  readonly reason?: string;
  /** Nothing answered any more: the server may be gone. */
  readonly unreachable: boolean;
  readonly entries: readonly Entry[];
}

export interface AttemptRequest {
  readonly run: RunContext;
  readonly check: Check;
  readonly kind: TransportKind;
  /** How long the check really waits by its own account. */
  readonly waitMs: number;
  /** A failure is tried again, alone: then one that this process was too busy to be sure of decides nothing. */
  readonly triedAgain: boolean;
}

/** Above this share of the time this process was at work itself: what it waited for may have been there. */
const busyShare = 0.9;

/** Never rejects. */
export async function attempt({ run, check, kind, waitMs, triedAgain }: AttemptRequest): Promise<Attempt> {
  const started = performance.now();
  const loop = performance.eventLoopUtilization();
  const startedAt = Date.now();
  const bench = openBench({ run, check, kind });
  const limitMs = Math.max(10_000, run.patienceMs * 12) + waitMs * 1.5;
  const decided = await decide(async () => check.run(await bench.start()), limitMs, bench.transcript.count);
  const busy =
    triedAgain && decided.nothingCame === true && performance.eventLoopUtilization(loop).utilization > busyShare
      ? "this machine was too busy to see whether it came"
      : undefined;
  const overdue = decided.result === "FAIL" ? (bench.overdue(decided.thrown) ?? busy) : undefined;
  await bench.close();
  const entries = bench.transcript.entries();
  const common = { transport: kind.name, durationMs: performance.now() - started, entries };
  if (overdue !== undefined) return { ...common, result: "INCONCLUSIVE", reason: overdue, unreachable: false };
  const { failure, nothingCame: _, thrown: _thrown, ...rest } = decided;
  if (failure === undefined) return { ...common, ...rest };
  const exchange = lastExchange(entries).map((entry) => entryLine(entry, startedAt));
  const command = commandOf(entries, {
    url: run.url,
    app: bench.app,
    devTokens: run.tokens.name === "--token-dev",
    claims: run.claims,
  });
  const shown = { exchange, steps: stepsOf(entries, startedAt), ...(command === undefined ? {} : { command }) };
  return { ...common, ...rest, failure: { ...failure, ...shown } };
}

interface Decided {
  readonly result: Attempt["result"];
  readonly failure?: Omit<Failure, "exchange" | "steps" | "command">;
  readonly reason?: string;
  readonly unreachable: boolean;
  readonly nothingCame?: boolean;
  /** What ended the check. */
  readonly thrown?: unknown;
}

/** A check that goes on saying and hearing things is slow, not stuck: it gets the limit anew, so many times at most. */
const limitsMax = 5;

/** What came of the work, or that it took too long. `said`: how much went to and fro so far. */
export async function decide(work: () => Promise<void>, limitMs: number, said: () => number): Promise<Decided> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<Decided>((resolve) => {
    const arm = (times: number, before: number): void => {
      timer = setTimeout(() => {
        const now = said();
        if (now > before && times < limitsMax) return arm(times + 1, now);
        const reason = `the check was not done within ${spoken(times * limitMs)}; a greater --patience gives it more`;
        resolve({ result: "ERROR", reason, unreachable: false });
      }, limitMs);
    };
    arm(1, said());
  });
  const done = work().then(
    (): Decided => ({ result: "PASS", unreachable: false }),
    (error: unknown) => ({ ...classify(error), thrown: error }),
  );
  try {
    return await Promise.race([done, limit]);
  } finally {
    clearTimeout(timer);
  }
}

/** Pure: what a thrown value means. */
export function classify(error: unknown): Decided {
  if (error instanceof CheckFailure) {
    const { what, expected, got } = error;
    const nothingCame = error instanceof NothingCame || error.cause instanceof NothingCame;
    const failure = { what, expected, got };
    return {
      result: "FAIL",
      failure,
      unreachable: isUnreachable(error.cause),
      ...(nothingCame ? { nothingCame } : {}),
    };
  }
  if (error instanceof Inconclusive) return { result: "INCONCLUSIVE", reason: error.message, unreachable: false };
  if (error instanceof NotTestable) return { result: "NOT_TESTABLE", reason: error.message, unreachable: false };
  if (error instanceof NotApplicable) return { result: "NOT_APPLICABLE", reason: error.message, unreachable: false };
  if (isConnectError(error)) {
    const failure = {
      what: "could not be reached: a call must be answered",
      expected: "an answer",
      got: describeError(error),
    };
    return { result: "FAIL", failure, unreachable: isUnreachable(error) };
  }
  const reason = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return { result: "ERROR", reason: `fault of the suite: ${reason}`, unreachable: false };
}
