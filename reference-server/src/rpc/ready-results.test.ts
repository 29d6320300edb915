// Ready bytes are those of the library, whatever stands in an answer.
import { create, type DescMethod, type Message, toBinary } from "@bufbuild/protobuf";
import {
  OnlineStatus,
  Platform,
  publishedProfile,
  type QueryResult,
  QueryStatusesResponseSchema,
  SubscribedUserSchema,
  SubscribeResponseSchema,
  type SubscribeResult,
  SubscribeResultSchema,
  SubscriptionSchema,
  type UserStatus,
  UserStatusService,
} from "@userstatus/protocol";
import { beforeEach, expect, test } from "vitest";
import { blankRecord, type UserRecord } from "../core/model.ts";
import { createRules, type Rules } from "../core/rules.ts";
import { createStatusOf, type StatusOf } from "../core/shared-status.ts";
import { createReadyAnswers, withReadyBytes } from "./ready-results.ts";
import { failedResult, userError } from "./results.ts";

let rules: Rules;
let statusOf: StatusOf;
let resultOf: (record: UserRecord) => QueryResult;
let alice: UserRecord;

beforeEach(() => {
  const profile = publishedProfile("standard");
  if (!profile) throw new Error("there is no profile standard");
  rules = createRules(profile);
  ({ statusOf, resultOf } = createReadyAnswers(rules, createStatusOf(rules)));
  alice = {
    ...blankRecord("alice", rules),
    registered: true,
    online: OnlineStatus.ONLINE,
    revision: 7,
    updateMs: 1000,
  };
  alice.platforms = [Platform.ANDROID];
});

function same(method: DescMethod, answer: Message): Message {
  const ready = withReadyBytes(method, answer);
  expect(Buffer.from(toBinary(method.output, ready)).toString("hex")).toBe(
    Buffer.from(toBinary(method.output, answer)).toString("hex"),
  );
  return ready;
}

const { queryStatuses, subscribe } = UserStatusService.method;

test("a status is the same message until what it shows changes, and its result with it", () => {
  const first = statusOf(alice);
  expect(statusOf(alice)).toBe(first);
  expect(resultOf(alice)).toBe(resultOf(alice));
  const result = resultOf(alice);
  alice.custom = { text: "new", expireMs: null };
  expect(statusOf(alice)).not.toBe(first);
  expect(statusOf(alice).customStatus?.text).toBe("new");
  expect(resultOf(alice)).not.toBe(result);
  alice.registered = false;
  expect(resultOf(alice).result.case).toBe("error");
});

test.each(["revision", "updateMs", "onlineMs", "customMs"] as const)("another %s is another status", (field) => {
  const first = statusOf(alice);
  alice[field] = 12_345;
  expect(statusOf(alice)).not.toBe(first);
});

test("answers of QueryStatuses", () => {
  const answer = (...results: QueryResult[]): Message =>
    create(QueryStatusesResponseSchema, { epoch: "epoch", results });
  const bob = { ...blankRecord("grüße 🎉".repeat(30), rules), registered: true };
  const ready = answer(resultOf(alice), resultOf(bob));
  expect(same(queryStatuses, ready)).not.toBe(ready);
  const mixed = answer(resultOf(alice), failedResult("nobody", rules, "USER_NOT_FOUND"));
  expect(same(queryStatuses, mixed)).toBe(mixed);
  same(queryStatuses, answer());
});

function row(status: UserStatus | undefined): SubscribeResult {
  const subscription = create(SubscriptionSchema, { userId: "alice", generation: 2n ** 60n });
  const value = create(SubscribedUserSchema, { subscription, ...(status ? { status } : {}) });
  return create(SubscribeResultSchema, { userId: "alice", result: { case: "subscribed", value } });
}

test("answers of Subscribe: ready statuses, others, errors, in any order", () => {
  const error = create(SubscribeResultSchema, {
    userId: "nobody",
    result: { case: "error", value: userError(rules, "USER_NOT_FOUND") },
  });
  const another = { ...statusOf(alice), $unknown: [{ no: 99, wireType: 0, data: new Uint8Array([1]) }] };
  const answer = (...results: SubscribeResult[]): Message =>
    create(SubscribeResponseSchema, { epoch: "epoch", results });
  const ready = answer(error, row(statusOf(alice)), row(another), error, row(undefined), row(statusOf(alice)));
  expect(same(subscribe, ready)).not.toBe(ready);
  expect(same(subscribe, answer(row(statusOf(alice))))).not.toBe(ready);
  const none = answer(error, row(another));
  expect(same(subscribe, none)).toBe(none);
  same(subscribe, answer());
});

test("other answers stay as they are", () => {
  const answer = create(SubscribeResponseSchema, { results: [row(statusOf(alice))] });
  expect(withReadyBytes(UserStatusService.method.listSubscriptions, answer)).toBe(answer);
});
