import type { IncomingHttpHeaders } from "node:http";
import { expect, test } from "vitest";
import { answerCompression, formOf, streamForms, timeoutOf, unaryForms } from "./forms.ts";

const unaryFormOf = (headers: IncomingHttpHeaders, http2: boolean) => formOf(unaryForms, headers, http2);
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
  const of = (headers: IncomingHttpHeaders, type: string, forms = unaryForms) => {
    const form = forms.get(type);
    return form && answerCompression(headers, form)?.name;
  };
  expect(of({ "accept-encoding": "br, gzip" }, "application/proto")).toBe("gzip");
  expect(of({ "accept-encoding": "br" }, "application/proto")).toBeUndefined();
  expect(of({ "accept-encoding": "" }, "application/json")).toBeUndefined();
  expect(of({ "accept-encoding": "gzip" }, "application/grpc")).toBeUndefined();
  expect(of({ "grpc-accept-encoding": "identity,gzip" }, "application/grpc")).toBe("gzip");
  expect(of({ "connect-accept-encoding": "gzip" }, "application/connect+proto", streamForms)).toBe("gzip");
});

test("deadlines are told in milliseconds", () => {
  const of = (headers: IncomingHttpHeaders, type: string) => {
    const form = streamForms.get(type);
    return form && timeoutOf(headers, form);
  };
  expect(of({ "grpc-timeout": "5S" }, "application/grpc")).toBe(5000);
  expect(of({ "connect-timeout-ms": "0" }, "application/connect+json")).toBe(0);
  expect(of({ "connect-timeout-ms": "5" }, "application/grpc")).toBeUndefined();
  expect(of({ "grpc-timeout": "x" }, "application/grpc")).toBe("refused");
});
