// Events as the checks of clients send them, and what several of them do.

import { setTimeout as sleep } from "node:timers/promises";
import { NothingCame } from "../../failure.ts";
import { durationOf } from "../../units.ts";
import type { ClientBench } from "../check.ts";
import type { ClientState } from "../contract/contract.ts";
import type { Answer } from "../contract/driven-client.ts";
import type { MethodName } from "../server/arrivals.ts";
import {
  firstEpoch,
  firstSession,
  refusal,
  type StatusInit,
  selfOf,
  statusOf,
  subscribedResult,
} from "../server/replies.ts";
import { bytes, type EventInit, fenceUser, type OpeningOptions, type ServerWatch } from "../server/server-watch.ts";

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

/** Asks for a Heartbeat. */
export const asking: EventInit = {
  case: "progress",
  value: { cursor: bytes("cursor-1"), heartbeatRequested: true },
};

/** Lets the server forget the session of this Watch: the client logs in anew, and its next Watch, opened, has the session 2. */
export async function secondSession(
  t: ClientBench,
  watch: ServerWatch,
  opening: OpeningOptions = {},
  heartbeatMs: number = t.server.settings.heartbeatMs,
): Promise<ServerWatch> {
  t.server.script({
    login: () => ({
      sessionId: "session-2",
      epoch: firstEpoch,
      self: selfOf(t.user, 2),
      lease: durationOf(heartbeatMs * 3),
      heartbeatInterval: durationOf(heartbeatMs),
    }),
  });
  t.server.onWatch(({ request }) => {
    if (request.sessionId === firstSession) throw refusal("SESSION_NOT_FOUND");
  });
  watch.finish();
  const limitMs = t.backoff.maxMs * 2 + t.patienceMs;
  const next = await t.nextOpenWatch(
    "a client whose session is not known any more must log in and watch",
    opening,
    limitMs,
  );
  t.equal(next.sessionId, "session-2", "the session of its Watch after a new login");
  return next;
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

/** A call that the server has got, and answers when the check wants. */
export interface LateCall {
  readonly answer: () => void;
  /** What became of the command. */
  readonly done: Promise<Answer>;
}

/** Lets the client make a call; this is the answer. */
export async function lateCall(
  t: ClientBench,
  method: Exclude<MethodName, "watch">,
  command: Parameters<ClientBench["client"]["ask"]>[0],
  answer: object,
): Promise<LateCall> {
  const answered = later();
  t.server.script({
    [method]: async () => {
      await answered.promise;
      return answer;
    },
  });
  const mark = t.server.arrivals.mark();
  const done = t.client.ask(command);
  // Should the check end before it looks, this must be no failure of its own.
  done.catch(() => undefined);
  await t.server.arrivals.next(`the command ${command.op} must call ${method}`, mark, t.patienceMs, method);
  return { answer: answered.happen, done };
}

/** Lets the client subscribe to alice; the answer, of the first epoch, holds her row of this generation, and this status. */
export function lateSubscribe(t: ClientBench, generation: number, alice: StatusInit): Promise<LateCall> {
  const answer = { epoch: firstEpoch, results: [subscribedResult("alice", generation, alice)] };
  return lateCall(t, "subscribe", { op: "subscribe", users: ["alice"] }, answer);
}

/** The next Watch while a call is on its way. A client may read its stream only once a call is answered; its answer comes first. */
export async function nextDuring(
  t: ClientBench,
  call: LateCall,
  what: string,
  opening: OpeningOptions = {},
): Promise<ServerWatch> {
  try {
    return await t.nextOpenWatch(what, opening);
  } catch (error) {
    if (!(error instanceof NothingCame)) throw error;
    call.answer();
    return await t.nextOpenWatch(what, opening);
  }
}

/** Waits a little for a command. A client may keep its calls, or what they bring, until its stream has come further. */
export function soon(t: ClientBench, command: Promise<Answer>): Promise<Answer | undefined> {
  return Promise.race([command, sleep(t.patienceMs / 2, undefined, { ref: false })]);
}

/** Waits a little for a client to hold this revision of a target. A client may read its stream only once a call is answered; one that reads all the time has it then. */
export async function mayHold(t: ClientBench, userId: string, revision: number): Promise<void> {
  const fits = ({ statuses }: ClientState): boolean => statuses[userId]?.revision === revision;
  await t.believes(userId, `revision ${revision}`, fits, 700).catch(() => undefined);
}
