import { Code, ConnectError } from "@connectrpc/connect";
import { expect, test } from "vitest";
import type { Bench } from "../check.ts";
import { CheckFailure, NotApplicable, NotTestable } from "../failure.ts";
import { incomingRefusal } from "../testing/refusals.ts";
import { createMatchers } from "./matchers.ts";

const t: Pick<Bench, "equal" | "ok" | "refused" | "refusedSomehow" | "notApplicable" | "notTestable"> =
  createMatchers();

const lost = () =>
  incomingRefusal(Code.FailedPrecondition, {
    reason: "SESSION_LOST",
    domain: "userstatus",
    metadata: { end_reason: "KICKED" },
  });

async function failureOf(work: () => unknown): Promise<CheckFailure> {
  try {
    await work();
  } catch (error) {
    if (error instanceof CheckFailure) return error;
    throw error;
  }
  throw new Error("it did not fail");
}

test("equal and ok say what they are about", async () => {
  t.equal([1], [1], "a list");
  expect(await failureOf(() => t.equal(1, 2, "a number"))).toMatchObject({ what: "a number", expected: "2", got: "1" });
  t.ok(true, "fine");
  expect((await failureOf(() => t.ok(false, "not fine", { a: 1 }))).got).toBe("{ a: 1 }");
});

test("refused takes the reason with its code and domain, and gives the refusal", async () => {
  const refusal = await t.refused(Promise.reject(lost()), "SESSION_LOST", "a call");
  expect(refusal).toMatchObject({ code: Code.FailedPrecondition, reason: "SESSION_LOST", endReason: "KICKED" });
});

test("refused fails on an answer, another reason, another code, another domain, or none", async () => {
  const info = { reason: "SESSION_LOST", domain: "userstatus" };
  const others = [
    Promise.resolve({ fine: true }),
    Promise.reject(incomingRefusal(Code.FailedPrecondition, { ...info, reason: "SESSION_ENDED" })),
    Promise.reject(incomingRefusal(Code.Internal, info)),
    Promise.reject(incomingRefusal(Code.FailedPrecondition, { ...info, domain: "elsewhere" })),
    Promise.reject(new ConnectError("no details", Code.FailedPrecondition)),
  ];
  for (const call of others)
    expect((await failureOf(() => t.refused(call, "SESSION_LOST", "a call"))).expected).toContain("SESSION_LOST");
});

test("refused looks through the failure of a judged call", async () => {
  const judged = new CheckFailure("could not be reached", "an answer", "a refusal", lost());
  await expect(t.refused(Promise.reject(judged), "SESSION_LOST", "a call")).resolves.toMatchObject({
    reason: "SESSION_LOST",
  });
});

test("what is no refusal passes through refused as it is", async () => {
  await expect(t.refused(Promise.reject(new TypeError("a fault")), "SESSION_LOST", "a call")).rejects.toThrow(
    TypeError,
  );
});

test("refusedSomehow takes any refusal but that of a server without the call", async () => {
  await t.refusedSomehow(Promise.reject(new ConnectError("bad", Code.InvalidArgument)), "a call");
  await failureOf(() => t.refusedSomehow(Promise.reject(new ConnectError("none", Code.Unimplemented)), "a call"));
  await failureOf(() => t.refusedSomehow(Promise.resolve(1), "a call"));
});

test("a check can end without a verdict", () => {
  expect(() => t.notApplicable("why")).toThrow(NotApplicable);
  expect(() => t.notTestable("why")).toThrow(NotTestable);
});
