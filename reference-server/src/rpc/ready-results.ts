// Results of queries that are made once for as long as a status stays what it is, and their bytes with them: most of what a query costs is making them anew.
import { create, type DescMethod, isMessage, type Message, toBinary } from "@bufbuild/protobuf";
import { BinaryWriter, WireType } from "@bufbuild/protobuf/wire";
import type { Interceptor } from "@connectrpc/connect";
import {
  type QueryResult,
  QueryResultSchema,
  QueryStatusesResponseSchema,
  UserStatusService,
} from "@userstatus/protocol";
import type { UserRecord } from "../core/model.ts";
import type { Rules } from "../core/rules.ts";
import { isKnown } from "../core/views.ts";
import { queryResult } from "./results.ts";

interface Kept {
  /** All that a status shows of a record, as it was. Arrays and texts are replaced there, never changed in place. */
  readonly shown: Pick<
    UserRecord,
    "revision" | "online" | "platforms" | "custom" | "updateMs" | "onlineMs" | "customMs"
  >;
  readonly result: QueryResult;
}

const resultsNumber = QueryStatusesResponseSchema.field.results.number;

/** Bytes of a `results` entry with its tag. Only for results that nobody changes. */
const readyBytes = new WeakMap<QueryResult, Uint8Array>();

/** The same result for the same record until what it shows changes. It must not be changed by whoever gets it. */
export function createReadyResults(rules: Rules): (record: Readonly<UserRecord>) => QueryResult {
  const kept = new WeakMap<Readonly<UserRecord>, Kept>();
  return (record) => {
    if (!isKnown(record, rules)) return queryResult(record, rules);
    const found = kept.get(record);
    if (found && isSame(found.shown, record)) return found.result;
    const result = queryResult(record, rules);
    const { revision, online, platforms, custom, updateMs, onlineMs, customMs } = record;
    kept.set(record, { shown: { revision, online, platforms, custom, updateMs, onlineMs, customMs }, result });
    const writer = new BinaryWriter().tag(resultsNumber, WireType.LengthDelimited);
    readyBytes.set(result, writer.bytes(toBinary(QueryResultSchema, result)).finish());
    return result;
  };
}

function isSame(one: Kept["shown"], other: Kept["shown"]): boolean {
  return (
    one.revision === other.revision &&
    one.custom === other.custom &&
    one.online === other.online &&
    one.platforms === other.platforms &&
    one.updateMs === other.updateMs &&
    one.onlineMs === other.onlineMs &&
    one.customMs === other.customMs
  );
}

const tagBytes = new BinaryWriter().tag(resultsNumber, WireType.LengthDelimited).finish().length;

/**
 * Puts ready bytes in place of the results of an answer of QueryStatuses: the same bytes, as a field that the encoder copies as it is. For an answer that
 * will be encoded in binary, and that nobody looks at any more; every other answer stays as it is.
 */
export function withReadyBytes(method: DescMethod, answer: Message): Message {
  if (method !== UserStatusService.method.queryStatuses || !isMessage(answer, QueryStatusesResponseSchema))
    return answer;
  const { epoch, results } = answer;
  const data = joined(results);
  if (data === undefined) return answer;
  const message = create(QueryStatusesResponseSchema, { epoch });
  message.$unknown = [{ no: resultsNumber, wireType: WireType.LengthDelimited, data }];
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
    const bytes = readyBytes.get(result);
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
  return data.subarray(tagBytes);
}
