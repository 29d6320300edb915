import { create } from "@bufbuild/protobuf";
import { timestampFromMs } from "@bufbuild/protobuf/wkt";
import { UserStatusSchema } from "@userstatus/protocol";
import { expect, test } from "vitest";
import { difference, show } from "./evaluate.ts";

test("equal by content: messages, bytes, lists, sets, unset and undefined", () => {
  const status = (text: string) => create(UserStatusSchema, { userId: "a", revision: 7n, customStatus: { text } });
  expect(difference(status("x"), status("x"))).toBeUndefined();
  expect(difference(new Uint8Array([1, 2]), Buffer.from([1, 2]))).toBeUndefined();
  expect(difference({ a: 1, b: undefined }, { a: 1 })).toBeUndefined();
  expect(difference(new Set([1, 2]), new Set([2, 1]))).toBeUndefined();
  expect(difference(new Map([["k", [1]]]), new Map([["k", [1]]]))).toBeUndefined();
  expect(difference(Number.NaN, Number.NaN)).toBeUndefined();
});

test("a difference tells where it is", () => {
  expect(difference({ list: [{ a: 1 }, { a: 2 }] }, { list: [{ a: 1 }, { a: 3 }] })?.got).toContain(
    "first difference at list[1].a",
  );
  expect(difference([1, 2, 3], [1, 2])?.got).toContain("[2]");
  expect(difference(5n, 5)).toBeDefined();
  expect(difference([], {})).toBeDefined();
  expect(difference(new Uint8Array([1]), new Uint8Array([2]))).toBeDefined();
  expect(difference(new Map([["k", 1]]), new Map([["j", 1]]))).toBeDefined();
});

test("values print on one line, without what is unset", () => {
  const status = create(UserStatusSchema, { userId: "a", revision: 7n, updateTime: timestampFromMs(0) });
  expect(show(status)).toBe('{ userId: "a", revision: 7, onlineStatus: 0, updateTime: 1970-01-01T00:00:00.000Z }');
  expect(show(new Uint8Array(20).fill(255))).toBe(`0x${"ff".repeat(16)}… (20 bytes)`);
  expect(show(Array.from({ length: 14 }, (_, at) => at))).toContain("… 2 more");
  expect(show("x".repeat(900))).toMatch(/… \(\d+ more characters\)$/);
});
