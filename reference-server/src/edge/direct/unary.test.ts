// Answers of calls that are served past the RPC library are those of the library, byte for byte, and so is what is counted; for good calls and for all others.
import { gzipSync } from "node:zlib";
import { create, type DescMessage, type MessageInitShape, toBinary, toJsonString } from "@bufbuild/protobuf";
import { UserStatusService } from "@userstatus/protocol";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { envelope, rawCall } from "../../testing/raw-call.ts";
import { startTwoWays, type TwoWays, type Way, ways } from "../../testing/two-ways.ts";
import { readMaxBytes } from "../listener.ts";

const methods = UserStatusService.method;
type Method = Exclude<keyof typeof methods, "watch">;

const contentTypes = [
  "application/proto",
  "application/json",
  "application/json; charset=utf-8",
  "application/grpc",
  "application/grpc+json",
  "application/grpc-web+proto",
];
const wires = (["1.1", "2"] as const).flatMap((http) => contentTypes.map((contentType) => ({ http, contentType })));
type Wire = (typeof wires)[number];

interface Call {
  readonly headers?: Readonly<Record<string, string>>;
  readonly token?: string;
  readonly path?: string;
  readonly httpMethod?: string;
  readonly body?: (message: Uint8Array) => Uint8Array;
  readonly chunked?: boolean;
}

let server: TwoWays;
/** A session of each, by user. */
let sessions: Record<string, string>;
/** A user of his own for each way, where calls change what later ones are told. */
const own: Record<Way, string> = { library: "dave", direct: "erin" };

async function start(seams?: Parameters<typeof startTwoWays>[0]): Promise<void> {
  server = await startTwoWays(seams);
  sessions = {};
  for (const user of ["alice", "bob", "carol", ...Object.values(own)]) {
    const login = { deviceId: "d", platform: "PLATFORM_LINUX", customStatus: { text: `I am ${user} `.repeat(8) } };
    sessions[user] = String((await server.call(user, "Login", login)).sessionId);
  }
}
beforeEach(() => start());
afterEach(() => server.stop());

function bytesOf<Schema extends DescMessage>(
  schema: Schema,
  init: MessageInitShape<Schema>,
  json: boolean,
): Uint8Array {
  const message = create(schema, init);
  return json ? Buffer.from(toJsonString(schema, message)) : toBinary(schema, message);
}

function caller({ http, contentType }: Wire) {
  const isGrpc = contentType.includes("grpc");
  const one = async (way: Way, method: Method, init: Record<string, unknown>, more: Call = {}): Promise<string> => {
    const { token = "dev:app:alice", httpMethod, chunked = false } = more;
    const message = bytesOf(methods[method].input as DescMessage, init, contentType.includes("json"));
    const body = more.body?.(message) ?? (isGrpc ? envelope(message) : message);
    const call = rawCall({
      port: server.ports[way],
      http,
      ...(httpMethod === undefined ? {} : { method: httpMethod }),
      path: more.path ?? `/userstatus.v1.UserStatusService/${methods[method].name}`,
      headers: {
        "content-type": contentType,
        ...(token === "" ? {} : { authorization: `Bearer ${token}` }),
        ...more.headers,
      },
      body,
      chunked,
    });
    await call.ended;
    return call.seen();
  };
  const both = async (method: Method, init: Record<string, unknown>, more: Call = {}): Promise<string> => {
    const [library = "", direct = ""] = [
      await one("library", method, init, more),
      await one("direct", method, init, more),
    ];
    expect(direct).toBe(library);
    expect(library).not.toBe("");
    const isOk = library.includes("grpc-status: 0") || /^(?:HTTP\/1.1 200|:status: 200)/.test(library);
    return isOk ? library : `refused: ${library}`;
  };
  return { isGrpc, one, both };
}

/** That calls were counted alike, but for those by which the test prepared itself. */
function expectSameCounts(): void {
  const { library, direct } = server.calls;
  expect(library.slice(library.length - direct.length)).toEqual(direct);
}

describe.each(wires)("$contentType over HTTP/$http", (wire) => {
  const { isGrpc, one, both } = caller(wire);
  const zip = isGrpc ? "grpc-encoding" : "content-encoding";
  const accept = isGrpc ? "grpc-accept-encoding" : "accept-encoding";
  const timeout = isGrpc ? "grpc-timeout" : "connect-timeout-ms";
  const heartbeat = (more?: Call): Promise<string> => both("heartbeat", { sessionId: sessions.alice }, more);

  test("good calls", async () => {
    const sessionId = sessions.alice;
    await heartbeat();
    await both("getServerInfo", {});
    await both("getServerInfo", {}, { token: "" });
    await both("queryStatuses", { sessionId, userIds: ["bob", "carol", "nobody", "alice"] });
    await both("subscribe", { sessionId, userIds: ["alice", "nobody"] });
    await both("listSubscriptions", { sessionId });
    await both("unsubscribe", { sessionId, target: { case: "all", value: {} } });
    expect(server.calls.direct).toHaveLength(7);
    expect(new Set(server.calls.direct.map((call) => call.split(" ")[1]))).toEqual(new Set(["ok"]));
    expectSameCounts();
  });

  test("refusals of the methods, with waits, and once counted", async () => {
    await both("heartbeat", { sessionId: "no-such-session" });
    await both("queryStatuses", { sessionId: sessions.alice, userIds: [] });
    await both("queryStatuses", { sessionId: sessions.alice, userIds: ["not\nan id"] });
    await both("sync", { sessionId: sessions.alice, marker: "m" });
    expect(server.calls.direct).toEqual([
      "Heartbeat failed_precondition",
      "QueryStatuses invalid_argument",
      "QueryStatuses invalid_argument",
      "Sync failed_precondition",
    ]);
    const refusals: string[] = [];
    for (const way of ways) {
      const token = `dev:app:${own[way]}`;
      const set = { sessionId: sessions[own[way]], customStatus: { text: "a" } };
      for (let at = 0; at < 10; at++) await one(way, "setCustomStatus", set, { token });
      refusals.push(await one(way, "setCustomStatus", set, { token }));
    }
    expect(refusals[1]).toBe(refusals[0]);
    expectSameCounts();
  });

  test("refusals at the gate", async () => {
    for (const token of ["", "x", "dev@1:app:alice", "dev-admin:app", `dev:app:${"a".repeat(9000)}`])
      await heartbeat({ token });
    await both("heartbeat", {}, { headers: { authorization: "Basic dev:app:alice" }, token: "" });
    await both("getServerInfo", {}, { token: "dev@1:app:alice" });
    expect(new Set(server.calls.direct)).not.toContain("Heartbeat ok");
    expectSameCounts();
  });

  test("bodies that are none", async () => {
    const garbage = Buffer.from([0xff, 0xff, 0xff]);
    await heartbeat({ body: () => Buffer.alloc(0) });
    await heartbeat({ body: () => garbage });
    await heartbeat({ body: () => envelope(garbage) });
    await heartbeat({ body: (message) => Buffer.concat([envelope(message), envelope(message)]) });
    await heartbeat({ body: (message) => envelope(message).subarray(0, -1) });
    await heartbeat({ body: (message) => envelope(message, 1) });
    await heartbeat({ body: (message) => envelope(message, 2) });
    await heartbeat({ body: () => envelope(Buffer.alloc(0)) });
    expectSameCounts();
  });

  test("bodies in chunks, in gzip, and in what nobody knows", async () => {
    const zipped = (message: Uint8Array): Uint8Array =>
      isGrpc ? envelope(gzipSync(message), 1) : new Uint8Array(gzipSync(message));
    await heartbeat({ chunked: true });
    await heartbeat({ headers: { [zip]: "gzip" }, body: zipped });
    await heartbeat({ headers: { [zip]: "identity" } });
    await heartbeat({ headers: { [zip]: "br" } });
  });

  test("bodies that are too large, told before or not", async () => {
    const large = (message: Uint8Array): Uint8Array => {
      const long = Buffer.concat([message, Buffer.alloc(readMaxBytes, 32)]);
      return isGrpc ? envelope(long) : long;
    };
    const near = (message: Uint8Array): Uint8Array => {
      const long = Buffer.concat([message, Buffer.alloc(readMaxBytes - message.length, 32)]);
      return isGrpc ? envelope(long) : long;
    };
    for (const chunked of [false, true]) {
      await heartbeat({ body: large, chunked });
      await heartbeat({ body: near, chunked });
    }
    expectSameCounts();
  });

  test("answers in gzip, where they are long enough", async () => {
    for (const names of ["gzip", "br, gzip", "identity", "br", "", "deflate,gzip;q=1"]) {
      const headers = { [accept]: names };
      await heartbeat({ headers });
      await both("getServerInfo", {}, { headers });
    }
    expect(await both("getServerInfo", {}, { headers: { [accept]: "gzip" } })).toMatch(/encoding: gzip/i);
  });

  test("deadlines", async () => {
    for (const text of isGrpc ? ["5S", "100m", "0m", "x", "123456789H"] : ["5000", "0", "x", "99999999999"]) {
      await heartbeat({ headers: { [timeout]: text } });
    }
  });

  test("pages of other origins, and everything that is no call of this kind", async () => {
    await heartbeat({ headers: { origin: "https://page.example" } });
    await heartbeat({ token: "", headers: { origin: "https://page.example" } });
    const path = "/userstatus.v1.UserStatusService/Heartbeat";
    for (const other of [`${path}?a=b`, `${path}/`, "/userstatus.v1.UserStatusService/None", "/", "/healthz"])
      await heartbeat({ path: other });
    await heartbeat({ httpMethod: "PUT" });
    await heartbeat({ headers: { "content-type": "text/plain" } });
  });

  test("a server that drains", async () => {
    await server.presence.drain();
    await heartbeat();
    server.shutdown.abort(new Error("stops"));
    await heartbeat();
    expectSameCounts();
  });
});

test.each(wires.filter(({ contentType }) => contentType.includes("json")))(
  "a fault is told once, and as INTERNAL: $contentType over HTTP/$http",
  async (wire) => {
    await server.stop();
    let isBroken = false;
    await start({
      store: (store) => ({
        ...store,
        epoch: (appId) => (isBroken ? Promise.reject(new Error("the password is hunter2")) : store.epoch(appId)),
      }),
    });
    isBroken = true;
    const answer = await caller(wire).both("queryStatuses", { sessionId: sessions.alice, userIds: ["bob"] });
    expect(answer).not.toContain("hunter2");
    expect(server.faults.splice(0)).toHaveLength(2);
    expectSameCounts();
  },
);

test.each(wires.filter(({ contentType }) => contentType.includes("json")))(
  "an answer that can't be encoded is an answer: $contentType over HTTP/$http",
  async (wire) => {
    await server.stop();
    let isBroken = false;
    await start({
      store: (store) => ({
        ...store,
        epoch: (appId) => (isBroken ? Promise.resolve(Symbol("no text") as unknown as string) : store.epoch(appId)),
      }),
    });
    isBroken = true;
    const answer = await caller(wire).both("queryStatuses", { sessionId: sessions.alice, userIds: ["bob"] });
    expect(answer).toMatch(/cannot(?:%20| )encode/);
  },
);
