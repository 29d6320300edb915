// The matchers of a bench: each decides with a pure evaluator and throws a CheckFailure that says what was expected
// and what came.
import { Code, type ConnectError } from "@connectrpc/connect";
import { errorDomain, type ReasonName, reasonCodes } from "@userstatus/protocol";
import type { Bench, Refusal } from "../check.ts";
import { CheckFailure, NotApplicable, NotTestable } from "../failure.ts";
import { difference, show } from "./evaluate.ts";
import { codeName, decodeRefusal, describeError, isConnectError } from "./refusal.ts";

export type Matchers = Pick<Bench, "equal" | "ok" | "refused" | "refusedSomehow" | "notApplicable" | "notTestable">;

export function createMatchers(): Matchers {
  return { equal, ok, refused, refusedSomehow, notApplicable, notTestable };
}

function equal<T>(got: T, expected: T, what: string): void {
  const found = difference(got, expected);
  if (found !== undefined) throw new CheckFailure(what, found.expected, found.got);
}

function ok(condition: boolean, what: string, got?: unknown): asserts condition {
  if (!condition) throw new CheckFailure(what, "that this holds", got === undefined ? "that it does not" : show(got));
}

async function refused(call: Promise<unknown>, reason: ReasonName, what: string): Promise<Refusal> {
  const expected = `${codeName(reasonCodes[reason])}, ${reason}`;
  const error = await refusalOf(call, expected, what);
  const refusal = decodeRefusal(error);
  if (!isRefusal(refusal, reason))
    throw new CheckFailure(what, `a refusal with ${expected}`, describe(refusal, error), error);
  return refusal;
}

async function refusedSomehow(call: Promise<unknown>, what: string): Promise<void> {
  const error = await refusalOf(call, "of any kind", what);
  // A server that has no such call at all refuses everything, and has decided nothing.
  if (error.code === Code.Unimplemented) {
    throw new CheckFailure(what, "a refusal by a server that has this call", describeError(error), error);
  }
}

function notApplicable(why: string): never {
  throw new NotApplicable(why);
}

function notTestable(why: string): never {
  throw new NotTestable(why);
}

/** Pure: whether a refusal is this reason, with the domain of the protocol and the code of the reason. */
export function isRefusal(refusal: Refusal, reason: ReasonName): boolean {
  return refusal.reason === reason && refusal.domain === errorDomain && refusal.code === reasonCodes[reason];
}

function describe(refusal: Refusal, error: unknown): string {
  const domain =
    refusal.domain === undefined || refusal.domain === errorDomain ? "" : ` of the domain ${show(refusal.domain)}`;
  return `${describeError(error)}${domain}`;
}

async function refusalOf(call: Promise<unknown>, expected: string, what: string): Promise<ConnectError> {
  let answer: unknown;
  try {
    answer = await call;
  } catch (error) {
    const cause = error instanceof CheckFailure && isConnectError(error.cause) ? error.cause : error;
    if (isConnectError(cause)) return cause;
    throw error;
  }
  throw new CheckFailure(
    what,
    `a refusal ${expected === "of any kind" ? expected : `with ${expected}`}`,
    `the answer ${show(answer)}`,
  );
}
