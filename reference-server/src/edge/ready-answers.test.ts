// Answers to queries from ready bytes are those of the library, byte for byte, and follow what changes.
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { QueryStatusesRequestSchema } from "@userstatus/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { envelope, rawCall } from "../testing/raw-call.ts";
import { startTwoWays, type TwoWays, type Way, ways } from "../testing/two-ways.ts";

const path = "/userstatus.v1.UserStatusService/QueryStatuses";
const contentTypes = [
  "application/proto",
  "application/json",
  "application/grpc",
  "application/grpc+json",
  "application/grpc-web+proto",
];
const wires = (["1.1", "2"] as const).flatMap((http) => contentTypes.map((contentType) => ({ http, contentType })));
type Wire = (typeof wires)[number];

let server: TwoWays;
let alice = "";
let bob = "";
beforeEach(async () => {
  server = await startTwoWays();
  const login = async (userId: string): Promise<string> =>
    String((await server.call(userId, "Login", { deviceId: "d", platform: "PLATFORM_LINUX" })).sessionId);
  [alice, bob] = [await login("alice"), await login("bob")];
  await login("carol");
});
afterEach(() => server.stop());

async function answer(way: Way, { http, contentType }: Wire, userIds: readonly string[]): Promise<string> {
  const message = create(QueryStatusesRequestSchema, { sessionId: alice, userIds: [...userIds] });
  const json = contentType.includes("json");
  const bytes = json
    ? Buffer.from(toJsonString(QueryStatusesRequestSchema, message))
    : toBinary(QueryStatusesRequestSchema, message);
  const headers = { "content-type": contentType, authorization: "Bearer dev:app:alice" };
  const body = contentType.includes("grpc") ? envelope(bytes) : bytes;
  const call = rawCall({ port: server.ports[way], http, path, headers, body });
  await call.ended;
  return call.seen();
}

describe.each(wires)("$contentType over HTTP/$http", (wire) => {
  const both = async (userIds: readonly string[]): Promise<string> => {
    const [library = "", ready = ""] = await Promise.all(ways.map((way) => answer(way, wire, userIds)));
    expect(ready).toBe(library);
    return ready;
  };

  test("the same bytes, before and after each change", async () => {
    const all = ["bob", "carol"];
    const first = await both(all);
    expect(first).toContain("carol");
    expect(await both(all)).toBe(first);
    const texts = ["grüße 🎉", "again", ""];
    const answers = [first];
    for (const text of texts) {
      await server.call("bob", "SetCustomStatus", { sessionId: bob, customStatus: { text } });
      answers.push(await both(all));
    }
    await server.call("bob", "Logout", { sessionId: bob });
    answers.push(await both(all));
    expect(new Set(answers).size).toBe(answers.length);
  });

  test("one alone, one who is not there, and oneself among others", async () => {
    expect(await both(["bob"])).toContain("bob");
    expect(await both(["nobody"])).toContain("USER_NOT_FOUND");
    expect(await both(["bob", "nobody", "carol", "alice"])).toContain("carol");
    expect(await both([])).not.toContain("bob");
  });
});
