import { create, type MessageInitShape } from "@bufbuild/protobuf";
import { QueryStatusesResponseSchema, UserStatusSchema, WatchEventSchema } from "@userstatus/protocol";
import { beforeEach, expect, test } from "vitest";
import { afterChecks, decideAfter } from "./decide.ts";
import { createObserver, type InvariantId, type Observer, observeAnswer } from "./observer.ts";
import { createStreamGuard, frameMaxBytes, type StreamGuard } from "./streams.ts";

type Init = NonNullable<MessageInitShape<typeof WatchEventSchema>["event"]>;
const at = { checkId: "a/b", transport: "grpc-h2", app: "app" };

let observer: Observer;
let guard: StreamGuard;
beforeEach(() => {
  observer = createObserver();
  guard = createStreamGuard(observer, at);
});

function feed(...events: Init[]): void {
  for (const event of events) guard.event(create(WatchEventSchema, { event }).event);
}

const hello: Init = { case: "hello", value: { epoch: "e" } };
const status = (revision: bigint, text = ""): Init => ({
  case: "status",
  value: { userId: "t", revision, customStatus: { text } },
});
const watchEnd: Init = { case: "watchEnd", value: { reason: 1 } };
const broken = (id: InvariantId): number => observer.state(id).violationCount;
const decided = (id: string) => decideAfter(observer).find(({ check }) => check.id === id)?.outcome;

test("a stream in order breaks nothing", () => {
  feed(hello, status(1n), status(2n, "x"), status(2n, "x"), status(3n), watchEnd);
  guard.frame(100, 6);
  guard.ended(undefined);
  for (const { invariant } of afterChecks) expect(broken(invariant)).toBe(0);
});

test("hello that is late, missing or doubled is seen", () => {
  feed(status(1n), hello);
  expect(broken("watch-hello")).toBe(2);
});

test("a revision that goes down, of a target or of self, is seen", () => {
  feed(hello, status(5n), status(4n));
  feed(
    { case: "self", value: { status: { userId: "me", revision: 9n } } },
    { case: "self", value: { status: { userId: "me", revision: 8n } } },
  );
  expect(broken("rev-order")).toBe(2);
});

test("equal revisions with different content are seen across answers and streams, for each view by itself", () => {
  const answer = (text: string) =>
    create(QueryStatusesResponseSchema, {
      epoch: "e",
      results: [
        {
          userId: "t",
          result: {
            case: "status",
            value: create(UserStatusSchema, { userId: "t", revision: 7n, customStatus: { text } }),
          },
        },
      ],
    });
  feed(hello, status(7n, "x"));
  observeAnswer(observer, at, "somebody", "QueryStatuses", answer("x"));
  observeAnswer(observer, { ...at, app: "another" }, "somebody", "QueryStatuses", answer("y"));
  observeAnswer(observer, at, "t", "QueryStatuses", answer("as he sees himself"));
  expect(broken("rev-change")).toBe(0);
  observeAnswer(observer, at, "somebody", "QueryStatuses", answer("y"));
  expect(broken("rev-change")).toBe(1);
});

test("how a stream ends is judged unless the client ended it or it was refused", () => {
  feed(hello);
  guard.ended(undefined);
  expect(broken("watch-end-last")).toBe(1);
  guard = createStreamGuard(observer, at);
  feed(hello, watchEnd);
  guard.ended("UNKNOWN");
  expect(broken("watch-end-last")).toBe(2);
  guard = createStreamGuard(observer, at);
  feed(hello, watchEnd, status(1n));
  expect(broken("watch-end-last")).toBe(3);
  guard = createStreamGuard(observer, at);
  feed(hello);
  guard.clientActed();
  guard.ended("CANCELED");
  createStreamGuard(observer, at).ended("FAILED_PRECONDITION, SESSION_ENDED");
  expect(broken("watch-end-last")).toBe(3);
});

test("a frame beyond 1 MiB is seen", () => {
  guard.frame(frameMaxBytes, 1);
  expect(broken("frame-size")).toBe(0);
  guard.frame(frameMaxBytes + 1, 1);
  expect(broken("frame-size")).toBe(1);
});

test("an epoch that changes by itself, or has no bytes, is seen; one that is changed on purpose is not", () => {
  observer.epoch(at, "e", "the answer of Login");
  observer.epoch(at, "e", "hello");
  const done = observer.epochChanging("app");
  observer.epoch(at, "f", "hello");
  done();
  observer.epoch(at, "e", "the answer of a call that was under way");
  expect(broken("epoch-same")).toBe(0);
  observer.epoch(at, "g", "the answer of Login");
  observer.epoch(at, "", "the answer of Login");
  observer.epoch({ ...at, app: "other" }, "z", "hello");
  expect(broken("epoch-same")).toBe(2);
});

test("nothing seen decides nothing; enough seen passes; one violation fails, and says where", () => {
  for (const { outcome } of decideAfter(observer)) expect(outcome).toBe("NOT_TESTABLE");
  for (let revision = 1n; revision < 6n; revision++) feed(revision === 1n ? hello : status(revision));
  expect(decided("rev-order/every-stream")).toBe("PASS");
  feed(status(1n));
  const failed = decideAfter(observer).find(({ check }) => check.id === "rev-order/every-stream");
  expect(failed).toMatchObject({
    outcome: "FAIL",
    transport: "grpc-h2",
    failure: { what: expect.stringContaining("a/b"), expected: "5 or more", got: "1" },
  });
});

test("a server that always says the same has shown nothing about revisions", () => {
  for (let times = 0; times < 10; times++)
    observer.status(at, "e", create(UserStatusSchema, { userId: "t", revision: 1n }), "others");
  expect(decided("rev-change/every-answer")).toBe("NOT_TESTABLE");
});
