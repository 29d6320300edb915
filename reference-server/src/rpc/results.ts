// Answers for one user of a batch: a status, or why there is none (SPEC §9, §10.1).
import { create } from "@bufbuild/protobuf";
import {
  type QueryResult,
  QueryResultSchema,
  type ReasonName,
  type UserError,
  UserErrorSchema,
  type UserStatus,
} from "@userstatus/protocol";
import type { UserRecord } from "../core/model.ts";
import type { Rules } from "../core/rules.ts";
import { isKnown, publicStatus } from "../core/views.ts";
import { refusalMetadata } from "./refuse.ts";

export function userError(rules: Rules, reason: ReasonName): UserError {
  return create(UserErrorSchema, { reason, metadata: refusalMetadata(rules.profile, reason) });
}

/** The status as others see it, or USER_NOT_FOUND. */
export function queryResult(record: Readonly<UserRecord>, rules: Rules): QueryResult {
  if (!isKnown(record, rules)) return failedResult(record.userId, rules, "USER_NOT_FOUND");
  return statusResult(publicStatus(record, rules));
}

export function statusResult(status: UserStatus): QueryResult {
  return create(QueryResultSchema, { userId: status.userId, result: { case: "status", value: status } });
}

export function failedResult(userId: string, rules: Rules, reason: ReasonName): QueryResult {
  return create(QueryResultSchema, { userId, result: { case: "error", value: userError(rules, reason) } });
}
