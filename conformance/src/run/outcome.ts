// Outcomes of checks and requirements, and which one counts where there are several.
export type Outcome = "PASS" | "FAIL" | "WARN" | "NOT_APPLICABLE" | "NOT_TESTABLE" | "FLAKY" | "ERROR";

/** From best to worst. NOT_APPLICABLE says nothing, so anything else counts before it. */
const order: readonly Outcome[] = ["NOT_APPLICABLE", "PASS", "WARN", "NOT_TESTABLE", "FLAKY", "ERROR", "FAIL"];

export const outcomes: readonly Outcome[] = [
  "PASS",
  "FAIL",
  "WARN",
  "FLAKY",
  "ERROR",
  "NOT_TESTABLE",
  "NOT_APPLICABLE",
];

/** The worst of them; undefined of none. */
export function worst(of: readonly Outcome[]): Outcome | undefined {
  let found: Outcome | undefined;
  for (const outcome of of) if (found === undefined || order.indexOf(outcome) > order.indexOf(found)) found = outcome;
  return found;
}

/** How many of each. */
export function tally(of: readonly Outcome[]): Record<Outcome, number> {
  const counts = Object.fromEntries(outcomes.map((outcome) => [outcome, 0])) as Record<Outcome, number>;
  for (const outcome of of) counts[outcome]++;
  return counts;
}
