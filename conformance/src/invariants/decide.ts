// The checks that are decided after all others, from what was observed on every stream and in every answer.
import { findRequirement, type Requirement } from "@userstatus/protocol";
import type { Failure } from "../run/execute.ts";
import type { Outcome } from "../run/outcome.ts";
import type { InvariantId, Observer, Violation } from "./observer.ts";

export interface AfterCheck {
  readonly id: string;
  readonly title: string;
  readonly requirement: Requirement;
  readonly invariant: InvariantId;
}

export interface AfterResult {
  readonly check: Omit<AfterCheck, "invariant">;
  readonly outcome: Outcome;
  readonly transport: string;
  readonly failure?: Failure;
  readonly reason?: string;
}

const titles: readonly (readonly [id: string, invariant: InvariantId, title: string])[] = [
  [
    "rev-order/every-stream",
    "rev-order",
    "Looks at every stream of the run: no revision of a target or of self goes down",
  ],
  [
    "rev-change/every-answer",
    "rev-change",
    "Looks at every status of the run: equal revisions of a view have equal content",
  ],
  ["watch-hello/every-stream", "watch-hello", "Looks at every stream of the run: hello comes first, and once"],
  [
    "watch-end-last/every-stream",
    "watch-end-last",
    "Looks at every stream that the server ended: watch_end is last, and no error follows",
  ],
  ["frame-size/every-stream", "frame-size", "Looks at every frame of the run: none has more than 1 MiB"],
  [
    "message-valid/every-message",
    "message-valid",
    "Looks at every message that the server sent in the run: each is valid for its schema",
  ],
  [
    "epoch-same/every-stream",
    "epoch-same",
    "Looks at every answer and hello of the run: an app has one epoch, until it is changed on purpose",
  ],
];

export const afterChecks: readonly AfterCheck[] = titles.map(([id, invariant, title]) => {
  const requirement = findRequirement(invariant);
  if (requirement === undefined) throw new Error(`no requirement ${invariant}`);
  return { id, title, requirement, invariant };
});

/** Fewer chances to be broken than this prove nothing. */
export const observationsMin = 3;

export function decideAfter(observer: Observer, checks: readonly AfterCheck[] = afterChecks): AfterResult[] {
  return checks.map((check) => {
    const { observations, violations, violationCount } = observer.state(check.invariant);
    const first = violations[0];
    if (first !== undefined) {
      return {
        check,
        outcome: "FAIL",
        transport: first.transport,
        failure: failureOf(first, violations, violationCount),
      };
    }
    if (observations >= observationsMin) return { check, outcome: "PASS", transport: "" };
    const reason = `it could be seen ${observations} times only; at least ${observationsMin} are needed`;
    return { check, outcome: "NOT_TESTABLE", transport: "", reason };
  });
}

function failureOf(first: Violation, all: readonly Violation[], count: number): Failure {
  const others = new Set(all.slice(1).map(({ checkId }) => checkId));
  const more =
    count > 1
      ? `, and ${count - 1} times more${others.size > 0 ? ` (in ${[...others].slice(0, 5).join(", ")})` : ""}`
      : "";
  return {
    what: `${first.what} (seen during the check ${first.checkId}${more})`,
    expected: first.expected,
    got: first.got,
    exchange: [`see the transcript of ${first.checkId} (--out DIR)`],
  };
}
