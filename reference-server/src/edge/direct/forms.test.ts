import { expect, test } from "vitest";
import { answerCompression, unaryFormOf } from "./forms.ts";

const grpc = { "content-type": "application/grpc" };
const connect = { "content-type": "application/proto" };

test("the common forms are known, each with the content type of its answers", () => {
  const types = [
    "application/grpc",
    "application/grpc+proto",
    "application/grpc+json",
    "application/proto",
    "application/json",
    "application/json; charset=utf-8",
  ];
  const answerType = (type: string): string => type.replace(/grpc$/, "grpc+proto").replace(/;.*/, "");
  for (const type of types) {
    const form = unaryFormOf({ "content-type": type }, true);
    expect([form?.answerType, form?.binary]).toEqual([answerType(type), !type.includes("json")]);
    expect(unaryFormOf({ "content-type": type }, false)?.answerType).toBe(
      type.includes("grpc") ? undefined : answerType(type),
    );
  }
  for (const type of [
    "",
    "text/plain",
    "application/grpc-web",
    "application/connect+proto",
    "application/json;charset=utf-8",
  ]) {
    expect(unaryFormOf({ "content-type": type }, true)).toBeUndefined();
  }
  expect(unaryFormOf({}, true)).toBeUndefined();
});

test("what is not plain is left to the library", () => {
  const left = [
    { ...grpc, "grpc-encoding": "gzip" },
    { ...grpc, "grpc-timeout": "x" },
    { ...grpc, "grpc-timeout": "99999999H" },
    { ...connect, "content-encoding": "gzip" },
    { ...connect, "connect-timeout-ms": "2147483648" },
    { ...connect, "connect-timeout-ms": "-1" },
    { ...connect, expect: "100-continue" },
  ];
  for (const headers of left) expect(unaryFormOf(headers, true)).toBeUndefined();
  const taken = [
    { ...grpc, "grpc-encoding": "identity", "grpc-timeout": "5S" },
    { ...connect, "content-encoding": "identity", "connect-timeout-ms": "2147483647" },
    { ...connect, "grpc-encoding": "gzip" },
  ];
  for (const headers of taken) expect(unaryFormOf(headers, true)).toBeDefined();
});

test("answers are compressed with what the caller takes, of his protocol", () => {
  expect(answerCompression({ "accept-encoding": "br, gzip" }, "connect")?.name).toBe("gzip");
  expect(answerCompression({ "accept-encoding": "br" }, "connect")).toBeUndefined();
  expect(answerCompression({ "accept-encoding": "gzip" }, "grpc")).toBeUndefined();
  expect(answerCompression({ "grpc-accept-encoding": "identity,gzip" }, "grpc")?.name).toBe("gzip");
  expect(answerCompression({ "accept-encoding": "" }, "connect")).toBeUndefined();
});
