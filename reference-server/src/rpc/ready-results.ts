// Answers that tell of many users, from bytes that are made once for as long as a status stays what it is: most of what such an answer costs is making them anew.
import { create, type DescMethod, isMessage, type Message, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Interceptor } from "@connectrpc/connect";
import {
  type QueryResult,
  QueryResultSchema,
  QueryStatusesResponseSchema,
  SubscribedUserSchema,
  type SubscribeResponse,
  SubscribeResponseSchema,
  SubscribeResultSchema,
  SubscriptionSchema,
  type UserStatus,
  UserStatusSchema,
  UserStatusService,
} from "@userstatus/protocol";
import type { UserRecord } from "../core/model.ts";
import type { Rules } from "../core/rules.ts";
import type { StatusOf } from "../core/shared-status.ts";
import { isKnown } from "../core/views.ts";
import { queryResult, statusResult } from "./results.ts";

/** On messages that nobody changes. A property, for a map of them is asked for each user of each answer. */
const ready: unique symbol = Symbol("ready");

interface Ready {
  /** Made when it is first written. Of a status: its length, and itself. Of a result: an entry of `results`, with its tag. */
  bytes: Uint8Array | undefined;
  /** Of a status: as the result of a query. */
  result: QueryResult | undefined;
}

function readyOf(message: Message): Ready | undefined {
  return (message as { readonly [ready]?: Ready })[ready];
}

/** Not enumerable: whoever lists or compares what a message has does not meet it. */
function makeReady(message: Message): Ready {
  const value: Ready = { bytes: undefined, result: undefined };
  Object.defineProperty(message, ready, { value });
  return value;
}

const { results: queryResults } = QueryStatusesResponseSchema.field;
const { userId: queried, status: queriedStatus } = QueryResultSchema.field;
const { results: subscribeResults } = SubscribeResponseSchema.field;
const { userId: wanted, subscribed } = SubscribeResultSchema.field;
const { subscription: row, status: rowStatus } = SubscribedUserSchema.field;

/**
 * What answers tell of a record, from statuses that stay the same message until they change: whoever gets it must not change it. Its bytes are kept with it,
 * from the first time that it is written in binary.
 */
export function createReadyAnswers(
  rules: Rules,
  sharedStatusOf: StatusOf,
): { readonly statusOf: StatusOf; readonly resultOf: (record: Readonly<UserRecord>) => QueryResult } {
  const statusOf: StatusOf = (record) => {
    const status = sharedStatusOf(record);
    if (readyOf(status) === undefined) makeReady(status);
    return status;
  };
  const resultOf = (record: Readonly<UserRecord>): QueryResult => {
    if (!isKnown(record, rules)) return queryResult(record, rules);
    const status = sharedStatusOf(record);
    const kept = readyOf(status) ?? makeReady(status);
    if (kept.result === undefined) {
      kept.result = statusResult(status);
      makeReady(kept.result);
    }
    return kept.result;
  };
  return { statusOf, resultOf };
}

/** Undefined: somebody may change this one. */
function bytesOfStatus(status: UserStatus | undefined): Uint8Array | undefined {
  const kept = status && readyOf(status);
  if (kept === undefined) return undefined;
  kept.bytes ??= new BinaryWriter().bytes(toBinary(UserStatusSchema, status as UserStatus)).finish();
  return kept.bytes;
}

/** Likewise. */
function bytesOfResult(result: QueryResult): Uint8Array | undefined {
  const kept = readyOf(result);
  if (kept === undefined || result.result.case !== "status") return undefined;
  if (kept.bytes === undefined) {
    const status = bytesOfStatus(result.result.value);
    if (status === undefined) return undefined;
    const writer = tagged(queryResults).fork();
    tagged(queried, writer).string(result.userId);
    tagged(queriedStatus, writer).raw(status);
    kept.bytes = writer.join().finish();
  }
  return kept.bytes;
}

/** Begins a field that has a length. */
function tagged(field: { readonly number: number }, writer = new BinaryWriter()): BinaryWriter {
  return writer.tag(field.number, WireType.LengthDelimited);
}

const queryTagBytes = tagged(queryResults).finish().length;
const subscribeTagBytes = tagged(subscribeResults).finish().length;

/**
 * Puts ready bytes in place of the results of an answer of QueryStatuses or Subscribe: the same bytes, as a field that the encoder copies as it is. For an
 * answer that will be encoded in binary, and that nobody looks at any more; every other answer stays as it is.
 */
export function withReadyBytes(method: DescMethod, answer: Message): Message {
  const { queryStatuses, subscribe } = UserStatusService.method;
  if (method === queryStatuses && isMessage(answer, QueryStatusesResponseSchema)) {
    const data = joined(answer.results);
    return data ? filled(create(QueryStatusesResponseSchema, { epoch: answer.epoch }), queryResults, data) : answer;
  }
  if (method === subscribe && isMessage(answer, SubscribeResponseSchema)) {
    const data = written(answer);
    return data ? filled(create(SubscribeResponseSchema, { epoch: answer.epoch }), subscribeResults, data) : answer;
  }
  return answer;
}

function filled(message: Message, { number: no }: { readonly number: number }, data: Uint8Array): Message {
  message.$unknown = [{ no, wireType: WireType.LengthDelimited, data }];
  return message;
}

/** Does so with answers that pass the RPC library. To stand inside of whoever looks at answers. */
export const readyAnswers: Interceptor = (next) => async (request) => {
  const response = await next(request);
  if (response.stream) return response;
  const type = request.header.get("content-type") ?? "";
  if (type === "" || type.includes("json")) return response;
  const message = withReadyBytes(request.method, response.message);
  return message === response.message ? response : { ...response, message };
};

/** All entries, the first without its tag: the encoder writes that one. Undefined: not all are ready. */
function joined(results: readonly QueryResult[]): Uint8Array | undefined {
  let length = 0;
  const parts: Uint8Array[] = [];
  for (const result of results) {
    const bytes = bytesOfResult(result);
    if (!bytes) return undefined;
    parts.push(bytes);
    length += bytes.length;
  }
  if (parts.length === 0) return undefined;
  const data = Buffer.allocUnsafe(length);
  let at = 0;
  for (const part of parts) {
    data.set(part, at);
    at += part.length;
  }
  return data.subarray(queryTagBytes);
}

/** Likewise. A row is the caller's own: only its status is ready. Undefined: no status is. */
function written({ results }: SubscribeResponse): Uint8Array | undefined {
  if (!results.some(({ result }) => result.case === "subscribed" && bytesOfStatus(result.value.status)))
    return undefined;
  const writer = new BinaryWriter();
  for (const result of results) {
    const { userId, result: what } = result;
    const status = what.case === "subscribed" ? bytesOfStatus(what.value.status) : undefined;
    tagged(subscribeResults, writer);
    if (status === undefined || what.case !== "subscribed") {
      writer.bytes(toBinary(SubscribeResultSchema, result));
      continue;
    }
    tagged(wanted, writer.fork()).string(userId);
    tagged(subscribed, writer).fork();
    const { subscription } = what.value;
    if (subscription) tagged(row, writer).bytes(toBinary(SubscriptionSchema, subscription));
    tagged(rowStatus, writer).raw(status).join().join();
  }
  return writer.finish().subarray(subscribeTagBytes);
}
