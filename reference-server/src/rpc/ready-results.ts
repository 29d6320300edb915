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
  type SubscribeResult,
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

/** Each of a status that nobody changes: its length and itself. */
const statusBytes = new WeakMap<UserStatus, Uint8Array>();
/** Of a `results` entry of a query, with its tag. */
const resultBytes = new WeakMap<QueryResult, Uint8Array>();

const { results: queryResults } = QueryStatusesResponseSchema.field;
const { userId: queried, status: queriedStatus } = QueryResultSchema.field;
const { results: subscribeResults } = SubscribeResponseSchema.field;
const { userId: wanted, subscribed } = SubscribeResultSchema.field;
const { subscription: row, status: rowStatus } = SubscribedUserSchema.field;

/** What `statusOf` gives, with its bytes kept: answers that it stands in are made of them. */
export function createReadyStatuses(statusOf: StatusOf): StatusOf {
  return (record) => {
    const status = statusOf(record);
    if (!statusBytes.has(status)) {
      statusBytes.set(status, new BinaryWriter().bytes(toBinary(UserStatusSchema, status)).finish());
    }
    return status;
  };
}

/** What a query tells of a record, from ready statuses. It must not be changed by whoever gets it. */
export function createReadyResults(rules: Rules, statusOf: StatusOf): (record: Readonly<UserRecord>) => QueryResult {
  const kept = new WeakMap<UserStatus, QueryResult>();
  return (record) => {
    if (!isKnown(record, rules)) return queryResult(record, rules);
    const status = statusOf(record);
    const found = kept.get(status);
    if (found) return found;
    const result = statusResult(status);
    kept.set(status, result);
    const bytes = statusBytes.get(status);
    if (bytes) {
      const writer = tagged(queryResults).fork();
      tagged(queried, writer).string(result.userId);
      tagged(queriedStatus, writer).raw(bytes);
      resultBytes.set(result, writer.join().finish());
    }
    return result;
  };
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
  if (method === UserStatusService.method.queryStatuses && isMessage(answer, QueryStatusesResponseSchema)) {
    const data = joined(answer.results);
    if (data === undefined) return answer;
    const message = create(QueryStatusesResponseSchema, { epoch: answer.epoch });
    message.$unknown = [{ no: queryResults.number, wireType: WireType.LengthDelimited, data }];
    return message;
  }
  if (method === UserStatusService.method.subscribe && isMessage(answer, SubscribeResponseSchema)) {
    const data = written(answer);
    if (data === undefined) return answer;
    const message = create(SubscribeResponseSchema, { epoch: answer.epoch });
    message.$unknown = [{ no: subscribeResults.number, wireType: WireType.LengthDelimited, data }];
    return message;
  }
  return answer;
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
    const bytes = resultBytes.get(result);
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
  const writer = new BinaryWriter();
  let isAnyReady = false;
  for (const result of results) {
    const bytes = readyStatusOf(result);
    tagged(subscribeResults, writer);
    if (bytes === undefined || result.result.case !== "subscribed") {
      writer.bytes(toBinary(SubscribeResultSchema, result));
      continue;
    }
    isAnyReady = true;
    tagged(wanted, writer.fork()).string(result.userId);
    const { subscription } = result.result.value;
    tagged(subscribed, writer).fork();
    if (subscription) tagged(row, writer).bytes(toBinary(SubscriptionSchema, subscription));
    tagged(rowStatus, writer).raw(bytes).join().join();
  }
  return isAnyReady ? writer.finish().subarray(subscribeTagBytes) : undefined;
}

function readyStatusOf({ result }: SubscribeResult): Uint8Array | undefined {
  return result.case === "subscribed" && result.value.status ? statusBytes.get(result.value.status) : undefined;
}
