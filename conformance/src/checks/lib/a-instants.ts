// Instants that the server tells, beside those that the suite read from its clock. Exact where time stands still; where it runs, the suite knows the
// server's time only so well, and what its own reading may be off by decides nothing.
import type { Bench } from "../../check.ts";
import { Inconclusive } from "../../failure.ts";

/** The instants between which the server saw something: before it was done, and after. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** Does something that the server sees at once. */
export async function spanOf(t: Bench, act: () => Promise<unknown>): Promise<Span> {
  const from = await t.time.now();
  await act();
  return { from, to: await t.time.now() };
}

/** What follows so much later. */
export function later({ from, to }: Span, ms: number): Span {
  return { from: from + ms, to: to + ms };
}

/** Where time runs: two instants of the server that are the same may be told so far apart, for it may take them one after the other. */
const sameSlackMs = 1500;

/** An instant of the server is this one, or lies in this span; where time runs, to within a second and a half. */
export function sameInstant(t: Bench, got: number, expected: number | Span, what: string): void {
  if (typeof expected !== "number") lies(t, got, expected, sameSlackMs, what);
  else if (t.time.tier === "virtual") t.equal(got, expected, what);
  else lies(t, got, { from: expected, to: expected }, sameSlackMs, what);
}

const betweenSlackMs = 500;

/** An instant lies between two others, which were read around a call; where time runs, to within half a second. */
export function between(t: Bench, got: number, earliest: number, latest: number, what: string): void {
  lies(t, got, { from: earliest, to: latest }, betweenSlackMs, what);
}

function lies(t: Bench, got: number, { from, to }: Span, slackMs: number, what: string): void {
  const toleranceMs = t.time.tier === "virtual" ? 0 : slackMs;
  const offMs = Math.max(0, from - got, got - to);
  if (offMs > toleranceMs && offMs <= toleranceMs + t.time.errorMs())
    throw new Inconclusive(`${what}: the answers that tell the server's time were too slow to know it`);
  // Not a number is in no span.
  t.ok(offMs <= toleranceMs, `${what} is from ${from} to ${to} (in milliseconds since 1970)`, got);
}
