// The calls of a session: batches cut and merged, a lost session revived, an ended one replaced, rates obeyed.
// Implements SPEC §19: client-batches.
import { create } from "@bufbuild/protobuf";
import { durationFromMs } from "@bufbuild/protobuf/wkt";
import { type CallOptions, Code } from "@connectrpc/connect";
import {
  CustomStatusInputSchema,
  isUserId,
  type QueryStatusesResponse,
  type SelfStatus,
  type SubscribedUser,
  type SubscribeResponse,
} from "@userstatus/protocol";
import { delay, neverAborted } from "./abort.ts";
import type { AnswerSink } from "./answer-sink.ts";
import { chunks, distinct } from "./chunks.ts";
import { toUserStatusError, UserStatusError } from "./errors.ts";
import type { BatchLimits } from "./limits.ts";
import type { QueryOutcome, SubscribeOutcome, UnsubscribeOutcome } from "./results.ts";
import type { Rpc, UserStatusServiceClient } from "./rpc.ts";
import type { Scheduler } from "./time.ts";

/** Options of every call. */
export interface CallControl {
  /** Gives the call up. What the server has done by then stays done. */
  readonly signal?: AbortSignal | undefined;
  /** Waits as long as the server says and tries again when the rate is used up, up to `rateRetriesMax` times. Default false. */
  readonly waitWhenLimited?: boolean | undefined;
}

/** Most times that one call brings a session back. */
const repairsMax = 2;

/** Most waits of one call for a rate. */
export const rateRetriesMax = 5;

/** Where calls get their session from, and what they do when it is gone. */
export interface SessionProvider {
  /** The session id; waits while a login is under way. */
  readonly current: (signal: AbortSignal | undefined) => Promise<string>;
  /** The session was lost: brings it back to life. */
  readonly revive: (sessionId: string, signal: AbortSignal | undefined) => Promise<void>;
  /** The session is over: gets another, or rejects (with `error` where one must not come back). */
  readonly replace: (sessionId: string, error: UserStatusError, signal: AbortSignal | undefined) => Promise<void>;
}

export interface SessionCallsOptions {
  readonly rpc: Rpc;
  readonly scheduler: Scheduler;
  readonly session: SessionProvider;
  readonly limits: () => BatchLimits;
  readonly sink: AnswerSink;
}

/** What a list of subscriptions is asked with. */
export interface ListQuery extends CallControl {
  /** Only rows to these; those without a row are left out. Absent: all rows. */
  readonly userIds?: Iterable<string> | undefined;
  /** Most rows per page. Default: the server's choice. */
  readonly pageSize?: number | undefined;
}

/** The calls of one session. Ids are distinct and well-formed by now. */
export interface SessionCalls {
  readonly setCustomStatus: (text: string, ttlMs: number | undefined, control: CallControl) => Promise<SelfStatus>;
  readonly query: (userIds: readonly string[], control: CallControl) => Promise<QueryOutcome[]>;
  readonly subscribe: (
    userIds: readonly string[],
    ttlMs: number | undefined,
    control: CallControl,
  ) => Promise<SubscribeOutcome[]>;
  readonly unsubscribe: (userIds: readonly string[], control: CallControl) => Promise<UnsubscribeOutcome[]>;
  /** @param known users that are believed to have rows */
  readonly unsubscribeAll: (known: readonly string[], control: CallControl) => Promise<string[]>;
  readonly list: (query: ListQuery) => AsyncGenerator<SubscribedUser, void, undefined>;
  readonly sync: (marker: string, signal: AbortSignal) => Promise<void>;
}

/** Whether the session of a refused call is over or unknown. */
export function isSessionGone(error: UserStatusError): boolean {
  return error.reason === "SESSION_ENDED" || error.reason === "SESSION_NOT_FOUND";
}

/**
 * Each id once. Rejects an empty list, and ids that no server may accept: a batch that is cut must not fail half way for
 * them.
 */
export function checkUserIds(userIds: Iterable<string>): string[] {
  const ids = distinct(userIds);
  const wrong = ids.find((id) => !isUserId(id));
  if (wrong !== undefined) {
    const message = `not a user id: ${JSON.stringify(wrong)}`;
    throw new UserStatusError(Code.InvalidArgument, "INVALID_USER_ID", message, { metadata: { field: "user_ids" } });
  }
  if (ids.length === 0) throw new UserStatusError(Code.InvalidArgument, "BATCH_EMPTY", "no user ids were given");
  return ids;
}

/** A ttl in whole milliseconds above 0. The range is the server's to judge. */
export function checkTtlMs(ttlMs: number | undefined): number | undefined {
  if (ttlMs === undefined || (Number.isSafeInteger(ttlMs) && ttlMs > 0)) return ttlMs;
  const message = `a ttl is a whole number of milliseconds above 0, got ${ttlMs}`;
  throw new UserStatusError(Code.InvalidArgument, "TTL_OUT_OF_RANGE", message, { metadata: { field: "ttl" } });
}

type SessionCall<T> = (service: UserStatusServiceClient, sessionId: string, options: CallOptions) => Promise<T>;

type Runner = <T>(call: SessionCall<T>, control: CallControl) => Promise<T>;

export function createSessionCalls(options: SessionCallsOptions): SessionCalls {
  const { limits, sink } = options;
  const run = createRunner(options);
  return {
    setCustomStatus: async (text, ttlMs, control) => {
      const customStatus = create(CustomStatusInputSchema, { text, ...ttlField(ttlMs) });
      const answer = await run(
        (service, sessionId, o) => service.setCustomStatus({ sessionId, customStatus }, o),
        control,
      );
      sink.self(answer.epoch, answer.self);
      return requireSelf(answer.self);
    },
    query: (userIds, control) =>
      runBatches(userIds, limits().query, async (part) => {
        const call: SessionCall<QueryStatusesResponse> = (service, sessionId, o) =>
          service.queryStatuses({ sessionId, userIds: part }, o);
        return sink.query(await run(call, control));
      }),
    subscribe: (userIds, ttlMs, control) =>
      runBatches(userIds, limits().subscribe, async (part) => {
        const call: SessionCall<SubscribeResponse> = (service, sessionId, o) =>
          service.subscribe({ sessionId, userIds: part, ...ttlField(ttlMs) }, o);
        return sink.subscribed(await run(call, control));
      }),
    unsubscribe: (userIds, control) =>
      runBatches(userIds, limits().unsubscribe, async (part) => {
        const done = sink.unsubscribing(part);
        const target = { case: "users" as const, value: { userIds: part } };
        return done(await run((service, sessionId, o) => service.unsubscribe({ sessionId, target }, o), control));
      }),
    unsubscribeAll: async (known, control) => {
      const done = sink.unsubscribing(known);
      const target = { case: "all" as const, value: {} };
      const answer = await run((service, sessionId, o) => service.unsubscribe({ sessionId, target }, o), control);
      done(answer);
      return answer.endedUserIds;
    },
    list: (query) => listAll(run, limits().list, sink, query),
    sync: async (marker, signal) => {
      await run((service, sessionId, o) => service.sync({ sessionId, marker }, o), { signal });
    },
  };
}

/** Runs a call with the session of now, and repairs what can be repaired. */
function createRunner({ rpc, scheduler, session }: SessionCallsOptions): Runner {
  return async (call, control) => {
    const { signal } = control;
    let repairs = 0;
    let waits = 0;
    for (;;) {
      const sessionId = await session.current(signal);
      try {
        return await rpc.call((service, callOptions) => call(service, sessionId, callOptions), signal);
      } catch (thrown) {
        const error = toUserStatusError(thrown);
        const lost = error.reason === "SESSION_LOST";
        if ((lost || isSessionGone(error)) && repairs < repairsMax) {
          repairs += 1;
          await (lost ? session.revive(sessionId, signal) : session.replace(sessionId, error, signal));
        } else if (error.reason === "RATE_LIMITED" && control.waitWhenLimited === true && waits < rateRetriesMax) {
          waits += 1;
          await delay(scheduler, error.retryAfterMs ?? 1_000, signal ?? neverAborted);
        } else {
          throw error;
        }
      }
    }
  };
}

/** One batch after the other, so that a refusal stops the rest; the error then carries the results of those that went through. */
async function runBatches<T>(
  userIds: readonly string[],
  max: number,
  call: (part: string[]) => Promise<T[]>,
): Promise<T[]> {
  const results: T[] = [];
  for (const part of chunks(userIds, max)) {
    try {
      for (const result of await call(part)) results.push(result);
    } catch (thrown) {
      const error = toUserStatusError(thrown);
      error.partialResults = results;
      throw error;
    }
  }
  return results;
}

function ttlField(ttlMs: number | undefined): { ttl?: ReturnType<typeof durationFromMs> } {
  return ttlMs === undefined ? {} : { ttl: durationFromMs(ttlMs) };
}

function requireSelf(self: SelfStatus | undefined): SelfStatus {
  if (self?.status !== undefined) return self;
  throw new UserStatusError(Code.Internal, "BAD_ANSWER", "the answer has no self status");
}

/** Most pages of one list: an end, should a server never give the last page. */
const pagesMax = 100_000;

async function* listAll(
  run: Runner,
  filterMax: number,
  sink: AnswerSink,
  query: ListQuery,
): AsyncGenerator<SubscribedUser, void, undefined> {
  // Sorted before they are cut (ids are ASCII, so this is the order of their bytes): the parts then join in the promised order.
  const filters = query.userIds === undefined ? [[]] : chunks(checkUserIds(query.userIds).sort(), filterMax);
  const pageSize = query.pageSize ?? 0;
  for (const userIds of filters) {
    let pageToken = "";
    for (let page = 0; ; page += 1) {
      const request = { pageSize, pageToken, userIds };
      const answer = await run(
        (service, sessionId, o) => service.listSubscriptions({ sessionId, ...request }, o),
        query,
      );
      sink.listed(answer.epoch, answer.subscriptions);
      yield* answer.subscriptions;
      if (answer.nextPageToken === "") break;
      if (answer.nextPageToken === pageToken || page >= pagesMax) {
        throw new UserStatusError(Code.Internal, "BAD_ANSWER", "the list of subscriptions has no end");
      }
      pageToken = answer.nextPageToken;
    }
  }
}
