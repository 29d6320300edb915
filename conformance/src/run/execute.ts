// One attempt at one check over one transport.

import { openBench } from "../bench/bench.ts";
import { describeError, isConnectError } from "../bench/refusal.ts";
import type { RunContext } from "../bench/world.ts";
import type { Check } from "../check.ts";
import { CheckFailure, Inconclusive, isUnreachable, NotApplicable, NotTestable } from "../failure.ts";
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
}

/** Never rejects. */
export async function attempt({ run, check, kind, waitMs }: AttemptRequest): Promise<Attempt> {
  const started = performance.now();
  const startedAt = Date.now();
  const bench = openBench({ run, check, kind });
  const limitMs = Math.max(10_000, run.patienceMs * 12) + waitMs * 1.5;
  const decided = await decide(async () => check.run(await bench.start()), limitMs);
  const overdue = decided.result === "FAIL" ? bench.overdue() : undefined;
  await bench.close();
  const entries = bench.transcript.entries();
  const common = { transport: kind.name, durationMs: performance.now() - started, entries };
  if (overdue !== undefined) return { ...common, result: "INCONCLUSIVE", reason: overdue, unreachable: false };
  const { failure, ...rest } = decided;
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
}

async function decide(work: () => Promise<void>, limitMs: number): Promise<Decided> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<Decided>((resolve) => {
    const reason = `the check was not done within ${spoken(limitMs)}; a greater --patience gives it more`;
    timer = setTimeout(() => resolve({ result: "ERROR", reason, unreachable: false }), limitMs);
  });
  const done = work().then(
    (): Decided => ({ result: "PASS", unreachable: false }),
    (error: unknown) => classify(error),
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
    return { result: "FAIL", failure: { what, expected, got }, unreachable: isUnreachable(error.cause) };
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
