import { expect, test } from "vitest";
import { allKinds, claimedKinds, judgedKinds } from "./kinds.ts";

const names = (kinds: readonly { name: string }[]): string[] => kinds.map(({ name }) => name);
const named = (...wanted: string[]) => allKinds.filter(({ name }) => wanted.includes(name));

test("what the claims promise is what is spoken", () => {
  expect(claimedKinds(new Set())).toEqual([]);
  expect(names(claimedKinds(new Set(["transport.grpc"])))).toEqual(["grpc-h2"]);
  expect(names(claimedKinds(new Set(["transport.connect"])))).toEqual(["connect-proto-h1", "connect-proto-h2"]);
  expect(names(claimedKinds(new Set(["transport.connect", "codec.json", "http_get"])))).toHaveLength(8);
  expect(names(claimedKinds(new Set(["transport.grpc_web", "codec.json"])))).toEqual(["grpc-web-h1", "grpc-web-h2"]);
});

test("checks over every transport run on what answers, and on what is claimed and does not", () => {
  const claimed = claimedKinds(new Set(["transport.connect", "codec.json", "http_get", "transport.grpc"]));
  // A server of HTTP/1.1 alone serves Connect, and owes gRPC.
  const answering = named("connect-proto-h1", "connect-proto-h1-get", "connect-json-h1");
  expect(names(judgedKinds(claimed, answering))).toEqual(["connect-proto-h1", "connect-json-h1", "grpc-h2"]);
});
