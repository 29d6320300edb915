// Events as the checks of clients send them.

import { type StatusInit, selfOf, statusOf } from "../server/replies.ts";
import { type EventInit, fenceUser } from "../server/server-watch.ts";

/** A status of a target. */
export function status(userId: string, revision: number | bigint, text = "", online = 1): EventInit {
  return { case: "status", value: statusOf(userId, revision, text, online) };
}

/** A status with more fields. */
export function statusWith(value: StatusInit): EventInit {
  return { case: "status", value };
}

/** A row. */
export function row(userId: string, generation: number): EventInit {
  return { case: "subscribed", value: { userId, generation: BigInt(generation) } };
}

/** Row and status of a target. */
export function target(userId: string, revision: number, text = "", generation = 1): EventInit[] {
  return [row(userId, generation), status(userId, revision, text)];
}

/** The end of a row; the reason is UNSUBSCRIBED. */
export function rowEnded(userId: string, generation: number, stillVisible = false): EventInit {
  return { case: "subscriptionEnded", value: { userId, generation: BigInt(generation), reason: 3, stillVisible } };
}

export function self(userId: string, revision: number, text = ""): EventInit {
  return { case: "self", value: selfOf(userId, revision, text) };
}

/** The targets that a client holds, the fence left out. */
export function heldTargets(of: Readonly<Record<string, unknown>>): string[] {
  return Object.keys(of)
    .filter((id) => id !== fenceUser)
    .sort();
}

/** Something that a check lets happen when it wants. */
export interface Later {
  readonly promise: Promise<void>;
  readonly happen: () => void;
}

export function later(): Later {
  let happen = (): void => {};
  const promise = new Promise<void>((resolve) => {
    happen = resolve;
  });
  return { promise, happen };
}
