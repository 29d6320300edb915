import { type Client, Code, ConnectError, createClient } from "@connectrpc/connect";
import { createConnectTransport, createGrpcTransport, createGrpcWebTransport } from "@connectrpc/connect-node";
import { UserStatusService } from "@userstatus/protocol";
import { AdminService } from "@userstatus/protocol/admin";
import { ErrorInfoSchema } from "@userstatus/protocol/rpc";
import { TestingService } from "@userstatus/protocol/testing";
import { afterEach, beforeEach, describe, expect, test } from "vitest";
import { configOf, type EdgeServer, startEdgeServer } from "../testing/edge-server.ts";
import { createFakePresence } from "../testing/fake-presence.ts";
import { createLog } from "./log.ts";
import { startServer } from "./server.ts";

let server: EdgeServer;
beforeEach(async () => {
  server = await startEdgeServer();
});
afterEach(() => server.stop());

const bearer = { Authorization: "Bearer dev:demo:alice" };
const path = "/userstatus.v1.UserStatusService";
type Wire = "gRPC" | "gRPC-Web" | "Connect" | "Connect over HTTP/1.1";

function client(wire: Wire): Client<typeof UserStatusService> {
  const options = { baseUrl: server.urls.url, httpVersion: "2" } as const;
  if (wire === "gRPC") return createClient(UserStatusService, createGrpcTransport(options));
  if (wire === "gRPC-Web") return createClient(UserStatusService, createGrpcWebTransport(options));
  const httpVersion = wire === "Connect" ? "2" : "1.1";
  return createClient(UserStatusService, createConnectTransport({ ...options, httpVersion }));
}

async function failure(work: Promise<unknown>): Promise<{ code: string | undefined; reason: string | undefined }> {
  const error = await work.then(
    () => expect.fail("expected a refusal"),
    (thrown: unknown) => ConnectError.from(thrown),
  );
  return { code: Code[error.code], reason: error.findDetails(ErrorInfoSchema)[0]?.reason };
}

function post(method: string, body: RequestInit["body"], headers: Record<string, string> = {}): Promise<Response> {
  const init = { method: "POST", headers: { "Content-Type": "application/json", ...headers }, body: body ?? null };
  return fetch(`${server.urls.url}${path}/${method}`, { ...init, duplex: "half" } as RequestInit);
}

describe.each(["gRPC", "gRPC-Web", "Connect", "Connect over HTTP/1.1"] as const)("over %s", (wire) => {
  test("calls, streams, refusals and faults travel", async () => {
    const user = client(wire);
    expect((await user.getServerInfo({})).specVersion).toBe("1.0");
    expect((await user.login({ deviceId: "d" }, { headers: bearer })).sessionId).toBe("s1");
    expect(server.presence.callers).toEqual([
      undefined,
      { appId: "demo", role: "user", userId: "alice", expiresAtMs: null },
    ]);
    expect(await failure(user.login({}))).toEqual({ code: "Unauthenticated", reason: "TOKEN_MISSING" });
    const crash = user.login({ deviceId: "crash" }, { headers: bearer });
    expect(await failure(crash)).toEqual({ code: "Internal", reason: "INTERNAL" });
    const broken = async () => {
      for await (const _ of user.watch({ sessionId: "crash" }, { headers: bearer }));
    };
    expect(await failure(broken())).toEqual({ code: "Internal", reason: "INTERNAL" });
    expect(server.logged.filter((line) => line.msg === "fault")).toHaveLength(2);
  });

  test("leaving a stream is seen and counted", async () => {
    const leave = new AbortController();
    const watched = async () => {
      const call = client(wire).watch({}, { headers: bearer, signal: leave.signal });
      for await (const _ of call) leave.abort();
    };
    expect(await failure(watched())).toMatchObject({ code: "Canceled" });
    const calls = () => server.logged.filter((line) => line.procedure === "userstatus.v1.UserStatusService/Watch");
    await expect.poll(calls).toHaveLength(1);
    expect(server.logged.filter((line) => line.msg === "fault")).toEqual([]);
  });
});

describe("authentication comes first", () => {
  test("before the body is understood", async () => {
    const answer = await post("Login", '{"deviceId": 7, nonsense');
    expect(answer.status).toBe(401);
    expect(await answer.json()).toMatchObject({ details: [{ debug: { reason: "TOKEN_MISSING" } }] });
    expect((await post("Login", '{"deviceId": 7, nonsense', bearer)).status).toBe(400);
  });

  test("before the body is read at all", async () => {
    expect((await post("Login", "x".repeat(2_000_000))).status).toBe(401);
  });

  test("roles are kept apart on every listener", async () => {
    const options = { baseUrl: server.urls.adminUrl ?? "", httpVersion: "2" } as const;
    const admin = createClient(AdminService, createGrpcTransport(options));
    const clock = createClient(TestingService, createGrpcTransport(options));
    const adminBearer = { Authorization: "Bearer dev-admin:demo" };
    expect((await admin.registerUsers({ userIds: ["a"] }, { headers: adminBearer })).createdCount).toBe(1);
    expect((await clock.getClock({}, { headers: adminBearer })).stopped).toBe(true);
    const wrongRole = { code: "PermissionDenied", reason: "WRONG_ROLE" };
    expect(await failure(admin.registerUsers({}, { headers: bearer }))).toEqual(wrongRole);
    expect(await failure(client("gRPC").login({}, { headers: adminBearer }))).toEqual(wrongRole);
    // The tools are not where apps are.
    const response = await fetch(`${server.urls.url}/userstatus.admin.v1.AdminService/RegisterUsers`, {
      method: "POST",
    });
    expect(response.status).toBe(404);
  });
});

describe("sizes", () => {
  const sized = (bytes: number) => JSON.stringify({ sessionId: "x".repeat(bytes), userIds: ["a"] });

  test("128 KiB are accepted, 2 MiB refused, whether or not announced", async () => {
    expect((await post("QueryStatuses", sized(128 * 1024 - 40), bearer)).status).toBe(200);
    const streamed = new Blob([sized(2 * 1024 * 1024)]).stream();
    for (const body of [sized(2 * 1024 * 1024), streamed]) {
      const answer = await post("QueryStatuses", body, bearer);
      expect(answer.status).toBe(429);
      expect(await answer.json()).toMatchObject({ code: "resource_exhausted" });
    }
    expect((await post("QueryStatuses", sized(1), bearer)).status).toBe(200);
  });

  test("so it is after decompression", async () => {
    const zipped = new Blob([sized(2 * 1024 * 1024)]).stream().pipeThrough(new CompressionStream("gzip"));
    const body = await new Response(zipped).arrayBuffer();
    expect(body.byteLength).toBeLessThan(10_000);
    expect((await post("QueryStatuses", body, { ...bearer, "Content-Encoding": "gzip" })).status).toBe(429);
  });

  test.each(["gRPC", "gRPC-Web", "Connect"] as const)("over %s", async (wire) => {
    const query = (bytes: number) =>
      client(wire).queryStatuses({ sessionId: "x".repeat(bytes), userIds: ["a"] }, { headers: bearer });
    expect((await query(128 * 1024)).results).toHaveLength(1);
    expect(await failure(query(4 * 1024 * 1024 + 1))).toMatchObject({ code: "ResourceExhausted" });
  });
});

describe("starting and stopping", () => {
  test("claims say what is served", async () => {
    const { claims } = server.presence.options;
    expect(claims).toEqual(expect.arrayContaining(["http_get", "multi_app", "admin", "test_clock"]));
    const flags = ["--dev", "--app", "demo", "--no-test-clock", "--admin-listen", "off", "--listen", "127.0.0.1:0"];
    const log = createLog({ level: "silent", pretty: false, write: () => {} });
    let narrow: readonly string[] = [];
    const other = await startServer(configOf(flags), {
      log,
      createPresence: (options) => {
        narrow = options.claims;
        return createFakePresence(options);
      },
    });
    expect(other.urls).toEqual({ url: expect.stringMatching(/^http:/) });
    await other.stop();
    expect(narrow).toEqual([
      "transport.connect",
      "transport.grpc",
      "transport.grpc_web",
      "codec.json",
      "http_get",
      "resume",
    ]);
  });

  test("a port that is taken is told in one line, and nothing stays open", async () => {
    const log = createLog({ level: "silent", pretty: false, write: () => {} });
    const taken = server.urls.adminUrl?.replace("http://", "") ?? "";
    let closed: (() => boolean) | undefined;
    const second = startServer(configOf(["--dev", "--listen", "127.0.0.1:0", "--admin-listen", taken]), {
      log,
      createPresence: (options) => {
        const presence = createFakePresence(options);
        closed = presence.closed;
        return presence;
      },
    });
    await expect(second).rejects.toThrow(`Can't listen on ${taken} (--admin-listen): another program listens there`);
    expect(closed?.()).toBe(true);
  });

  test("stopping drains streams, then refuses connections", async () => {
    const events: (string | undefined)[] = [];
    const stream = client("gRPC").watch({}, { headers: bearer })[Symbol.asyncIterator]();
    events.push((await stream.next()).value.events[0]?.event.case);
    const stopped = server.stop();
    events.push((await stream.next()).value.events[0]?.event.case);
    expect(events).toEqual(["hello", "watchEnd"]);
    expect((await stream.next()).done).toBe(true);
    await stopped;
    expect([server.presence.drained(), server.presence.closed()]).toEqual([true, true]);
    await expect(fetch(server.urls.url)).rejects.toThrow();
  });
});

test("metrics tell calls, and what the server holds", async () => {
  const measured = await startEdgeServer(["--dev", "--metrics-listen", "127.0.0.1:0"]);
  const info = `${measured.urls.url}${path}/GetServerInfo`;
  await fetch(info, { method: "POST", headers: { "Content-Type": "application/json" }, body: "{}" });
  await fetch(info, {
    method: "POST",
    headers: { "Content-Type": "application/json", Authorization: "Bearer x" },
    body: "{}",
  });
  const page = await (await fetch(`${measured.urls.metricsUrl}/metrics`)).text();
  const procedure = 'procedure="userstatus.v1.UserStatusService/GetServerInfo"';
  expect(page).toContain(`userstatus_calls_total{${procedure},code="ok"} 1\n`);
  expect(page).toContain(`userstatus_calls_total{${procedure},code="unauthenticated"} 1\n`);
  expect(page).toMatch(/userstatus_open_watches 3\n[\s\S]*userstatus_delivered_statuses_total 4\n/);
  expect(page).toContain("nodejs_eventloop_lag_seconds");
  expect((await fetch(`${measured.urls.metricsUrl}/`)).status).toBe(404);
  await measured.stop();
});
