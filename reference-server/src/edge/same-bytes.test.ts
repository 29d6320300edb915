// Frames that go straight to the connection are those of the library, byte for byte, and so is everything around them.
import { gzipSync } from "node:zlib";
import { create, toBinary, toJsonString } from "@bufbuild/protobuf";
import { WatchRequestSchema } from "@userstatus/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { envelope, type RawCall, type RawRequest, rawCall } from "../testing/raw-call.ts";
import { startTwoWays, type TwoWays, type Way, ways } from "../testing/two-ways.ts";
import { readMaxBytes } from "./listener.ts";

const path = "/userstatus.v1.UserStatusService/Watch";
const contentTypes = [
  "application/grpc",
  "application/grpc+proto",
  "application/grpc+json",
  "application/grpc-web",
  "application/grpc-web+proto",
  "application/grpc-web+json; charset=utf-8",
  "application/connect+proto",
  "application/connect+json",
];
const https = ["1.1", "2"] as const;
const wires = https.flatMap((http) => contentTypes.map((contentType) => ({ http, contentType })));
type Wire = (typeof wires)[number];

let server: TwoWays;
/** A session of alice for each way, told the same. */
let sessions: Record<Way, string>;
beforeEach(async () => {
  server = await startTwoWays();
  const login = async (userId: string, deviceId: string): Promise<string> =>
    String((await server.call(userId, "Login", { deviceId, platform: "PLATFORM_LINUX" })).sessionId);
  await login("carol", "d");
  bob = await login("bob", "d");
  sessions = { library: await login("alice", "one"), direct: await login("alice", "two") };
  await server.call("alice", "Subscribe", { sessionId: sessions.library, userIds: ["bob"] });
});
afterEach(() => server.stop());
let bob = "";

function messageOf({ contentType }: Wire, sessionId: string, cursor = new Uint8Array()): Uint8Array {
  const message = create(WatchRequestSchema, { sessionId, cursor });
  if (!contentType.includes("json")) return toBinary(WatchRequestSchema, message);
  return Buffer.from(toJsonString(WatchRequestSchema, message));
}

interface Change {
  readonly method?: string;
  readonly path?: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: (sessionId: string, wire: Wire) => Uint8Array;
  readonly token?: string;
}

function request(way: Way, wire: Wire, change: Change = {}): RawRequest {
  const token = change.token ?? "dev:app:alice";
  const { http, contentType } = wire;
  const sessionId = sessions[way];
  return {
    port: server.ports[way],
    http,
    ...(change.method === undefined ? {} : { method: change.method }),
    path: change.path ?? path,
    headers: {
      "content-type": contentType,
      ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
      origin: "https://page.example",
      ...change.headers,
    },
    body: change.body?.(sessionId, wire) ?? envelope(messageOf(wire, sessionId)),
  };
}

/** Small messages are never compressed; the way past the library compresses none, and says so by saying nothing. */
function uncompressed(answer: string): string {
  return answer.replace(/^(?:connect-content|grpc)-encoding: gzip\r\n/im, "");
}

async function opened(): Promise<void> {
  await expect.poll(() => server.presence.stats().watches).toBe(2);
}

async function bothSeen(calls: readonly RawCall[], text: string): Promise<void> {
  await Promise.all(calls.map((call) => call.until(text)));
}

async function fence(calls: readonly RawCall[], marker: string): Promise<void> {
  for (const way of ways) await server.call("alice", "Sync", { sessionId: sessions[way], marker });
  await bothSeen(calls, marker);
}

describe.each(wires)("$contentType over HTTP/$http", (wire) => {
  const header = wire.contentType.includes("connect") ? "connect-content-encoding" : "grpc-encoding";
  const timeout = wire.contentType.includes("connect")
    ? (ms: number) => ({ "connect-timeout-ms": String(ms) })
    : (ms: number) => ({ "grpc-timeout": `${ms}m` });

  test("a whole stream: opening, changes, rows, keep-alive, end", async () => {
    const calls = ways.map((way) => rawCall(request(way, wire)));
    await opened();
    await fence(calls, "opened");
    await server.call("bob", "SetCustomStatus", { sessionId: bob, customStatus: { text: 'grüße 🎉 "quoted"' } });
    await fence(calls, "changed");
    await server.call("alice", "Subscribe", { sessionId: sessions.direct, userIds: ["carol"] });
    await fence(calls, "subscribed");
    await server.call("alice", "Unsubscribe", { sessionId: sessions.direct, users: { userIds: ["bob"] } });
    await fence(calls, "unsubscribed");
    const before = calls.map((call) => call.seen().length);
    server.passWall(300);
    // The clock of these servers stands still again: one keep-alive comes.
    await expect.poll(() => calls.every((call, at) => call.seen().length > (before[at] ?? 0))).toBe(true);
    await server.presence.drain();
    await Promise.all(calls.map(({ ended }) => ended));
    const [library, direct] = calls.map((call) => call.seen());
    expect(direct).toBe(library);
    expect(library).toContain("unsubscribed");
    await expect.poll(() => [...server.outcomes.direct]).toEqual(["ok"]);
    expect(server.outcomes.library).toEqual(["ok"]);
  });

  test("a request in gzip", async () => {
    const body = (id: string, wire: Wire) => envelope(gzipSync(messageOf(wire, id)), 1);
    const calls = ways.map((way) => rawCall(request(way, wire, { headers: { [header]: "gzip" }, body })));
    await opened();
    await fence(calls, "opened");
    const [library, direct] = calls.map((call) => uncompressed(call.seen()));
    expect(direct).toBe(library);
    for (const call of calls) call.destroy();
  });

  test("openings that are long enough are in gzip, for who takes that", async () => {
    const userIds = Array.from({ length: 60 }, (_, at) => `friend-${at}`);
    for (const userId of userIds) await server.call(userId, "Login", { deviceId: "d", platform: "PLATFORM_LINUX" });
    await server.call("alice", "Subscribe", { sessionId: sessions.library, userIds });
    const accept = header.replace("encoding", "accept-encoding");
    const calls = ways.map((way) => rawCall(request(way, wire, { headers: { [accept]: "br, gzip" } })));
    await opened();
    await fence(calls, "opened");
    expect(calls[1]?.seen()).toBe(calls[0]?.seen());
    for (const call of calls) call.destroy();
  });

  test("what is refused, and no message at all", async () => {
    const unknown = envelope(messageOf(wire, "no-such-session"));
    const badCursor = envelope(messageOf(wire, sessions.library, new Uint8Array([1, 2, 3])));
    const bad: readonly Change[] = [
      { body: () => unknown },
      { body: () => badCursor },
      { body: () => new Uint8Array() },
      { body: () => envelope(new Uint8Array([255, 255, 255])) },
      { body: () => envelope(new Uint8Array(2), 2) },
      { body: () => Buffer.concat([unknown, unknown]) },
      { body: () => envelope(Buffer.alloc(readMaxBytes + 1)) },
      { token: "" },
      { token: "dev-admin:app" },
      { headers: { [header]: "br" } },
      { headers: timeout(0) },
      { method: "PUT" },
    ];
    for (const change of bad) {
      const answers: string[] = [];
      for (const way of ways) {
        const call = rawCall(request(way, wire, change));
        await call.ended;
        answers.push(call.seen());
      }
      expect(answers[1]).toBe(answers[0]);
    }
    await server.presence.drain();
    const calls = ways.map((way) => rawCall(request(way, wire)));
    await Promise.all(calls.map(({ ended }) => ended));
    expect(calls[1]?.seen()).toBe(calls[0]?.seen());
    expect(server.outcomes.direct).toEqual(server.outcomes.library);
    expect(server.outcomes.direct.length).toBeGreaterThan(4);
  });

  test("a query behind the path", async () => {
    const calls = ways.map((way) => rawCall(request(way, wire, { path: `${path}?a=b` })));
    await opened();
    await fence(calls, "opened");
    expect(calls[1]?.seen()).toBe(calls[0]?.seen());
    for (const call of calls) call.destroy();
  });

  test("a deadline ends the stream, and so does a server that stops", async () => {
    const tails: string[] = [];
    for (const way of ways) {
      const call = rawCall(request(way, wire, { headers: timeout(60) }));
      await call.ended;
      tails.push(call.seen().slice(-40));
    }
    expect(tails[1]).toBe(tails[0]);
    const calls = ways.map((way) => rawCall(request(way, wire)));
    await opened();
    await fence(calls, "opened");
    server.shutdown.abort(new Error("stops"));
    await Promise.all(calls.map(({ ended }) => ended));
    expect(calls[1]?.seen().slice(-40)).toBe(calls[0]?.seen().slice(-40));
    expect(server.outcomes.direct).toEqual(server.outcomes.library);
  });

  test("a client who goes away is gone", async () => {
    const calls = ways.map((way) => rawCall(request(way, wire)));
    await opened();
    await fence(calls, "opened");
    for (const call of calls) call.destroy();
    await expect.poll(() => server.presence.stats().watches).toBe(0);
    await expect.poll(() => [server.outcomes.direct.length, server.outcomes.library.length]).toEqual([1, 1]);
    expect(server.outcomes.direct).toEqual(server.outcomes.library);
  });
});
