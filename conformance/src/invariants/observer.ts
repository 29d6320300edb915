// What must hold on every stream and in every answer of a run, whatever the check is about. Violations are
// collected run-wide.
import type { DescMessage, Message } from "@bufbuild/protobuf";
import type {
  ListSubscriptionsResponse,
  LoginResponse,
  QueryStatusesResponse,
  SelfStatus,
  SubscribeResponse,
  UserStatus,
} from "@userstatus/protocol";
import { createEpochBook, type EpochBook } from "./epochs.ts";
import { createRevisionBook, type RevisionBook } from "./revisions.ts";
import { schemaFault } from "./valid.ts";

/** The requirements that are judged this way. */
export type InvariantId =
  | "rev-order"
  | "rev-change"
  | "watch-hello"
  | "watch-end-last"
  | "frame-size"
  | "epoch-same"
  | "message-valid";

export interface Violation {
  readonly requirement: InvariantId;
  /** The check during which it was seen. */
  readonly checkId: string;
  readonly transport: string;
  readonly what: string;
  readonly expected: string;
  readonly got: string;
}

export interface InvariantState {
  /** How many times it could have been broken. */
  readonly observations: number;
  readonly violations: readonly Violation[];
  readonly violationCount: number;
}

/** Where something was seen. */
export interface Sighting {
  readonly checkId: string;
  readonly transport: string;
  readonly app: string;
}

export interface Observer {
  readonly observed: (requirement: InvariantId) => void;
  readonly violated: (
    requirement: InvariantId,
    at: Sighting,
    finding: Pick<Violation, "what" | "expected" | "got">,
  ) => void;
  readonly state: (requirement: InvariantId) => InvariantState;
  /** A status as others see the user, from an answer or a stream. */
  readonly status: (at: Sighting, epoch: string, status: UserStatus, view: string) => void;
  readonly self: (at: Sighting, epoch: string, self: SelfStatus) => void;
  readonly epoch: (at: Sighting, epoch: string, where: string) => void;
  /** The epoch of the app is being changed on purpose, until the function that this gives is called. */
  readonly epochChanging: (app: string) => (epoch?: string) => void;
}

const violationsMax = 20;

export function createObserver(): Observer {
  const states = new Map<InvariantId, { observations: number; violations: Violation[]; violationCount: number }>();
  const stateOf = (requirement: InvariantId) => {
    const found = states.get(requirement) ?? { observations: 0, violations: [], violationCount: 0 };
    states.set(requirement, found);
    return found;
  };
  const observed: Observer["observed"] = (requirement) => {
    stateOf(requirement).observations++;
  };
  const violated: Observer["violated"] = (requirement, { checkId, transport }, finding) => {
    const state = stateOf(requirement);
    state.violationCount++;
    if (state.violations.length < violationsMax) state.violations.push({ requirement, checkId, transport, ...finding });
  };
  const revisions: RevisionBook = createRevisionBook({ observed, violated });
  const epochs: EpochBook = createEpochBook({ observed, violated });
  return {
    observed,
    violated,
    state: stateOf,
    status: (at, epoch, status, view) => revisions.status(at, epoch, status, view),
    self: (at, epoch, self) => revisions.self(at, epoch, self),
    epoch: epochs.seen,
    epochChanging: epochs.changing,
  };
}

/** Looks at any message that the server sent. */
export function observeMessage(
  observer: Observer,
  at: Sighting,
  method: string,
  schema: DescMessage,
  message: Message,
): void {
  observer.observed("message-valid");
  const got = schemaFault(schema, message);
  if (got === undefined) return;
  const what = `each message must be valid for its schema: one of ${method}`;
  observer.violated("message-valid", at, { what, expected: `a valid ${schema.name}`, got });
}

/** Looks at an answer of the user service; `callerId` is who asked. */
export function observeAnswer(
  observer: Observer,
  at: Sighting,
  callerId: string,
  method: string,
  answer: Message,
): void {
  if (method === "GetServerInfo" || !("epoch" in answer) || typeof answer.epoch !== "string") return;
  const { epoch } = answer;
  observer.epoch(at, epoch, `the answer of ${method}`);
  const show = (status: UserStatus | undefined): void => {
    if (status === undefined) return;
    // Which view of oneself a query gives is free; it must agree with itself.
    observer.status(at, epoch, status, status.userId === callerId ? "own, as asked" : "others");
  };
  const typed = answer as unknown as { $typeName: string };
  if (typed.$typeName.endsWith(".QueryStatusesResponse")) {
    for (const { result } of (answer as unknown as QueryStatusesResponse).results) {
      if (result.case === "status") show(result.value);
    }
  } else if (typed.$typeName.endsWith(".SubscribeResponse")) {
    for (const { result } of (answer as unknown as SubscribeResponse).results) {
      if (result.case === "subscribed") show(result.value.status);
    }
  } else if (typed.$typeName.endsWith(".ListSubscriptionsResponse")) {
    for (const { status } of (answer as unknown as ListSubscriptionsResponse).subscriptions) show(status);
  } else if ("self" in answer) {
    const { self } = answer as unknown as LoginResponse;
    if (self !== undefined) observer.self(at, epoch, self);
  }
}
